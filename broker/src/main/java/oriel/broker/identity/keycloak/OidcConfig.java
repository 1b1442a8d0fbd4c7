package oriel.broker.identity.keycloak;

import java.net.URI;
import org.jspecify.annotations.Nullable;

/**
 * How people sign in by an identity provider.
 *
 * @param issuer the realm's address, for Keycloak {@code https://HOST/realms/REALM}
 * @param clientId what the provider calls this installation
 * @param clientSecret its password there; null for a public client
 * @param label what the button on the sign-in page says
 * @param rolePrefix roles at the provider that begin so give the role that follows: {@code oriel-admin} gives admin
 * @param publicUrl how browsers reach this installation; null: as they say in their requests
 */
public record OidcConfig(
        URI issuer,
        String clientId,
        @Nullable String clientSecret,
        String label,
        String rolePrefix,
        @Nullable URI publicUrl) {
    /** What roles at the provider begin with by default. */
    public static final String ROLE_PREFIX = "oriel-";

    @Override
    public String toString() {
        return "OidcConfig[" + issuer + ", " + clientId + "]";
    }
}
