package oriel.hypervisor.cpu;

/** The way between a machine's devices and the guest on a processor: who is on this side has the machine's lock. */
public interface GuestGate {
    /** The processor is about to execute its guest: gives the lock back. */
    void leave();

    /** It comes back: takes the lock. */
    void enter();

    /** Says that accesses to devices from now on are this processor's. */
    void select();
}
