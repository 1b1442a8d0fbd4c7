package oriel.broker.web;

import java.util.Optional;
import oriel.broker.access.Caller;
import org.jspecify.annotations.Nullable;

/** Knows whose session cookie it is. */
@FunctionalInterface
public interface Authenticator {
    /** Name of the session cookie. */
    String COOKIE = "oriel_session";

    /** The caller of a live sign-in. */
    Optional<Caller> caller(@Nullable String token, String address);
}
