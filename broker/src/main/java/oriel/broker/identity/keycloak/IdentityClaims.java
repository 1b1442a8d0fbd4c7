package oriel.broker.identity.keycloak;

import com.nimbusds.openid.connect.sdk.claims.IDTokenClaimsSet;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import oriel.broker.access.Caller;
import oriel.broker.access.Role;
import oriel.broker.identity.ExternalIdentity;
import oriel.broker.problem.Reason;
import oriel.broker.problem.RefusedException;

/** What an ID token says of a person, in our words. */
final class IdentityClaims {
    private static final int MOST_GROUPS = 64;
    private static final int MOST_DISPLAY_NAME = 120;

    private IdentityClaims() {}

    /**
     * Reads the claims.
     *
     * @throws RefusedException {@link Reason#IDENTITY_PROVIDER} if they name nobody
     */
    static ExternalIdentity read(IDTokenClaimsSet claims, String rolePrefix) {
        String subject = claims.getSubject().getValue();
        String preferred = claims.getStringClaim("preferred_username");
        String username = name(preferred == null ? subject : preferred);
        if (!Caller.NAME.matcher(username).matches()) {
            throw new RefusedException(
                    Reason.IDENTITY_PROVIDER,
                    "The identity provider calls you \"" + preferred + "\", which cannot be a user name here.");
        }
        String display = claims.getStringClaim("name");
        return new ExternalIdentity(
                claims.getIssuer().getValue(),
                subject,
                username,
                display(display == null || display.isBlank() ? username : display),
                role(claims, rolePrefix),
                groups(claims));
    }

    /** Keycloak's own place for realm roles, and the plain claim that other providers use. */
    private static Role role(IDTokenClaimsSet claims, String prefix) {
        TreeSet<String> names = new TreeSet<>(strings(claims.getClaim("roles")));
        if (claims.getClaim("realm_access") instanceof Map<?, ?> access) {
            names.addAll(strings(access.get("roles")));
        }
        return Arrays.stream(Role.values())
                .filter(role -> names.contains(prefix + role.wireName()))
                .max(Comparator.comparingInt(role -> role.rights().size()))
                .orElse(Role.END_USER);
    }

    /** Keycloak writes paths: {@code /staff/Dev Team} becomes {@code staff.dev-team}. */
    private static List<String> groups(IDTokenClaimsSet claims) {
        return strings(claims.getClaim("groups")).stream()
                .map(group -> name(group.startsWith("/") ? group.substring(1) : group))
                .filter(group -> Caller.NAME.matcher(group).matches())
                .sorted()
                .distinct()
                .limit(MOST_GROUPS)
                .toList();
    }

    private static String name(String text) {
        return text.strip()
                .toLowerCase(Locale.ROOT)
                .replace('/', '.')
                .replace('@', '.')
                .replaceAll("[^a-z0-9._-]", "-");
    }

    private static String display(String text) {
        String shown = text.replaceAll("\\p{Cntrl}", " ").strip();
        return shown.length() <= MOST_DISPLAY_NAME ? shown : shown.substring(0, MOST_DISPLAY_NAME);
    }

    private static List<String> strings(@Nullable Object claim) {
        return claim instanceof Collection<?> values
                ? values.stream()
                        .filter(String.class::isInstance)
                        .map(String.class::cast)
                        .toList()
                : List.of();
    }
}
