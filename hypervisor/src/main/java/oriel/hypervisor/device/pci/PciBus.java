package oriel.hypervisor.device.pci;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;
import oriel.hypervisor.bus.Device;
import oriel.hypervisor.bus.InterruptLine;
import oriel.hypervisor.bus.IoBus;
import oriel.hypervisor.bus.MessageInterrupts;
import oriel.hypervisor.bus.PortIo;
import oriel.hypervisor.bus.StateReader;
import oriel.hypervisor.bus.StateWriter;
import oriel.hypervisor.memory.GuestMemory;

/**
 * PCI bus 0 behind configuration mechanism 1 (PCI Local Bus 3.0 §3.2.2.3.2): address port CF8H, data ports CFCH–CFFH.
 * One function a slot. It assigns BARs when a function is added, unless firmware does; the guest may move them within
 * {@link #MEMORY_WINDOW}. Confined to the machine's thread.
 */
public final class PciBus implements PortIo, Device {
    /** Memory BARs answer from here; below are RAM and unclaimed addresses. */
    public static final long MEMORY_WINDOW = 0xE000_0000L;

    /** First address after the window: the I/O APIC's page. */
    public static final long MEMORY_WINDOW_END = 0xFEC0_0000L;

    static final long MEMORY_WINDOW_SIZE = MEMORY_WINDOW_END - MEMORY_WINDOW;

    /** I/O BARs are assigned from here, above the ports of the board's chips. */
    public static final int IO_WINDOW = 0xC000;

    private static final int ADDRESS_PORT = 0xCF8;
    private static final int DATA_PORT = 0xCFC;
    private static final int SLOTS = 32;
    static final int FIRST_GSI = 16;
    static final int GSIS = 8;
    private static final int VERSION = 1;

    private final IoBus io;
    private final GuestMemory memory;
    private final IntFunction<InterruptLine> lines;
    private final MessageInterrupts messages;
    private final boolean assigns;
    private final @Nullable PciFunction[] functions = new PciFunction[SLOTS];
    private final int[] asserting = new int[GSIS]; // a bit for each slot that asserts the shared line
    private final List<Mapping> mapped = new ArrayList<>();
    private long nextMemory = MEMORY_WINDOW;
    private int nextPort = IO_WINDOW;
    private int address;

    private record Mapping(PciFunction function, int index, PciBar bar, long base) {
        boolean overlaps(Mapping other) {
            return (bar.kind() == PciBar.Kind.IO) == (other.bar.kind() == PciBar.Kind.IO)
                    && base < other.base + other.bar.size()
                    && other.base < base + bar.size();
        }
    }

    /** An empty bus of a machine without firmware: it assigns BARs. */
    public PciBus(IoBus io, GuestMemory memory, IntFunction<InterruptLine> lines, MessageInterrupts messages) {
        this(io, memory, lines, messages, true);
    }

    /**
     * An empty bus that claims its ports.
     *
     * @param lines the interrupt line of a GSI: asked for 16–23
     * @param messages where MSI-X messages go
     * @param assigns whether BARs are assigned and decoding is on after a reset; firmware wants neither
     */
    public PciBus(
            IoBus io,
            GuestMemory memory,
            IntFunction<InterruptLine> lines,
            MessageInterrupts messages,
            boolean assigns) {
        this.assigns = assigns;
        this.io = io;
        this.memory = memory;
        this.lines = lines;
        this.messages = messages;
        // Not CF9H–CFBH: the reset control register is at CF9H, and mechanism 1 answers only 32-bit accesses at CF8H.
        io.addPorts(ADDRESS_PORT, 1, this);
        io.addPorts(DATA_PORT, 4, this);
    }

    /**
     * The GSI of a slot's interrupt pin. The ACPI _PRT says the same.
     *
     * @param slot 0–31
     * @param pin 0 for INTA# to 3 for INTD#
     */
    public static int gsi(int slot, int pin) {
        return FIRST_GSI + ((slot + pin) & (GSIS - 1));
    }

    /**
     * Plugs a function in; assigns its BARs and switches decoding on, unless firmware does.
     *
     * @param slot 0–31, free; the host bridge is in 0
     */
    public void add(int slot, PciFunction function) {
        if (functions[slot] != null) {
            throw new IllegalArgumentException("PCI slot " + slot + " is taken");
        }
        functions[slot] = function;
        long[] bases = new long[PciFunction.BARS];
        for (int i = 0; i < PciFunction.BARS; i++) {
            PciBar bar = function.bar(i);
            if (bar != null && assigns) {
                bases[i] = assign(bar);
            }
        }
        function.attach(this, slot, bases, gsi(slot, 0));
    }

