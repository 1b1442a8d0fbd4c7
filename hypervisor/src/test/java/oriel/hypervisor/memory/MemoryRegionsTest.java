package oriel.hypervisor.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Regions over RAM: holes and read-only views. */
class MemoryRegionsTest {
    private final GuestMemory memory = new GuestMemory(4 << 20);

    @AfterEach
    void close() {
        memory.close();
    }

    @Test
    void holeHidesTheRamBeneathUntilItIsRemoved() {
        memory.write(0xA0000, 4, 0x12345678);
        MemoryRegion hole = MemoryRegion.hole("vga", 0xA0000, 0x20000);
        memory.add(hole);
        assertThat(memory.isMemory(0xA0000)).isFalse();
        assertThat(memory.readable(0xBFFFF)).isZero();
        assertThat(memory.cacheableForWrite(0xA0000)).isZero();
        assertThat(memory.store(0xA0000, 4, 1)).isFalse();
        assertThat(memory.isMemory(0x9FFFF)).isTrue();
        assertThat(memory.isMemory(0xC0000)).isTrue();
        assertThatThrownBy(() -> memory.read(0x9FFFE, 4)).isInstanceOf(GuestMemoryException.class);
        memory.remove(hole);
        assertThat(memory.read(0xA0000, 4)).isEqualTo(0x12345678);
    }

    @Test
    void laterRegionCoversAHole() {
        memory.add(MemoryRegion.hole("below", 0xC0000, 0x10000));
        memory.add(memory.writeProtected("above", 0xC4000, 0x4000));
        assertThat(memory.isMemory(0xC3FFF)).isFalse();
        assertThat(memory.isMemory(0xC4000)).isTrue();
    }

    @Test
    void writeProtectedViewShowsTheRamAndKeepsIt() {
        memory.write(0xF0000, 4, 0xCAFE);
        MemoryRegion view = memory.writeProtected("shadow", 0xF0000, 0x10000);
        memory.add(view);
        assertThat(memory.read(0xF0000, 4)).isEqualTo(0xCAFE);
        assertThat(memory.store(0xF0000, 4, 1)).isTrue();
        memory.write(0xF0000, 4, 2);
        assertThat(memory.cacheableForWrite(0xF0000)).isZero();
        memory.remove(view);
        assertThat(memory.read(0xF0000, 4)).isEqualTo(0xCAFE);
        assertThatThrownBy(() -> memory.writeProtected("outside", 0x3FF000, 0x2000))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
