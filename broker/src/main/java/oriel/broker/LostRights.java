package oriel.broker;

import java.util.Set;
import java.util.UUID;
import oriel.broker.access.Caller;
import oriel.broker.access.Place;
import oriel.broker.access.Right;
import oriel.broker.display.Cut;
import oriel.broker.display.DisplayPolicy;
import oriel.broker.display.LiveDisplays;
import oriel.broker.display.Tickets;
import oriel.broker.identity.SignIns;
import oriel.broker.role.Roles;
import oriel.broker.shadow.Shadows;

/**
 * Cuts displays that were opened by a right which their viewer has no longer: a role was taken away, its scope
 * changed, or a pool allows no VNC viewers any more. One's own desktop follows entitlements instead, see {@code Sessions.endUnentitled}.
 */
final class LostRights {
    private final LiveDisplays displays;
    private final SignIns signIns;
    private final Roles roles;
    private final Shadows shadows;
    private final DisplayPolicy policy;

    LostRights(LiveDisplays displays, SignIns signIns, Roles roles, Shadows shadows, DisplayPolicy policy) {
        this.displays = displays;
        this.signIns = signIns;
        this.roles = roles;
        this.shadows = shadows;
        this.policy = policy;
    }

    /** Looks at every display that is open here. */
    void cut() {
        for (Tickets.Redeemed grant : displays.all()) {
            UUID shadow = grant.shadow();
            String image = grant.image();
            if (shadow != null && !mayWatch(grant)) {
                shadows.revoke(shadow);
            } else if (image != null && !mayEdit(grant, image)) {
                displays.cutConnection(grant.connection(), Cut.REVOKED, "the right to edit the image is gone");
            } else if (grant.nativeViewer() && !policy.allowsNativeViewer(grant)) {
                displays.cutConnection(grant.connection(), Cut.REVOKED, "the pool allows no VNC viewers any more");
            }
        }
    }

    private boolean mayWatch(Tickets.Redeemed grant) {
        return signIns.bySignIn(grant.signIn(), "")
                .filter(caller -> roles.ofSession(grant.sessionId())
                        .filter(place -> caller.may(Right.SESSION_SHADOW, place))
                        .isPresent())
                .isPresent();
    }

    private boolean mayEdit(Tickets.Redeemed grant, String image) {
        return signIns.bySignIn(grant.signIn(), "")
                .filter((Caller caller) -> caller.may(Right.IMAGE_WRITE, new Place(Set.of(), image)))
                .isPresent();
    }
}
