package oriel.hypervisor.device.virtio;

import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import oriel.hypervisor.bus.StateException;
import oriel.hypervisor.bus.StateReader;
import oriel.hypervisor.bus.StateWriter;

/**
 * Named byte streams between host and guest: the console device with multiple ports (virtio 1.2 §5.3), none of them a
 * console. Confined to the machine's thread.
 */
public final class VirtioConsole extends VirtioDevice {
    private static final int F_MULTIPORT = 1;
    private static final int QUEUE_SIZE = 64;
    private static final int CONTROL_IN = 2; // to the guest
    private static final int CONTROL_OUT = 3;

    private static final int DEVICE_READY = 0;
    private static final int DEVICE_ADD = 1;
    private static final int PORT_READY = 3;
    private static final int PORT_OPEN = 6;
    private static final int PORT_NAME = 7;
    private static final int CONTROL_BYTES = 8;

    /** Answers that wait for the driver's buffers; one that asks for more without reading any is broken. */
    private static final int MAX_CONTROL = 256;

    /** Read of one buffer at a time; a longer one is handed over in pieces. */
    private static final int MAX_PIECE = 64 << 10;

    /** Taken from one buffer: bounds what a single notification can make the host copy. */
    private static final long MAX_BUFFER = 16L << 20;

    private static final int STATE_VERSION = 1;

    private final List<ConsolePort> ports;
    private final Deque<byte[]> control = new ArrayDeque<>();
    private boolean driverReady;

    /** A device with ports, numbered in order. */
    public VirtioConsole(String name, List<ConsolePort> ports) {
        super(name, Type.CONSOLE);
        this.ports = List.copyOf(ports);
        for (int i = 0; i < ports.size(); i++) {
            int port = i;
            ports.get(i).attach(() -> hostOpenChanged(port), () -> transport().run(() -> fill(port)));
        }
    }

    /** Index of the queue to the guest; the next one is from the guest (§5.3.2). */
    private static int inputQueue(int port) {
        return port == 0 ? 0 : 2 * port + 2;
    }

    @Override
    protected long features() {
        return 1L << F_MULTIPORT;
    }

    @Override
    protected int[] queueSizes() {
        int[] sizes = new int[2 * ports.size() + 2];
        Arrays.fill(sizes, QUEUE_SIZE);
        return sizes;
    }

    @Override
    protected byte[] config() {
        byte[] config = new byte[12];
        LittleEndian.put32(config, 4, ports.size());
        return config;
    }

    @Override
    protected void notified(int index) {
        if (index == CONTROL_IN) {
            fillControl();
        } else if (index == CONTROL_OUT) {
            takeControl();
        } else {
            int port = index < CONTROL_IN ? 0 : (index - 2) / 2;
            if (index % 2 == 0) {
                fill(port);
            } else {
                take(port);
            }
        }
    }

    private void take(int port) {
        Virtqueue queue = transport().queue(inputQueue(port) + 1);
        for (DescriptorChain chain = queue.pop(); chain != null; chain = queue.pop()) {
            long length = Math.min(chain.readableBytes(), MAX_BUFFER);
            for (long at = 0; at < length; at += MAX_PIECE) {
                byte[] piece = new byte[(int) Math.min(MAX_PIECE, length - at)];
                chain.read(at, piece, 0, piece.length);
                ports.get(port).received(piece);
            }
            queue.push(chain, 0);
        }
        transport().usedBuffers(queue);
    }

    private void fill(int port) {
        Virtqueue queue = transport().queue(inputQueue(port));
        while (ports.get(port).hasWaiting()) {
            DescriptorChain chain = queue.pop();
            if (chain == null) {
                break;
            }
            if (chain.writableBytes() == 0) {
                throw new VirtioException("console buffer without room");
            }
            queue.push(chain, ports.get(port).fill(chain));
        }
        transport().usedBuffers(queue);
    }

    private void takeControl() {
        Virtqueue queue = transport().queue(CONTROL_OUT);
        for (DescriptorChain chain = queue.pop(); chain != null; chain = queue.pop()) {
            if (chain.readableBytes() < CONTROL_BYTES) {
                throw new VirtioException("console control message of " + chain.readableBytes() + " bytes");
            }
            byte[] message = new byte[CONTROL_BYTES];
            chain.read(0, message, 0, CONTROL_BYTES);
            queue.push(chain, 0);
            controlled(LittleEndian.get32(message, 0), LittleEndian.get16(message, 4), LittleEndian.get16(message, 6));
        }
        transport().usedBuffers(queue);
        fillControl();
    }

    /** A control message of the driver (§5.3.6.2). */
    private void controlled(int port, int event, int value) {
        if (event == DEVICE_READY) {
            driverReady = value == 1;
            for (int i = 0; driverReady && i < ports.size(); i++) {
                tell(i, DEVICE_ADD, 0, "");
            }
            return;
        }
        if (port < 0 || port >= ports.size()) {
            return;
        }
        ConsolePort of = ports.get(port);
        if (event == PORT_READY && value == 1) {
            tell(port, PORT_NAME, 1, of.name());
            if (of.hostOpen()) {
                tell(port, PORT_OPEN, 1, "");
            }
        } else if (event == PORT_OPEN) {
            of.guestOpened(value != 0);
        }
    }

    private void hostOpenChanged(int port) {
        if (driverReady) {
            transport().run(() -> {
                tell(port, PORT_OPEN, ports.get(port).hostOpen() ? 1 : 0, "");
                fillControl();
            });
        }
    }

    private void tell(int port, int event, int value, String name) {
        if (control.size() >= MAX_CONTROL) {
            throw new VirtioException("the driver doesn't read console control messages");
        }
        byte[] ascii = name.getBytes(StandardCharsets.US_ASCII);
        byte[] message = new byte[CONTROL_BYTES + ascii.length];
        LittleEndian.put32(message, 0, port);
        LittleEndian.put16(message, 4, event);
        LittleEndian.put16(message, 6, value);
        System.arraycopy(ascii, 0, message, CONTROL_BYTES, ascii.length);
        control.add(message);
    }

    private void fillControl() {
        Virtqueue queue = transport().queue(CONTROL_IN);
        for (byte[] message = control.peek(); message != null; message = control.peek()) {
            DescriptorChain chain = queue.pop();
            if (chain == null) {
                break;
            }
            if (chain.writableBytes() < message.length) {
                throw new VirtioException("console control buffer of " + chain.writableBytes() + " bytes");
            }
            chain.write(0, message, 0, message.length);
            queue.push(chain, message.length);
            control.remove();
        }
        transport().usedBuffers(queue);
    }

    @Override
    protected void reset() {
        driverReady = false;
        control.clear();
        ports.forEach(port -> port.guestOpened(false));
    }

    @Override
    protected void save(StateWriter out) {
        out.version(STATE_VERSION).bool(driverReady).u8(ports.size());
        ports.forEach(port -> out.bool(port.guestOpen()));
        out.u16(control.size());
        control.forEach(out::blob);
    }

    @Override
    protected void load(StateReader in) {
        in.version(STATE_VERSION);
        driverReady = in.bool();
        if (in.u8() != ports.size()) {
            throw new StateException("saved state of " + name() + " has another number of ports");
        }
        for (ConsolePort port : ports) {
            port.guestOpened(false); // whoever talked before the load talks to another guest now
            port.guestOpened(in.bool());
        }
        int messages = in.u16();
        for (int i = 0; i < Math.min(messages, MAX_CONTROL); i++) {
            control.add(in.blob());
        }
    }
}