    private long assign(PciBar bar) {
        if (bar.kind() == PciBar.Kind.IO) {
            int base = (int) (nextPort + bar.size() - 1 & -bar.size());
            nextPort = base + (int) bar.size();
            return base;
        }
        long base = nextMemory + bar.size() - 1 & -bar.size();
        if (base + bar.size() > MEMORY_WINDOW_END) {
            throw new IllegalStateException("the PCI memory window is full");
        }
        nextMemory = base + bar.size();
        return base;
    }

    /** The functions on the bus. */
    public List<PciFunction> functions() {
        List<PciFunction> present = new ArrayList<>();
        for (PciFunction function : functions) {
            if (function != null) {
                present.add(function);
            }
        }
        return Collections.unmodifiableList(present);
    }

    /**
     * Makes BARs answer where they are programmed to. Of two that overlap, the one that was there first keeps the
     * addresses until it moves away: what real bridges do is undefined, and the guest only hurts itself.
     */
    void route() {
        List<Mapping> wanted = new ArrayList<>();
        for (PciFunction function : functions) {
            for (int i = 0; function != null && i < PciFunction.BARS; i++) {
                PciBar bar = function.bar(i);
                if (bar != null && function.decodes(bar.kind()) && bar.routable(function.barBase(i))) {
                    wanted.add(new Mapping(function, i, bar, function.barBase(i)));
                }
            }
        }
        mapped.removeIf(mapping -> {
            boolean stays = wanted.contains(mapping);
            if (!stays) {
                mapping.bar.backing().unmap(io, memory, mapping.base, mapping.bar.size());
            }
            return !stays;
        });
        for (Mapping mapping : wanted) {
            if (!mapped.contains(mapping) && mapped.stream().noneMatch(mapping::overlaps)) {
                mapping.bar.backing().map(io, memory, mapping.base, mapping.bar.size());
                mapped.add(mapping);
            }
        }
    }

    boolean assigns() {
        return assigns;
    }

    void setInterrupt(int slot, boolean asserted) {
        int index = gsi(slot, 0) - FIRST_GSI;
        int before = asserting[index];
        int after = asserted ? before | 1 << slot : before & ~(1 << slot);
        asserting[index] = after;
        if ((before != 0) != (after != 0)) {
            lines.apply(FIRST_GSI + index).set(after != 0);
        }
    }

    void deliver(long messageAddress, int data) {
        messages.deliver(messageAddress, data);
    }

    @Override
    public int readPort(int port, int size) {
        if (port == ADDRESS_PORT) {
            return size == 4 ? address : ones(size);
        }
        PciFunction function = selected();
        if (function == null) {
            return ones(size);
        }
        int inside = Math.min(size, DATA_PORT + 4 - port);
        int value = function.readConfig((address & 0xFC) + (port & 3), inside);
        return inside == size ? value : (value | -1 << (8 * inside)) & ones(size); // beyond CFFH nothing answers
    }

    @Override
    public void writePort(int port, int size, int value) {
        if (port == ADDRESS_PORT) {
            if (size == 4) {
                address = value & 0x80FF_FFFC;
            }
            return;
        }
        PciFunction function = selected();
        if (function != null) {
            function.writeConfig((address & 0xFC) + (port & 3), Math.min(size, DATA_PORT + 4 - port), value);
        }
    }

    private static int ones(int size) {
        return -1 >>> (32 - 8 * size);
    }

    private @Nullable PciFunction selected() {
        boolean enabled = address < 0; // bit 31
        boolean busZeroFunctionZero = (address & 0x00FF_0700) == 0;
        return enabled && busZeroFunctionZero ? functions[address >> 11 & 0x1F] : null;
    }

    @Override
    public String name() {
        return "pci";
    }

    @Override
    public void reset() {
        address = 0;
    }

    @Override
    public void save(StateWriter out) {
        out.version(VERSION).i32(address);
    }

    @Override
    public void load(StateReader in) {
        in.version(VERSION);
        address = in.i32() & 0x80FF_FFFC;
    }
}
