package oriel.hypervisor.machine;

import oriel.hypervisor.cpu.kvm.KvmHost;

/** Which back end runs the virtual processors. */
public enum Accelerator {
    /** KVM where a probe guest runs at speed and the model of processor can be had in full, else emulation. */
    AUTO,
    /** The processor in Java: anywhere a JVM runs. */
    EMULATED,
    /** Linux KVM. */
    KVM;

    /** What {@link #AUTO} is on this host, for processors that its KVM can give in full. The first look takes a moment. */
    public static Accelerator automatic() {
        return KvmHost.fastHost().isPresent() ? KVM : EMULATED;
    }
}
