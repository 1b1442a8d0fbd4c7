package oriel.broker.access;

/**
 * A role that somebody has somewhere.
 *
 * @param role which
 * @param scope where
 */
public record Grant(Role role, Scope scope) {
    boolean gives(Right right) {
        return role.rights().contains(right);
    }
}
