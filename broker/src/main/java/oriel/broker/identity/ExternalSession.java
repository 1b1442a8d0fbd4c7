package oriel.broker.identity;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A person's session at an identity provider, behind a sign-in here.
 *
 * @param providerSession what the provider calls it, to end it
 * @param idToken proof of it, to ask the provider to end it
 * @param refreshToken to ask whether it lives
 * @param refreshDue when to ask
 */
public record ExternalSession(
        @Nullable String providerSession,
        String idToken,
        @Nullable String refreshToken,
        @Nullable Instant refreshDue) {
    @Override
    public String toString() {
        return "ExternalSession[" + providerSession + "]";
    }
}
