package oriel.broker.identity;

import java.util.Optional;
import org.jspecify.annotations.Nullable;
import oriel.broker.access.Caller;
import oriel.broker.web.Authenticator;

/** Who is behind a cookie or a token. Thread-safe. */
public final class Callers implements Authenticator {
    private final SignIns signIns;
    private final ApiTokens tokens;

    /** Over both. */
    public Callers(SignIns signIns, ApiTokens tokens) {
        this.signIns = signIns;
        this.tokens = tokens;
    }

    @Override
    public Optional<Caller> caller(@Nullable String token, String address) {
        return signIns.caller(token, address);
    }

    @Override
    public Optional<Caller> program(String token, String address) {
        return tokens.caller(token, address);
    }

    /** Whose sign-in this is, if it lives; counts as use. */
    public Optional<Caller> bySignIn(String hash, String address) {
        return signIns.bySignIn(hash, address);
    }

    /** Whether the sign-in or token of a caller lives; counts as use. */
    public boolean lives(Caller caller) {
        return caller.means() == Caller.Means.TOKEN
                ? tokens.lives(caller.signIn())
                : signIns.bySignIn(caller.signIn(), caller.address()).isPresent();
    }
}
