package oriel.displayd.gateway;

import java.util.Optional;
import oriel.displayd.viewer.DisplayGrant;

/** Knows which tickets are good. */
@FunctionalInterface
public interface TicketVerifier {
    /**
     * Uses a ticket up. May block; called on a virtual thread.
     *
     * @param ticket 16–512 characters of base64url; nothing else gets here
     * @return what it is good for, or empty if it is unknown, expired or was used before
     */
    Optional<DisplayGrant> redeem(String ticket);
}
