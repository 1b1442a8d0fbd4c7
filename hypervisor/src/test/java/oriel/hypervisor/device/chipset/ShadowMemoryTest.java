package oriel.hypervisor.device.chipset;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import oriel.hypervisor.bus.IoBus;
import oriel.hypervisor.device.pci.HostBridge;
import oriel.hypervisor.device.pci.PciBus;
import oriel.hypervisor.memory.GuestMemory;

/** The BIOS and the RAM behind it, switched as a BIOS does it: by the host bridge's attribute map. */
class ShadowMemoryTest {
    private static final int SIZE = 256 << 10;

    private final GuestMemory memory = new GuestMemory(2 << 20);
    private final IoBus io = new IoBus();
    private final ShadowMemory shadow = new ShadowMemory(memory, bios());
    private final HostBridge bridge = new HostBridge(shadow::set);

    ShadowMemoryTest() {
        new PciBus(io, memory, _ -> _ -> {}, (_, _) -> {}, false).add(0, bridge);
        bridge.reset();
    }

    @AfterEach
    void free() {
        memory.close();
        shadow.close();
    }

    /** Each page starts with its number, from 1. */
    private static byte[] bios() {
        byte[] bytes = new byte[SIZE];
        for (int page = 0; page < SIZE >> 12; page++) {
            bytes[page << 12] = (byte) (page + 1);
        }
        return bytes;
    }

    private void attribute(int register, int value) {
        io.writePort(0xCF8, 4, 0x8000_0000 | register & ~3);
        io.writePort(0xCFC + (register & 3), 1, value);
    }

    @Test
    void afterResetTheBiosIsAtBothItsPlaces() {
        assertThat(memory.read(0xFFFC_0000L, 1)).isEqualTo(1);
        assertThat(memory.read(0xFFFF_F000L, 1)).isEqualTo(64);
        assertThat(memory.read(0xF_F000, 1)).isEqualTo(64);
        assertThat(memory.read(0xE_0000, 1)).as("the last 128 KiB").isEqualTo(33);
        assertThat(memory.isMemory(0xD_FFFF)).isFalse();
        assertThat(memory.store(0xF_0000, 1, 0x55)).isTrue();
        assertThat(memory.read(0xF_0000, 1)).as("read-only").isEqualTo(49);
        assertThat(memory.store(0xFFFF_0000L, 1, 0x55)).isTrue();
        assertThat(memory.read(0xFFFF_0000L, 1)).isEqualTo(49);
    }

    @Test
    void shadowRamIsWrittenAndThenProtected() {
        attribute(0x59, 0x30);
        memory.write(0xF_0000, 1, 0x77);
        assertThat(memory.read(0xF_0000, 1)).isEqualTo(0x77);
        assertThat(memory.read(0xE_F000, 1)).as("the segment below stays").isEqualTo(48);
        attribute(0x59, 0x10);
        memory.write(0xF_0000, 1, 0x88);
        assertThat(memory.read(0xF_0000, 1)).isEqualTo(0x77);
        bridge.reset();
        assertThat(memory.read(0xF_0000, 1)).isEqualTo(49);
    }

    @Test
    void twoSegmentsShareARegister() {
        attribute(0x5A, 0x03);
        assertThat(memory.isMemory(0xC_3FFF)).isTrue();
        assertThat(memory.isMemory(0xC_4000)).isFalse();
        attribute(0x5A, 0x30);
        assertThat(memory.isMemory(0xC_3FFF)).isFalse();
        assertThat(memory.isMemory(0xC_4000)).isTrue();
        assertThat(memory.isMemory(0xC_8000)).isFalse();
    }

    @Test
    void savedMapIsRestored() {
        attribute(0x59, 0x30);
        memory.write(0xF_0000, 1, 0x77);
        byte[] state = Snapshots.save(bridge);
        bridge.reset();
        Snapshots.load(bridge, state);
        assertThat(memory.read(0xF_0000, 1)).isEqualTo(0x77);
    }

    @Test
    void noMapShowsOrChangesAnythingElse() {
        Random random = new Random(3);
        memory.write(0x10_0000, 8, 0x1234);
        for (int i = 0; i < 3000; i++) {
            attribute(0x59 + random.nextInt(7), random.nextInt());
            memory.store(0xC_0000 + random.nextInt(0x4_0000), 1, random.nextInt());
        }
        assertThat(memory.read(0x10_0000, 8)).isEqualTo(0x1234);
        bridge.reset();
        assertThat(memory.read(0xE_0000, 1)).isEqualTo(33);
    }
}
