package oriel.broker.access;

import java.time.Instant;
import java.util.List;
import java.util.UUID;

/**
 * Who is behind a request.
 *
 * @param userId account
 * @param username its name
 * @param displayName for people
 * @param role what decides its rights
 * @param groups it belongs to
 * @param signIn hash that identifies the sign-in
 * @param expires when the sign-in ends unless it is used
 * @param address where the request came from
 */
public record Caller(
        UUID userId,
        String username,
        String displayName,
        Role role,
        List<String> groups,
        String signIn,
        Instant expires,
        String address) {
    /** Copies the groups. */
    public Caller {
        groups = List.copyOf(groups);
    }

    /** Whether the caller has a right. */
    public boolean may(Right right) {
        return role.rights().contains(right);
    }
}
