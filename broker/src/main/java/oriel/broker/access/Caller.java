package oriel.broker.access;

import java.time.Instant;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;

/**
 * Who is behind a request.
 *
 * @param userId account
 * @param username its name
 * @param displayName for people
 * @param role the account's own role, which holds everywhere
 * @param groups it belongs to
 * @param grants further roles, of the user or of a group, each with where it holds
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
        List<Grant> grants,
        String signIn,
        Instant expires,
        String address) {
    /** Copies the lists. */
    public Caller {
        groups = List.copyOf(groups);
        grants = List.copyOf(grants);
    }

    /** Somebody with the account's own role only. */
    public Caller(
            UUID userId,
            String username,
            String displayName,
            Role role,
            List<String> groups,
            String signIn,
            Instant expires,
            String address) {
        this(userId, username, displayName, role, groups, List.of(), signIn, expires, address);
    }

    /** Whether the caller has a right everywhere. */
    public boolean may(Right right) {
        return role.rights().contains(right)
                || grants.stream().anyMatch(grant -> grant.scope().kind() == Scope.Kind.ALL && grant.gives(right));
    }

    /** Whether the caller has a right at a place. */
    public boolean may(Right right, Place place) {
        return may(right)
                || grants.stream()
                        .anyMatch(grant -> grant.gives(right) && grant.scope().covers(place));
    }

    /** Whether the caller has a right at any place. */
    public boolean mayAnywhere(Right right) {
        return may(right) || grants.stream().anyMatch(grant -> grant.gives(right));
    }

    /** Where the caller has a right. */
    public Reach reach(Right right) {
        if (may(right)) {
            return Reach.EVERYTHING;
        }
        Set<String> pools = new HashSet<>();
        Set<String> images = new HashSet<>();
        for (Grant grant : grants) {
            if (grant.gives(right)) {
                switch (grant.scope().kind()) {
                    case POOL -> pools.add(grant.scope().id());
                    case IMAGE -> images.add(grant.scope().id());
                    case ALL -> {}
                }
            }
        }
        return new Reach(false, pools, images);
    }

    /** Every right the caller has at any place. */
    public Set<Right> rights() {
        Set<Right> rights = EnumSet.copyOf(role.rights());
        grants.forEach(grant -> rights.addAll(grant.role().rights()));
        return rights;
    }
}
