package oriel.displayd.viewer;

/** Follows viewers. Called on display threads: must not block. */
public interface ViewerListener {
    /** Hears nothing. */
    ViewerListener NONE = new ViewerListener() {};

    /** A client finished the handshake. */
    default void connected(Viewer viewer) {}

    /** The whole picture has been sent for the first time. */
    default void firstFrameSent(Viewer viewer) {}

    /** It is over. Called once, also for a viewer that never got connected. */
    default void disconnected(Viewer viewer, CloseReason reason, String detail) {}
}
