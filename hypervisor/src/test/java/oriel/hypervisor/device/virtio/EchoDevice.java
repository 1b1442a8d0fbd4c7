package oriel.hypervisor.device.virtio;

import oriel.hypervisor.bus.StateReader;
import oriel.hypervisor.bus.StateWriter;

/** Copies what it can read of a request to what it can write: a device to test queues and transport with. */
final class EchoDevice extends VirtioDevice {
    private static final int MOST = 1 << 16;

    int resets;
    int configValue = 0x1234_5678;

    EchoDevice() {
        super("echo", Type.ENTROPY);
    }

    @Override
    protected long features() {
        return 1;
    }

    @Override
    protected int[] queueSizes() {
        return new int[] {16, 64};
    }

    @Override
    protected byte[] config() {
        byte[] config = new byte[4];
        LittleEndian.put32(config, 0, configValue);
        return config;
    }

    @Override
    protected void notified(int index) {
        Virtqueue queue = transport().queue(index);
        for (DescriptorChain chain = queue.pop(); chain != null; chain = queue.pop()) {
            int length = (int) Math.min(MOST, Math.min(chain.readableBytes(), chain.writableBytes()));
            byte[] bytes = new byte[length];
            chain.read(0, bytes, 0, length);
            chain.write(0, bytes, 0, length);
            queue.push(chain, length);
        }
        transport().usedBuffers(queue);
    }

    void configIsNow(int value) {
        configValue = value;
        transport().configChanged();
    }

    @Override
    protected void reset() {
        resets++;
    }

    @Override
    protected void save(StateWriter out) {}

    @Override
    protected void load(StateReader in) {}
}
