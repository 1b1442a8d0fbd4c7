package oriel.hypervisor.device.pci;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.TreeSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import oriel.hypervisor.bus.IoBus;
import oriel.hypervisor.bus.StateReader;
import oriel.hypervisor.bus.StateWriter;
import oriel.hypervisor.memory.GuestMemory;

class IsaBridgeTest {
    private static final int SLOT = 31;

    private final TreeSet<String> asserted = new TreeSet<>();
    private final GuestMemory memory = new GuestMemory(1 << 20);
    private final IoBus io = new IoBus();
    private final PciPorts ports = new PciPorts(io);
    private int lines;
    private final IsaBridge bridge = new IsaBridge(irq -> {
        String name = "irq " + irq + " line " + lines++;
        return on -> {
            if (on) {
                asserted.add(name);
            } else {
                asserted.remove(name);
            }
        };
    });

    IsaBridgeTest() {
        new PciBus(io, memory, _ -> _ -> {}, (_, _) -> {}, false).add(SLOT, bridge);
        bridge.reset();
    }

    @AfterEach
    void free() {
        memory.close();
    }

    @Test
    void interruptsGoNowhereUntilFirmwareRoutesThem() {
        bridge.set(17, true);
        assertThat(asserted).isEmpty();
        ports.write(SLOT, 0x60, 1, 10);
        assertThat(asserted).singleElement().asString().startsWith("irq 10 ");
        ports.write(SLOT, 0x60, 1, 11);
        assertThat(asserted).singleElement().asString().startsWith("irq 11 ");
        ports.write(SLOT, 0x60, 1, 0x8B);
        assertThat(asserted).isEmpty();
    }

    @Test
    void twoInterruptsShareAPirq() {
        ports.write(SLOT, 0x61, 1, 10);
        bridge.set(18, true);
        bridge.set(22, true);
        bridge.set(18, false);
        assertThat(asserted).hasSize(1);
        bridge.set(22, false);
        assertThat(asserted).isEmpty();
    }

    @Test
    void timerAndKeyboardInterruptsAreOutOfReach() {
        for (int irq : new int[] {0, 1, 2, 8, 13}) {
            ports.write(SLOT, 0x60, 1, irq);
            bridge.set(17, true);
            assertThat(asserted).isEmpty();
        }
    }

    @Test
    void savedRoutesDriveTheirLines() {
        ports.write(SLOT, 0x62, 1, 5);
        bridge.set(19, true);
        StateWriter out = new StateWriter();
        bridge.save(out);
        bridge.reset();
        assertThat(asserted).isEmpty();
        bridge.load(new StateReader("isa", out.toByteArray()));
        assertThat(asserted).singleElement().asString().startsWith("irq 5 ");
    }
}
