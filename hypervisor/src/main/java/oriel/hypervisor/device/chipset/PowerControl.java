package oriel.hypervisor.device.chipset;

/** What a guest may ask of the machine's power supply. Called on the machine's thread, inside a guest access. */
public interface PowerControl {
    /** ACPI S5: the guest switches itself off. */
    void powerOff();

    /** The guest resets the machine (reset register, keyboard controller, port 92H). */
    void reset();
}
