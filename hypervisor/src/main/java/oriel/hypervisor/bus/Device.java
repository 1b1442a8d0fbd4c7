package oriel.hypervisor.bus;

/** A part of the board that has state. Confined to the machine's thread. */
public interface Device {
    /** A stable name, unique in the machine: "pit", "virtio-blk.0". It names the device's part of a snapshot. */
    String name();

    /** Power-on or reset-button state. */
    void reset();

    /**
     * Waits for what the host still does for this device, and takes the outcome over into the guest's memory and other
     * devices. Called of all devices before any is saved.
     */
    default void quiesce() {}

    /** Writes all state a snapshot needs. */
    void save(StateWriter out);

    /**
     * Reads what {@link #save} wrote, of this or an older version.
     *
     * @throws StateException if the state is of a newer version or not plausible
     */
    void load(StateReader in);
}
