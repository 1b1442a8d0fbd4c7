package oriel.displayd.viewer;

import java.util.Set;
import org.jspecify.annotations.Nullable;
import oriel.hypervisor.display.Display;

/**
 * What a viewer gets.
 *
 * @param sessionId whose display it is: the handle for closing it, and for the log
 * @param display the screen
 * @param rights what the viewer may do
 * @param clipboard which way text may go
 * @param power the machine's switch, for viewers that may control it; null if nobody may by this way
 * @param title what a native viewer writes over its window
 */
public record DisplayGrant(
        String sessionId,
        Display display,
        Set<Right> rights,
        ClipboardPolicy clipboard,
        @Nullable PowerSwitch power,
        String title) {
    /** Copies the set. */
    public DisplayGrant {
        rights = Set.copyOf(rights);
    }

    /** Under the display's own name. */
    public DisplayGrant(
            String sessionId,
            Display display,
            Set<Right> rights,
            ClipboardPolicy clipboard,
            @Nullable PowerSwitch power) {
        this(sessionId, display, rights, clipboard, power, display.name());
    }

    /** Without a switch. */
    public DisplayGrant(String sessionId, Display display, Set<Right> rights, ClipboardPolicy clipboard) {
        this(sessionId, display, rights, clipboard, null);
    }

    /** Whether input is allowed. */
    public boolean mayControl() {
        return rights.contains(Right.CONTROL);
    }
}
