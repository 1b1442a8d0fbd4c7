package oriel.hypervisor.bus;

/** Delivers message-signalled interrupts (Intel SDM 3A §11.11). Called on the machine's thread. */
@FunctionalInterface
public interface MessageInterrupts {
    /** Delivers one message: the address and data that the guest programmed into the device. */
    void deliver(long address, int data);
}
