package oriel.hypervisor.device.testing;

import java.util.Arrays;
import java.util.List;
import java.util.function.IntConsumer;
import oriel.hypervisor.bus.Device;
import oriel.hypervisor.bus.InterruptLine;
import oriel.hypervisor.bus.IoBus;
import oriel.hypervisor.bus.Mmio;
import oriel.hypervisor.bus.PortIo;
import oriel.hypervisor.bus.StateReader;
import oriel.hypervisor.bus.StateWriter;

/**
 * What test kernels expect of the machine that runs them, at the ports of QEMU's {@code isa-debug-exit} and
 * {@code pc-testdev}: a port that ends the run with a status, a register that keeps what is written, one port for each
 * global system interrupt, and memory that is a device's.
 */
public final class TestDevice implements Device {
    private static final int EXIT = 0xF4, EXIT_PORTS = 4, KEPT = 0xE0, KEPT_PORTS = 4, LINES = 0x2000;
    private static final long MEMORY = 0xFF00_0000L;

    private final IntConsumer exit;
    private final List<InterruptLine> lines;
    private final byte[] memory = new byte[0x10000];
    private int kept;

    /**
     * Not yet attached.
     *
     * @param exit gets the status that a kernel ends with
     * @param lines the global system interrupts, from 0
     */
    public TestDevice(IntConsumer exit, List<InterruptLine> lines) {
        this.exit = exit;
        this.lines = List.copyOf(lines);
    }

    /** Connects the registers. */
    public void attach(IoBus bus) {
        bus.addPorts(EXIT, EXIT_PORTS, new Exit());
        bus.addPorts(KEPT, KEPT_PORTS, new Kept());
        bus.addPorts(LINES, lines.size(), new Lines());
        bus.addMmio(MEMORY, memory.length, new Memory());
    }

    private final class Exit implements PortIo {
        @Override
        public int readPort(int port, int size) {
            return 0;
        }

        @Override
        public void writePort(int port, int size, int value) {
            exit.accept(value);
        }
    }

    private final class Kept implements PortIo {
        @Override
        public int readPort(int port, int size) {
            return kept >>> (port - KEPT) * 8;
        }

        @Override
        public void writePort(int port, int size, int value) {
            int shift = (port - KEPT) * 8;
            int mask = (size == 4 ? -1 : (1 << size * 8) - 1) << shift;
            kept = kept & ~mask | value << shift & mask;
        }
    }

    private final class Lines implements PortIo {
        @Override
        public int readPort(int port, int size) {
            return 0;
        }

        @Override
        public void writePort(int port, int size, int value) {
            lines.get(port - LINES).set((value & 0xFF) != 0);
        }
    }

    private final class Memory implements Mmio {
        @Override
        public long readMmio(long offset, int size) {
            long value = 0;
            for (int i = size - 1; i >= 0; i--) {
                value = value << 8 | memory[(int) offset + i & 0xFFFF] & 0xFF;
            }
            return value;
        }

        @Override
        public void writeMmio(long offset, int size, long value) {
            for (int i = 0; i < size; i++) {
                memory[(int) offset + i & 0xFFFF] = (byte) (value >>> 8 * i);
            }
        }
    }

    @Override
    public String name() {
        return "test-device";
    }

    @Override
    public void reset() {
        kept = 0;
        Arrays.fill(memory, (byte) 0);
        lines.forEach(line -> line.set(false));
    }

    @Override
    public void save(StateWriter out) {
        out.version(1).i32(kept).blob(memory);
    }

    @Override
    public void load(StateReader in) {
        in.version(1);
        kept = in.i32();
        byte[] saved = in.blob();
        System.arraycopy(saved, 0, memory, 0, Math.min(saved.length, memory.length));
    }
}
