package oriel.hypervisor.machine;

/** Which back end runs the virtual processors. */
public enum Accelerator {
    /** KVM where a probe guest runs at speed, else emulation. */
    AUTO,
    /** The processor in Java: anywhere a JVM runs. */
    EMULATED,
    /** Linux KVM. */
    KVM
}
