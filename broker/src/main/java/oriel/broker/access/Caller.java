package oriel.broker.access;

import java.time.Instant;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.regex.Pattern;
import oriel.broker.problem.Reason;
import oriel.broker.problem.RefusedException;

/**
 * Who is behind a request.
 *
 * @param userId account
 * @param username its name
 * @param displayName for people
 * @param role the account's own role, which holds everywhere
 * @param groups it belongs to
 * @param grants further roles, of the user or of a group, each with where it holds
 * @param limit rights that what was shown can carry: all for a person, chosen ones for a program
 * @param signIn hash that identifies the sign-in or the token
 * @param means what it has shown
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
        Set<Right> limit,
        String signIn,
        Means means,
        Instant expires,
        String address) {
    /** What users and groups are called. */
    public static final Pattern NAME = Pattern.compile("[a-z][a-z0-9._-]{0,63}");

    /** What a caller has shown. */
    public enum Means {
        /** The cookie of a person's sign-in. */
        SIGN_IN,
        /** A program's token. */
        TOKEN
    }

    /** Copies the lists. */
    public Caller {
        groups = List.copyOf(groups);
        grants = List.copyOf(grants);
        limit = Set.copyOf(limit);
    }

    /** Whether the caller has a right everywhere. */
    public boolean may(Right right) {
        return limit.contains(right)
                && (role.rights().contains(right)
                        || grants.stream()
                                .anyMatch(grant -> grant.scope().kind() == Scope.Kind.ALL && grant.gives(right)));
    }

    /** Whether the caller has a right at a place. */
    public boolean may(Right right, Place place) {
        return may(right)
                || (limit.contains(right)
                        && grants.stream()
                                .anyMatch(grant ->
                                        grant.gives(right) && grant.scope().covers(place)));
    }

    /** Whether the caller has a right at any place. */
    public boolean mayAnywhere(Right right) {
        return may(right) || (limit.contains(right) && grants.stream().anyMatch(grant -> grant.gives(right)));
    }

    /** Where the caller has a right. */
    public Reach reach(Right right) {
        if (may(right)) {
            return Reach.EVERYTHING;
        }
        Set<String> pools = new HashSet<>();
        Set<String> images = new HashSet<>();
        for (Grant grant : grants) {
            if (limit.contains(right) && grant.gives(right)) {
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
        rights.retainAll(limit);
        return rights;
    }

    /**
     * Refuses programs: what a token can do must not outlive the token.
     *
     * @throws RefusedException {@link Reason#FORBIDDEN}
     */
    public void requirePerson() {
        if (means == Means.TOKEN) {
            throw new RefusedException(Reason.FORBIDDEN, "A token cannot do this. Sign in as a person.");
        }
    }
}
