package oriel.broker.web;

import java.util.Optional;
import org.jspecify.annotations.Nullable;
import oriel.broker.access.Caller;

/** Knows whose session cookie it is. */
@FunctionalInterface
public interface Authenticator {
    /** Name of the session cookie. */
    String COOKIE = "oriel_session";

    /** The caller of a live sign-in. */
    Optional<Caller> caller(@Nullable String token, String address);
}
