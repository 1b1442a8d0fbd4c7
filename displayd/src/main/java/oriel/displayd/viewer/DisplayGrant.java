package oriel.displayd.viewer;

import java.util.Set;
import oriel.hypervisor.display.Display;

/**
 * What a viewer gets.
 *
 * @param sessionId whose display it is: the handle for closing it, and for the log
 * @param display the screen
 * @param rights what the viewer may do
 * @param clipboard which way text may go
 */
public record DisplayGrant(String sessionId, Display display, Set<Right> rights, ClipboardPolicy clipboard) {
    /** Copies the set. */
    public DisplayGrant {
        rights = Set.copyOf(rights);
    }

    /** Whether input is allowed. */
    public boolean mayControl() {
        return rights.contains(Right.CONTROL);
    }
}
