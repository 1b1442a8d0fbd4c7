package oriel.broker.web;

import java.util.Optional;
import org.jspecify.annotations.Nullable;
import oriel.broker.access.Caller;

/** Knows whose cookie or token it is. */
public interface Authenticator {
    /** Name of the session cookie. */
    String COOKIE = "oriel_session";

    /** The caller of a live sign-in. */
    Optional<Caller> caller(@Nullable String token, String address);

    /** The caller of a program's live token. */
    Optional<Caller> program(String token, String address);
}
