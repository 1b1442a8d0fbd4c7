package oriel.hypervisor.device.virtio;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import oriel.hypervisor.bus.Counting;
import oriel.hypervisor.bus.StateReader;
import oriel.hypervisor.bus.StateWriter;
import oriel.hypervisor.network.NetworkCard;
import oriel.hypervisor.network.NetworkLink;

/**
 * A network card (virtio 1.2 §5.1) without offloads: each buffer has one whole frame. Confined to the machine's thread, but
 * for what the network calls. Its Ethernet address is the machine's, and never that of a saved state: a machine made from
 * another's state is another machine.
 */
public final class VirtioNet extends VirtioDevice implements AutoCloseable, Counting {
    private static final int F_MAC = 5;
    private static final int F_STATUS = 16;
    private static final int LINK_UP = 1;

    private static final int RECEIVE = 0;
    private static final int TRANSMIT = 1;
    private static final int QUEUE_SIZE = 256;

    /** virtio_net_hdr (§5.1.6); with nothing negotiated that would fill it. */
    private static final int HEADER = 12;

    private static final int NUM_BUFFERS = 10;

    private static final int MIN_FRAME = 14;
    private static final int MAX_FRAME = 1514;

    /** Frames that wait for a guest that is slow; more are lost, as on any Ethernet. */
    private static final int MAX_WAITING = 512;

    private static final int STATE_VERSION = 1;

    private final byte[] config = new byte[8];
    private final Executor machine;
    private final NetworkLink.Connection connection;
    private final Queue<byte[]> waiting = new ConcurrentLinkedQueue<>();
    private final AtomicInteger waitingCount = new AtomicInteger();
    private final AtomicBoolean scheduled = new AtomicBoolean();
    private final AtomicLong lost = new AtomicLong();
    private long framesSent, bytesSent, framesReceived, bytesReceived;
    private volatile boolean open; // frames are of use: a driver is up

    /**
     * A card, plugged in.
     *
     * @param machine runs tasks on the machine's thread
     * @throws oriel.hypervisor.network.NetworkException if its network can't be reached
     */
    public VirtioNet(String name, NetworkCard card, Executor machine) {
        super(name, Type.NETWORK);
        this.machine = machine;
        System.arraycopy(card.address().bytes(), 0, config, 0, 6);
        LittleEndian.put16(config, 6, LINK_UP);
        this.connection = card.link().connect(this::arrived);
    }

    @Override
    protected long features() {
        return 1L << F_MAC | 1L << F_STATUS;
    }

    @Override
    protected int[] queueSizes() {
        return new int[] {QUEUE_SIZE, QUEUE_SIZE};
    }

    @Override
    protected byte[] config() {
        return config;
    }

    @Override
    protected void activated() {
        open = true;
    }

    @Override
    protected void notified(int index) {
        if (index == TRANSMIT) {
            transmit();
        } else {
            receive();
        }
    }

    private void transmit() {
        Virtqueue queue = transport().queue(TRANSMIT);
        for (DescriptorChain chain = queue.pop(); chain != null; chain = queue.pop()) {
            long length = chain.readableBytes() - HEADER;
            if (length < 0) {
                throw new VirtioException("network packet without header");
            }
            if (length >= MIN_FRAME && length <= MAX_FRAME) {
                byte[] frame = new byte[(int) length];
                chain.read(HEADER, frame, 0, frame.length);
                connection.send(frame);
                framesSent++;
                bytesSent += length;
            }
            queue.push(chain, 0);
        }
        transport().usedBuffers(queue);
    }

    /** A frame from the network, on any thread. */
    private void arrived(byte[] frame) {
        if (!open || frame.length > MAX_FRAME) {
            return;
        }
        if (waitingCount.incrementAndGet() > MAX_WAITING) {
            waitingCount.decrementAndGet();
            lost.incrementAndGet();
            return;
        }
        waiting.add(frame);
        if (scheduled.compareAndSet(false, true)) {
            try {
                machine.execute(() -> {
                    scheduled.set(false);
                    transport().run(this::receive);
                });
            } catch (RejectedExecutionException e) {
                open = false; // the machine is over
            }
        }
    }

    private void receive() {
        Virtqueue queue = transport().queue(RECEIVE);
        for (byte[] frame = waiting.peek(); frame != null; frame = waiting.peek()) {
            DescriptorChain chain = queue.pop();
            if (chain == null) {
                break;
            }
            if (chain.writableBytes() < HEADER + frame.length) {
                throw new VirtioException("network buffer of " + chain.writableBytes() + " bytes");
            }
            byte[] header = new byte[HEADER];
            LittleEndian.put16(header, NUM_BUFFERS, 1);
            chain.write(0, header, 0, HEADER);
            chain.write(HEADER, frame, 0, frame.length);
            queue.push(chain, HEADER + frame.length);
            framesReceived++;
            bytesReceived += frame.length;
            waiting.remove();
            waitingCount.decrementAndGet();
        }
        transport().usedBuffers(queue);
    }

    @Override
    public Map<String, Long> counters() {
        Map<String, Long> counters = new LinkedHashMap<>();
        counters.put("frames-sent", framesSent);
        counters.put("bytes-sent", bytesSent);
        counters.put("frames-received", framesReceived);
        counters.put("bytes-received", bytesReceived);
        counters.put("frames-lost", lost.get());
        return counters;
    }

    private void forget() {
        while (waiting.poll() != null) {
            waitingCount.decrementAndGet();
        }
    }

    @Override
    protected void reset() {
        open = false;
        forget();
    }

    @Override
    protected void save(StateWriter out) {
        out.version(STATE_VERSION).bool(open);
    }

    @Override
    protected void load(StateReader in) {
        in.version(STATE_VERSION);
        open = in.bool();
    }

    /** Unplugs it, for good. */
    @Override
    public void close() {
        open = false;
        connection.close();
    }
}
