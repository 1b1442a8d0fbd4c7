package oriel.hypervisor.machine;

/**
 * What not every machine has.
 *
 * @param hpet a high precision event timer: for systems that want one; Linux gets by without, and starts faster
 * @param graphics which graphics adapter
 */
public record Equipment(boolean hpet, Graphics graphics) {
    /** What a desktop needs. */
    public static final Equipment STANDARD = new Equipment(false, Graphics.VGA);

    /** Graphics adapters. */
    public enum Graphics {
        /** A VGA with Bochs VBE modes: every system shows something on it. */
        VGA,
        /** virtio's, for systems with its driver: exact damage, and a cursor that viewers draw. Firmware can't boot with it. */
        VIRTIO
    }
}
