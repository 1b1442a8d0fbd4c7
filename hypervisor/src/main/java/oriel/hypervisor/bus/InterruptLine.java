package oriel.hypervisor.bus;

/** One interrupt input of a controller. Called on the machine's thread. */
@FunctionalInterface
public interface InterruptLine {
    /** Sets the level; an edge-triggered input acts on the change from false to true. */
    void set(boolean asserted);

    /** An edge: up and down again. */
    default void pulse() {
        set(true);
        set(false);
    }
}
