package oriel.hypervisor.device.pci;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import oriel.hypervisor.bus.IoBus;
import oriel.hypervisor.bus.Mmio;
import oriel.hypervisor.bus.PortIo;
import oriel.hypervisor.bus.StateException;
import oriel.hypervisor.bus.StateReader;
import oriel.hypervisor.bus.StateWriter;
import oriel.hypervisor.memory.GuestMemory;
import oriel.hypervisor.memory.HostMapping;
import oriel.hypervisor.memory.MemoryRegion;

class PciBusTest {
    private final IoBus io = new IoBus();
    private final GuestMemory memory = new GuestMemory(1 << 20);
    private final TreeMap<Integer, List<Boolean>> lines = new TreeMap<>();
    private final List<String> messages = new ArrayList<>();
    private final PciPorts ports = new PciPorts(io);
    private PciBus bus;

    @BeforeEach
    void plugBridge() {
        bus = new PciBus(
                io,
                memory,
                gsi -> level ->
                        lines.computeIfAbsent(gsi, _ -> new ArrayList<>()).add(level),
                (address, data) -> messages.add("%x=%x".formatted(address, data)));
        bus.add(0, new HostBridge());
    }

    @AfterEach
    void freeMemory() {
        memory.close();
    }

    /** Echoes offsets; three kinds of BAR and MSI-X. */
    private static final class Probe extends PciFunction implements Mmio, PortIo {
        private final HostMapping ram = HostMapping.anonymous(0x4000);
        private final MemoryBacking backing =
                new MemoryBacking(base -> MemoryRegion.ram("probe", base, 0x4000, ram.address()));

        Probe() {
            super("probe", new PciIdentity(0x1234, 0x5678, 0x028000, 3, 0x1AF4, 0x1100, true));
            addBar(0, new PciBar(PciBar.Kind.MEMORY, 0x2000, false, new RegisterBacking(this)));
            addBar(1, new PciBar(PciBar.Kind.IO, 0x40, false, new PortBacking(this)));
            addBar(2, new PciBar(PciBar.Kind.MEMORY_64, 0x4000, true, backing));
            addMsix(4, 3);
        }

        @Override
        public long readMmio(long offset, int size) {
            return 0xAB00_0000L | offset;
        }

        @Override
        public void writeMmio(long offset, int size, long value) {}

        @Override
        public int readPort(int port, int size) {
            return port;
        }

        @Override
        public void writePort(int port, int size, int value) {}

        @Override
        protected void saveFunction(StateWriter out) {}

        @Override
        protected void loadFunction(StateReader in) {}
    }

    @Test
    void theHostBridgeMakesLinuxTrustMechanism1() {
        io.writePort(0xCF8, 4, 0x8000_0000);
        assertThat(io.readPort(0xCF8, 4)).isEqualTo(0x8000_0000);
        assertThat(ports.read(0, 0, 4)).isEqualTo(0x1237_8086);
        assertThat(ports.read(0, 0x0A, 2)).isEqualTo(0x0600);
    }

    @Test
    void absentFunctionsAndDisabledAddressesReadAsOnes() {
        assertThat(ports.read(5, 0, 4)).isEqualTo(-1);
        assertThat(ports.read(5, 0, 2)).isEqualTo(0xFFFF);
        io.writePort(0xCF8, 4, 0x0000_0000);
        assertThat(io.readPort(0xCFC, 4)).isEqualTo(-1);
        io.writePort(0xCF8, 4, 0x8001_0000); // bus 1
        assertThat(io.readPort(0xCFC, 4)).isEqualTo(-1);
        io.writePort(0xCF8, 4, 0x8000_0100); // function 1
        assertThat(io.readPort(0xCFC, 4)).isEqualTo(-1);
    }

    @Test
    void narrowAccessesReachEachByte() {
        bus.add(3, new Probe());
        assertThat(ports.read(3, 0, 1)).isEqualTo(0x34);
        assertThat(ports.read(3, 1, 1)).isEqualTo(0x12);
        assertThat(ports.read(3, 2, 2)).isEqualTo(0x5678);
        assertThat(ports.read(3, 3, 2) & 0xFF)
                .as("the byte inside the data port; beyond it nothing answers")
                .isEqualTo(0x56);
    }

    @Test
    void barsAreAssignedAndDecodeFromTheStart() {
        Probe probe = new Probe();
        bus.add(3, probe);
        assertThat(ports.read(3, 0x10, 4)).isEqualTo(0xE000_0000);
        assertThat(ports.read(3, 0x14, 4)).isEqualTo(0xC001);
        assertThat(ports.read(3, 0x18, 4)).isEqualTo(0xE000_4000 | 0xC);
        assertThat(ports.read(3, 0x1C, 4)).isZero();
        assertThat(ports.read(3, 4, 2)).isEqualTo(3);
        assertThat(io.readMmio(0xE000_1004L, 4)).isEqualTo(0xAB00_1004L);
        assertThat(io.readPort(0xC010, 1)).isEqualTo(0xC010);
        memory.write(0xE000_4010L, 4, 0xCAFE);
        assertThat(memory.read(0xE000_4010L, 4)).isEqualTo(0xCAFE);
        assertThat(ports.read(3, 0x3C, 2)).as("line and pin").isEqualTo(0x0100 | 19);
    }

