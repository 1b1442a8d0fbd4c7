package oriel.broker.web;

import java.util.Optional;
import java.util.UUID;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import oriel.broker.access.Place;
import oriel.broker.access.Right;

/** What a route asks of its caller. Every route has one; there is no default. */
public sealed interface Access {
    /** Nothing: not even a sign-in. */
    record Public() implements Access {}

    /** Nothing; for messages of other servers, as forms. No cookie counts there, so no cross-site check is needed. */
    record Notice() implements Access {}

    /** A sign-in, whatever its rights: the route concerns the caller alone. */
    record Self() implements Access {}

    /**
     * A right.
     *
     * @param right which
     * @param where it must be had
     */
    record Needs(Right right, Where where) implements Access {
        /** A right over everything. */
        public Needs(Right right) {
            this(right, new Where.Everything());
        }
    }

    /**
     * A right, or a lesser one where the object is the caller's own. Who has only the lesser one and asks for somebody
     * else's object hears that there is none.
     *
     * @param right for any object; null if only owners may
     * @param where the right must be had
     * @param ownerRight for own objects
     * @param owner whose the object of a request is
     */
    record NeedsOrOwns(@Nullable Right right, Where where, Right ownerRight, Function<Request, Optional<UUID>> owner)
            implements Access {}

    /** Where a caller must have a right. */
    sealed interface Where {
        /** The name in the API's contract. */
        String wireName();

        /** Everywhere: the act has effects beyond any scope. */
        record Everything() implements Where {
            @Override
            public String wireName() {
                return "everything";
            }
        }

        /** Anywhere: what the handler shows is narrowed to where the caller has the right. */
        record Anywhere() implements Where {
            @Override
            public String wireName() {
                return "anywhere";
            }
        }

        /**
         * Where the request's object is. Who has the right elsewhere only hears that there is no such object.
         *
         * @param wireName kind of object
         * @param place where it is; empty if there is none
         */
        record At(String wireName, Function<Request, Optional<Place>> place) implements Where {}
    }
}
