package oriel.hypervisor.device.virtio;

import oriel.hypervisor.memory.GuestMemory;

/** The transport of a device before it is plugged in: no driver, no queues. */
enum Detached implements VirtioTransport {
    INSTANCE;

    @Override
    public GuestMemory memory() {
        throw new IllegalStateException("the virtio device isn't attached");
    }

    @Override
    public Virtqueue queue(int index) {
        throw new IllegalStateException("the virtio device isn't attached");
    }

    @Override
    public boolean live() {
        return false;
    }

    @Override
    public boolean negotiated(int feature) {
        return false;
    }

    @Override
    public void usedBuffers(Virtqueue queue) {}

    @Override
    public void configChanged() {}

    @Override
    public void run(Runnable work) {}
}
