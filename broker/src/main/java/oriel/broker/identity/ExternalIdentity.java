package oriel.broker.identity;

import java.util.List;
import oriel.broker.access.Role;

/**
 * A person as an identity provider knows them.
 *
 * @param issuer the provider
 * @param subject what it calls the person, for ever
 * @param username what the person is called here; as for local users
 * @param displayName for people
 * @param role what decides the rights
 * @param groups names, as for local users
 */
public record ExternalIdentity(
        String issuer, String subject, String username, String displayName, Role role, List<String> groups) {
    /** Copies the groups. */
    public ExternalIdentity {
        groups = List.copyOf(groups);
    }
}