    @Test
    void softwareSizesBarsByWritingOnes() {
        bus.add(3, new Probe());
        ports.write(3, 4, 2, 0);
        for (int offset = 0x10; offset < 0x28; offset += 4) {
            ports.write(3, offset, 4, -1);
        }
        assertThat(ports.read(3, 0x10, 4)).isEqualTo(0xFFFF_E000);
        assertThat(ports.read(3, 0x14, 4)).isEqualTo(0xFFFF_FFC1);
        assertThat(ports.read(3, 0x18, 4)).isEqualTo(0xFFFF_C00C);
        assertThat(ports.read(3, 0x1C, 4)).isEqualTo(-1);
        assertThat(ports.read(3, 0x20, 4)).isEqualTo(0xFFFF_F000);
        assertThat(ports.read(3, 0x24, 4)).as("no BAR").isZero();
    }

    @Test
    void aMovedBarAnswersAtItsNewPlaceOnly() {
        bus.add(3, new Probe());
        ports.write(3, 0x10, 4, 0xF000_0000);
        ports.write(3, 0x14, 4, 0xD000);
        ports.write(3, 0x18, 4, 0xF100_0000);
        assertThat(io.readMmio(0xE000_0004L, 4)).isEqualTo(-1L);
        assertThat(io.readMmio(0xF000_0004L, 4)).isEqualTo(0xAB00_0004L);
        assertThat(io.readPort(0xC010, 1)).isEqualTo(0xFF);
        assertThat(io.readPort(0xD010, 1)).isEqualTo(0xD010);
        assertThat(memory.isMemory(0xE000_4000L)).isFalse();
        assertThat(memory.isMemory(0xF100_0000L)).isTrue();
    }

    @Test
    void decodingSwitchesOffAndOn() {
        bus.add(3, new Probe());
        ports.write(3, 4, 2, 0);
        assertThat(io.readMmio(0xE000_0004L, 4)).isEqualTo(-1L);
        assertThat(memory.isMemory(0xE000_4000L)).isFalse();
        assertThat(io.readPort(0xC010, 1)).isEqualTo(0xFF);
        ports.write(3, 4, 2, 3);
        assertThat(io.readMmio(0xE000_0004L, 4)).isEqualTo(0xAB00_0004L);
        assertThat(memory.isMemory(0xE000_4000L)).isTrue();
        assertThat(io.readPort(0xC010, 1)).isEqualTo(0xC010);
    }

    @Test
    void aBarCantShadowRamOrTheInterruptController() {
        bus.add(3, new Probe());
        Mmio ioapic = new Mmio() {
            @Override
            public long readMmio(long offset, int size) {
                return 0x17;
            }

            @Override
            public void writeMmio(long offset, int size, long value) {}
        };
        io.addMmio(0xFEC0_0000L, 0x1000, ioapic);
        ports.write(3, 0x10, 4, 0xFEC0_0000);
        ports.write(3, 0x18, 4, 0);
        ports.write(3, 0x10, 4, 0);
        assertThat(io.readMmio(0xFEC0_0000L, 4)).isEqualTo(0x17);
        memory.write(0x100, 4, 0x1234);
        assertThat(memory.read(0x100, 4)).isEqualTo(0x1234);
        assertThat(io.readMmio(0x10, 4)).isEqualTo(-1L);
    }

    @Test
    void ofOverlappingBarsTheFirstStaysUntilItMoves() {
        bus.add(3, new Probe());
        bus.add(4, new Probe());
        long second = ports.read(4, 0x10, 4) & 0xFFFF_FFFFL;
        ports.write(4, 0x10, 4, 0xE000_0000);
        assertThat(io.readMmio(second, 4)).isEqualTo(-1L);
        assertThat(io.readMmio(0xE000_0008L, 4)).isEqualTo(0xAB00_0008L);
        ports.write(3, 0x10, 4, (int) second);
        assertThat(io.readMmio(0xE000_0008L, 4)).isEqualTo(0xAB00_0008L);
        assertThat(io.readMmio(second, 4)).isEqualTo(0xAB00_0000L);
    }

    @Test
    void anIoBarOverABoardChipLeavesTheChipItsPorts() {
        PortIo chip = new PortIo() {
            @Override
            public int readPort(int port, int size) {
                return 0x5A;
            }

            @Override
            public void writePort(int port, int size, int value) {}
        };
        io.addPorts(0x2020, 1, chip);
        bus.add(3, new Probe());
        ports.write(3, 0x14, 4, 0x2000);
        assertThat(io.readPort(0x2020, 1)).isEqualTo(0x5A);
        assertThat(io.readPort(0x2000, 1)).isEqualTo(0xFF);
    }

