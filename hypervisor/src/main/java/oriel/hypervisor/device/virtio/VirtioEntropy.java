package oriel.hypervisor.device.virtio;

import java.util.random.RandomGenerator;
import oriel.hypervisor.bus.StateReader;
import oriel.hypervisor.bus.StateWriter;

/** The entropy device, "virtio-rng" (virtio 1.2 §5.4). Confined to the machine's thread. */
public final class VirtioEntropy extends VirtioDevice {
    /** Filled of one buffer; a driver that wants more asks again. */
    private static final int MAX_BYTES = 4096;

    private final RandomGenerator source;

    /**
     * An entropy device.
     *
     * @param source must be cryptographically strong ({@link java.security.SecureRandom}) for real guests
     */
    public VirtioEntropy(String name, RandomGenerator source) {
        super(name, Type.ENTROPY);
        this.source = source;
    }

    @Override
    protected long features() {
        return 0;
    }

    @Override
    protected int[] queueSizes() {
        return new int[] {64};
    }

    @Override
    protected byte[] config() {
        return new byte[0];
    }

    @Override
    protected void notified(int index) {
        Virtqueue queue = transport().queue(index);
        for (DescriptorChain chain = queue.pop(); chain != null; chain = queue.pop()) {
            byte[] random = new byte[(int) Math.min(chain.writableBytes(), MAX_BYTES)];
            source.nextBytes(random);
            chain.write(0, random, 0, random.length);
            queue.push(chain, random.length);
        }
        transport().usedBuffers(queue);
    }

    @Override
    protected void reset() {}

    @Override
    protected void save(StateWriter out) {}

    @Override
    protected void load(StateReader in) {}
}
