package oriel.broker.display;

import java.util.Optional;
import oriel.broker.display.Tickets.Redeemed;
import oriel.displayd.viewer.ClipboardPolicy;
import oriel.displayd.viewer.PowerSwitch;

/** What a connection may do, beyond seeing and controlling. Calls may block. */
public interface DisplayPolicy {
    /** Which way text may go. */
    ClipboardPolicy clipboard(Redeemed grant);

    /** The machine's switch; empty if this connection has none. */
    Optional<PowerSwitch> power(Redeemed grant);

    /** What a VNC viewer writes over its window; empty: the machine's name. */
    Optional<String> title(Redeemed grant);

    /** Whether a VNC viewer may show it. */
    boolean allowsNativeViewer(Redeemed grant);
}
