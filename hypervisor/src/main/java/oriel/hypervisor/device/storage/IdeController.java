package oriel.hypervisor.device.storage;

import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import oriel.hypervisor.bus.InterruptLine;
import oriel.hypervisor.bus.IoBus;
import oriel.hypervisor.bus.StateException;
import oriel.hypervisor.bus.StateReader;
import oriel.hypervisor.bus.StateWriter;
import oriel.hypervisor.device.chipset.BytePorts;
import oriel.hypervisor.device.pci.PciBar;
import oriel.hypervisor.device.pci.PciFunction;
import oriel.hypervisor.device.pci.PciIdentity;
import oriel.hypervisor.device.pci.PortBacking;
import oriel.hypervisor.memory.GuestMemory;

/**
 * The IDE controller of an Intel PIIX3: two channels at the addresses of an AT (1F0H and 170H, interrupts 14 and 15) and
 * a bus master behind BAR 4. Each channel has one drive at most. Timings are kept, without effect. Confined to the machine's thread.
 */
public final class IdeController extends PciFunction {
    private static final int TIMINGS = 0x40;
    private static final int DECODE = 0x8000;
    private static final int BUS_MASTER_PORTS = 16;
    private static final int STATE_VERSION = 3;

    /** Drives of a saved state, as bits. */
    private static final int PRIMARY = 1, SECONDARY = 2;

    private final IdeChannel first;
    private final IdeChannel second;
    private final List<IdeDrive> drives;

    /**
     * A controller.
     *
     * @param bus where the channels claim their ports
     * @param irq14 the first channel's interrupt
     * @param irq15 the second channel's
     * @param primary the first channel's drive, of this controller alone; null: none
     * @param secondary the second channel's
     */
    public IdeController(
            String name,
            IoBus bus,
            GuestMemory memory,
            InterruptLine irq14,
            InterruptLine irq15,
            @Nullable AtaDisk primary,
            @Nullable CdDrive secondary) {
        super(name, new PciIdentity(0x8086, 0x7010, 0x010180, 0, 0x1AF4, 0x1100, false));
        this.drives = Stream.<@Nullable IdeDrive>of(primary, secondary)
                .flatMap(Stream::ofNullable)
                .toList();
        first = new IdeChannel(memory, irq14, this::busMaster, primary);
        second = new IdeChannel(memory, irq15, this::busMaster, secondary);
        allowWrites(TIMINGS, 4, -1);
        allowWrites(TIMINGS + 4, 1, 0xFF);
        setConfigRegister(TIMINGS, 4, DECODE << 16 | DECODE);
        addBar(4, new PciBar(PciBar.Kind.IO, BUS_MASTER_PORTS, false, new PortBacking(new BusMasterPorts())));
        first.attach(bus, 0x1F0, 0x3F6);
        second.attach(bus, 0x170, 0x376);
    }

    /** Registers of both bus masters, 8 bytes each. */
    private final class BusMasterPorts implements BytePorts {
        @Override
        public int readByte(int port) {
            return channel(port).readBusMaster(port & 7);
        }

        @Override
        public void writeByte(int port, int value) {
            channel(port).writeBusMaster(port & 7, value);
        }

        private IdeChannel channel(int port) {
            return (port & 8) == 0 ? first : second;
        }
    }

    @Override
    protected void busMasterEnabled() {
        first.runDma();
        second.runDma();
    }

    @Override
    public void reset() {
        super.reset();
        setConfigRegister(TIMINGS, 4, DECODE << 16 | DECODE);
        setConfigRegister(TIMINGS + 4, 1, 0);
        first.reset();
        second.reset();
    }

    @Override
    public void quiesce() {
        drives.forEach(IdeDrive::quiesce);
    }

    private int present() {
        return (first.hasDrive() ? PRIMARY : 0) | (second.hasDrive() ? SECONDARY : 0);
    }

    @Override
    protected void saveFunction(StateWriter out) {
        out.version(STATE_VERSION);
        out.u8(present());
        first.save(out);
        second.save(out);
    }

    @Override
    protected void loadFunction(StateReader in) {
        int saved = savedDrives(in.version(STATE_VERSION), in);
        if (saved != present()) {
            throw new StateException("the saved machine had %s on IDE, this one has %s: start it with the same drives"
                    .formatted(describe(saved), describe(present())));
        }
        first.load(in);
        second.load(in);
    }

    /** Version 1 knew the CD drive only; 2 counted drives, and one alone was the CD drive, as a disk's machine wasn't saved. */
    private static int savedDrives(int version, StateReader in) {
        return switch (version) {
            case 1 -> SECONDARY;
            case 2 -> in.u8() == 1 ? SECONDARY : PRIMARY | SECONDARY;
            default -> in.u8();
        };
    }

    private static String describe(int drives) {
        return switch (drives) {
            case 0 -> "no drive";
            case PRIMARY -> "a disk";
            case SECONDARY -> "a CD drive";
            case PRIMARY | SECONDARY -> "a disk and a CD drive";
            default -> "drives that this build doesn't know";
        };
    }
}
