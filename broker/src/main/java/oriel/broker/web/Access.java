package oriel.broker.web;

import java.util.Optional;
import java.util.UUID;
import java.util.function.Function;
import oriel.broker.access.Right;

/** What a route asks of its caller. Every route has one; there is no default. */
public sealed interface Access {
    /** Nothing: not even a sign-in. */
    record Public() implements Access {}

    /** A sign-in, whatever its rights: the route concerns the caller alone. */
    record Self() implements Access {}

    /** A right. */
    record Needs(Right right) implements Access {}

    /**
     * A right, or a lesser one where the object is the caller's own. Who has only the lesser one and asks for somebody
     * else's object hears that there is none.
     *
     * @param right for any object; null if only owners may
     * @param ownerRight for own objects
     * @param owner whose the object of a request is
     */
    record NeedsOrOwns(
            @org.jspecify.annotations.Nullable Right right, Right ownerRight, Function<Request, Optional<UUID>> owner)
            implements Access {}
}
