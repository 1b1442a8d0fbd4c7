package oriel.broker.pool;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import oriel.broker.identity.Accounts;
import oriel.broker.store.Tx;

/** Which pools a user may use. */
public final class Entitlements {
    private Entitlements() {}

    /** The pools that a user may use, by display name. */
    public static List<Pool> poolsOf(Tx tx, UUID userId, String username) {
        return tx.list(Pool.class, """
                from Pool p where p.deleting = false and exists (
                  select 1 from Entitlement e where e.poolId = p.id
                    and ((e.kind = USER and e.subject = ?1) or (e.kind = GROUP and e.subject in ?2)))
                order by p.displayName, p.id
                """, username, groups(tx, userId));
    }

    /** Whether a user may use a pool. */
    public static boolean entitled(Tx tx, UUID userId, String username, String poolId) {
        return tx.count(
                        "select count(*) from Entitlement e where e.poolId = ?3"
                                + " and ((e.kind = USER and e.subject = ?1) or (e.kind = GROUP and e.subject in ?2))",
                        username,
                        groups(tx, userId),
                        poolId)
                > 0;
    }

    /** Those of some users who may use a pool. */
    public static Set<UUID> entitled(Tx tx, Map<UUID, String> usernames, String poolId) {
        List<Entitlement> given = tx.list(Entitlement.class, "from Entitlement where poolId = ?1", poolId);
        Set<String> names = subjects(given, Entitlement.Kind.USER);
        Set<String> groups = subjects(given, Entitlement.Kind.GROUP);
        if (groups.contains(Entitlement.EVERYONE)) {
            return usernames.keySet();
        }
        Set<UUID> entitled = new HashSet<>();
        usernames.forEach((id, name) -> {
            if (names.contains(name)) {
                entitled.add(id);
            }
        });
        if (!groups.isEmpty()) {
            entitled.addAll(tx.list(
                    UUID.class,
                    "select distinct accountId from AccountGroup where accountId in ?1 and groupName in ?2",
                    usernames.keySet(),
                    groups));
        }
        return entitled;
    }

    private static Set<String> subjects(List<Entitlement> given, Entitlement.Kind kind) {
        return given.stream()
                .filter(entitlement -> entitlement.kind() == kind)
                .map(Entitlement::subject)
                .collect(Collectors.toSet());
    }

    private static List<String> groups(Tx tx, UUID userId) {
        List<String> groups = new ArrayList<>(Accounts.groups(tx, userId));
        groups.add(Entitlement.EVERYONE);
        return groups;
    }
}