    @Test
    void functionsThatShareALineHoldItTogether() {
        Probe third = new Probe();
        Probe eleventh = new Probe();
        bus.add(3, third);
        bus.add(11, eleventh);
        third.setInterrupt(true);
        eleventh.setInterrupt(true);
        third.setInterrupt(false);
        assertThat(lines.get(19)).containsExactly(true);
        eleventh.setInterrupt(false);
        assertThat(lines.get(19)).containsExactly(true, false);
    }

    @Test
    void intxCanBeDisabledAndShowsInStatus() {
        Probe probe = new Probe();
        bus.add(3, probe);
        probe.setInterrupt(true);
        assertThat(ports.read(3, 6, 2) & 8).isEqualTo(8);
        ports.write(3, 4, 2, 0x403);
        assertThat(lines.get(19)).containsExactly(true, false);
        assertThat(ports.read(3, 6, 2) & 8).isEqualTo(8);
    }

    @Test
    void msixDeliversAndRemembersWhatIsMasked() {
        Probe probe = new Probe();
        bus.add(3, probe);
        int capability = ports.read(3, 0x34, 1);
        assertThat(ports.read(3, capability, 1)).isEqualTo(0x11);
        assertThat(ports.read(3, capability + 2, 2)).as("table size − 1").isEqualTo(2);
        long table = ports.read(3, 0x20, 4) & 0xFFFF_FFFFL;
        io.writeMmio(table + 16, 8, 0xFEE0_1000L);
        io.writeMmio(table + 24, 4, 0x41);

        probe.triggerMsix(1);
        assertThat(messages).as("MSI-X is off").isEmpty();
        ports.write(3, capability + 2, 2, 0x8000);
        ports.write(3, 4, 2, 3);
        ports.write(3, 4, 2, 7);

        probe.triggerMsix(1);
        assertThat(messages).as("masked").isEmpty();
        assertThat(io.readMmio(table + 0x800, 8)).isEqualTo(2);
        io.writeMmio(table + 28, 4, 0);
        assertThat(messages).containsExactly("fee01000=41");
        assertThat(io.readMmio(table + 0x800, 8)).isZero();

        probe.triggerMsix(1);
        assertThat(messages).hasSize(2);
        ports.write(3, capability + 2, 2, 0xC000); // function mask
        probe.triggerMsix(1);
        assertThat(messages).hasSize(2);
        ports.write(3, capability + 2, 2, 0x8000);
        assertThat(messages).hasSize(3);
        probe.triggerMsix(7);
        probe.triggerMsix(-1);
        assertThat(messages).hasSize(3);
    }

    @Test
    void aFunctionThatMayNotMasterTheBusSendsNothing() {
        Probe probe = new Probe();
        bus.add(3, probe);
        int capability = ports.read(3, 0x34, 1);
        long table = ports.read(3, 0x20, 4) & 0xFFFF_FFFFL;
        io.writeMmio(table + 12, 4, 0);
        ports.write(3, capability + 2, 2, 0x8000);
        probe.triggerMsix(0);
        assertThat(messages).isEmpty();
    }

    @Test
    void identityIsReadOnly() {
        bus.add(3, new Probe());
        for (int offset = 0; offset < 256; offset += 4) {
            ports.write(3, offset, 4, -1);
        }
        assertThat(ports.read(3, 0, 4)).isEqualTo(0x5678_1234);
        assertThat(ports.read(3, 8, 4)).isEqualTo(0x0280_0003);
        assertThat(ports.read(3, 0x2C, 4)).isEqualTo(0x1100_1AF4);
        assertThat(ports.read(3, 0x3D, 1)).isEqualTo(1);
    }

    @Test
    void stateSurvivesASnapshot() {
        Probe probe = new Probe();
        bus.add(3, probe);
        ports.write(3, 0x10, 4, 0xF000_0000);
        ports.write(3, 4, 2, 7);
        long table = ports.read(3, 0x20, 4) & 0xFFFF_FFFFL;
        io.writeMmio(table, 8, 0xFEE0_0000L);
        StateWriter saved = new StateWriter();
        probe.save(saved);
        probe.reset();
        assertThat(io.readMmio(0xF000_0004L, 4)).isEqualTo(-1L);
        assertThat(io.readMmio(table, 8)).isZero();

        probe.load(new StateReader("probe", saved.toByteArray()));
        assertThat(io.readMmio(0xF000_0004L, 4)).isEqualTo(0xAB00_0004L);
        assertThat(io.readMmio(table, 8)).isEqualTo(0xFEE0_0000L);
        assertThat(probe.busMaster()).isTrue();
        HostBridge other = new HostBridge();
        bus.add(9, other);
        assertThatThrownBy(() -> other.load(new StateReader("pci.host", saved.toByteArray())))
                .isInstanceOf(StateException.class);
    }
}
