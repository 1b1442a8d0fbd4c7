package oriel.hypervisor.device.virtio;

import oriel.hypervisor.memory.GuestMemory;

/** What a virtio device asks of the bus it is on. Confined to the machine's thread. */
public interface VirtioTransport {
    /** The machine's memory. */
    GuestMemory memory();

    /** One of the device's queues. */
    Virtqueue queue(int index);

    /** Whether the driver is up (DRIVER_OK), may be interrupted, and the device is not broken. */
    boolean live();

    /** Whether the driver accepted a feature bit. */
    boolean negotiated(int feature);

    /** Interrupts the driver for what was pushed to a queue, if it wants to be. */
    void usedBuffers(Virtqueue queue);

    /** The configuration changed: new generation, and an interrupt. */
    void configChanged();

    /**
     * Runs work that touches queues or guest memory and doesn't come from a notification (a completion, an input event).
     * Not run unless {@link #live}; a protocol violation in it makes the device need a reset.
     */
    void run(Runnable work);
}
