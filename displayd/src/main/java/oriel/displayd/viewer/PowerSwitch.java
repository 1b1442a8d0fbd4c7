package oriel.displayd.viewer;

/**
 * What a viewer may do to the machine behind its screen (xvp, rfbproto "xvp Server Message"). Calls come from a connection's
 * thread: they note the wish and return. What becomes of it, the viewer sees on its screen.
 */
public interface PowerSwitch {
    /** Asks the guest to shut down. */
    void shutDown();

    /** Asks the guest to restart, and restarts it. */
    void reboot();

    /** Presses the reset button. */
    void reset();
}
