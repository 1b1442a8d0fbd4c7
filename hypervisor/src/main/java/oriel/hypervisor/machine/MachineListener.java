package oriel.hypervisor.machine;

/** What happens to a running machine. Called on the machine's thread: it must not block. */
public interface MachineListener {
    /** The guest reset itself (or was reset) and boots again. */
    default void reset() {}

    /** The run is about to be over: the display still shows the last picture. */
    default void ending() {}

    /** The run is over; nothing else follows. */
    void ended(MachineEnd end);
}
