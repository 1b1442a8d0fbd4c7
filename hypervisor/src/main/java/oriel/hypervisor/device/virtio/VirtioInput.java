package oriel.hypervisor.device.virtio;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.BitSet;
import oriel.hypervisor.bus.StateReader;
import oriel.hypervisor.bus.StateWriter;

/** What virtio input devices (virtio 1.2 §5.8) have in common: configuration, event queue, status queue. */
abstract class VirtioInput extends VirtioDevice {
    private static final int EVENT_QUEUE = 0;
    private static final int STATUS_QUEUE = 1;
    private static final int QUEUE_SIZE = 64;

    private static final int CONFIG_HEADER = 8;
    private static final int CONFIG_LENGTH = CONFIG_HEADER + 128;
    private static final int SELECT_NAME = 0x01;
    private static final int SELECT_SERIAL = 0x02;
    private static final int SELECT_IDS = 0x03;
    private static final int SELECT_EVENT_BITS = 0x11;
    private static final int SELECT_ABS_INFO = 0x12;
    private static final int BUS_VIRTUAL = 6;
    private static final int VENDOR = 0x1AF4;

    private static final int STATE_VERSION = 1;
    private static final int MAX_KEY = 0x2FF;

    private final String title;
    private final int product;
    private final InputBacklog backlog = new InputBacklog();
    private int select;
    private int subselect;

    VirtioInput(String name, String title, int product) {
        super(name, Type.INPUT);
        this.title = title;
        this.product = product;
    }

    /** Codes of an event type that the device sends; empty if it doesn't have the type. */
    abstract BitSet codes(int eventType);

    /** Largest value of an absolute axis, whose smallest is 0; −1 if the device doesn't have it. */
    abstract int absoluteMaximum(int axis);

    final InputBacklog backlog() {
        return backlog;
    }

    /** Hands what is waiting to the guest, as far as it has buffers for it. */
    final void deliver() {
        if (transport().live()) {
            transport().run(this::fillEventQueue);
        } else {
            backlog.resynchronise(); // nobody listens: keep the state only
        }
    }

    private void fillEventQueue() {
        Virtqueue queue = transport().queue(EVENT_QUEUE);
        for (InputEvent event = backlog.peek(); event != null; event = backlog.peek()) {
            DescriptorChain chain = queue.pop();
            if (chain == null) {
                break;
            }
            if (chain.writableBytes() < InputEvent.BYTES) {
                throw new VirtioException("input event buffer of " + chain.writableBytes() + " bytes");
            }
            chain.write(0, event.bytes(), 0, InputEvent.BYTES);
            queue.push(chain, InputEvent.BYTES);
            backlog.delivered();
        }
        transport().usedBuffers(queue);
    }

    @Override
    protected final long features() {
        return 0;
    }

    @Override
    protected final int[] queueSizes() {
        return new int[] {QUEUE_SIZE, QUEUE_SIZE};
    }

    @Override
    protected final void notified(int index) {
        if (index == EVENT_QUEUE) {
            fillEventQueue();
            return;
        }
        Virtqueue queue = transport().queue(STATUS_QUEUE);
        for (DescriptorChain chain = queue.pop(); chain != null; chain = queue.pop()) {
            if (chain.readableBytes() < InputEvent.BYTES) {
                throw new VirtioException("input status buffer of " + chain.readableBytes() + " bytes");
            }
            queue.push(chain, 0); // there are no lights to switch
        }
        transport().usedBuffers(queue);
    }

    @Override
    protected final byte[] config() {
        byte[] config = new byte[CONFIG_LENGTH];
        byte[] value = selected();
        config[0] = (byte) select;
        config[1] = (byte) subselect;
        config[2] = (byte) value.length;
        System.arraycopy(value, 0, config, CONFIG_HEADER, value.length);
        return config;
    }

    /** The value that {@code select} and {@code subsel} choose (§5.8.4); empty if there is none. */
    private byte[] selected() {
        return switch (select) {
            case SELECT_NAME -> title.getBytes(StandardCharsets.US_ASCII);
            case SELECT_SERIAL -> name().getBytes(StandardCharsets.US_ASCII);
            case SELECT_IDS -> {
                byte[] ids = new byte[8];
                LittleEndian.put16(ids, 0, BUS_VIRTUAL);
                LittleEndian.put16(ids, 2, VENDOR);
                LittleEndian.put16(ids, 4, product);
                LittleEndian.put16(ids, 6, 1);
                yield ids;
            }
            // Lowest bit first, in as many bytes as are needed: what BitSet gives.
            case SELECT_EVENT_BITS -> codes(subselect).toByteArray();
            case SELECT_ABS_INFO -> {
                int maximum = absoluteMaximum(subselect);
                byte[] info = new byte[maximum < 0 ? 0 : 20]; // min, max, fuzz, flat, res
                if (maximum >= 0) {
                    LittleEndian.put32(info, 4, maximum);
                }
                yield info;
            }
            default -> new byte[0];
        };
    }

    @Override
    protected final void writeConfig(int offset, byte value) {
        if (offset == 0) {
            select = value & 0xFF;
        } else if (offset == 1) {
            subselect = value & 0xFF;
        }
    }

    @Override
    protected final void reset() {
        select = 0;
        subselect = 0;
        backlog.forget();
    }

    @Override
    protected final void save(StateWriter out) {
        out.version(STATE_VERSION).u8(select).u8(subselect);
        out.blob(backlog.told().toByteArray());
    }

    @Override
    protected final void load(StateReader in) {
        in.version(STATE_VERSION);
        select = in.u8();
        subselect = in.u8();
        BitSet told = BitSet.valueOf(Arrays.copyOf(in.blob(), MAX_KEY / 8 + 1));
        backlog.restore(told);
    }
}
