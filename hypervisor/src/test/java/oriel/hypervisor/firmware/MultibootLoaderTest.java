package oriel.hypervisor.firmware;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import oriel.hypervisor.cpu.CpuState;
import oriel.hypervisor.memory.GuestMemory;

class MultibootLoaderTest {
    private static final int MAGIC = 0x1BADB002, ADDRESSES = 1 << 16, LOAD = 0x10_0000;

    private final GuestMemory memory = new GuestMemory(64 << 20);
    private final CpuState cpu = new CpuState();

    @AfterEach
    void close() {
        memory.close();
    }

    /** A flat kernel: 16 bytes, then its header, then "code"; 4 KiB of zeros behind. */
    private static byte[] flat(int flags, int header, int loadEnd) {
        ByteBuffer file = ByteBuffer.allocate(52).order(ByteOrder.LITTLE_ENDIAN);
        file.putInt(16, MAGIC).putInt(20, flags).putInt(24, -(MAGIC + flags));
        file.putInt(28, header).putInt(32, LOAD).putInt(36, loadEnd).putInt(40, LOAD + 0x1000);
        file.putInt(44, LOAD + 48);
        file.put(48, "code".getBytes(StandardCharsets.US_ASCII));
        return file.array();
    }

    /** A 32-bit ELF kernel with one segment of 16 bytes, its header, at 2 MiB. */
    private static byte[] elf() {
        ByteBuffer file = ByteBuffer.allocate(112).order(ByteOrder.LITTLE_ENDIAN);
        file.putInt(0, 0x464C_457F).put(4, (byte) 1).putShort(18, (short) 3);
        file.putInt(24, 0x20_000C).putInt(28, 52).putShort(42, (short) 32).putShort(44, (short) 1);
        file.putInt(52, 1).putInt(56, 96).putInt(60, 0x20_0000).putInt(64, 0x20_0000);
        file.putInt(68, 16).putInt(72, 32);
        file.putInt(96, MAGIC).putInt(100, 0).putInt(104, -MAGIC).putInt(108, 0x1234);
        return file.array();
    }

    private void load(byte[] file, byte[] module) {
        new MultibootLoader(MultibootKernel.parse(file, "k"), Initrd.of(module), "k a=1").load(memory, cpu);
    }

    private long information(int offset) {
        return memory.read(cpu.gpr[CpuState.RBX] + offset, 4);
    }

    @Test
    void flatKernelIsEnteredIn32BitProtectedMode() {
        memory.write(LOAD + 52, 8, -1);
        load(flat(ADDRESSES, LOAD + 16, 0), new byte[0]);
        assertThat(cpu.rip).isEqualTo(LOAD + 48);
        assertThat(memory.read(cpu.rip, 4)).isEqualTo(0x6564_6F63);
        assertThat(memory.read(LOAD + 52, 8)).as("zeros behind it").isZero();
        assertThat(cpu.gpr[CpuState.RAX]).isEqualTo(0x2BADB002);
        assertThat(cpu.cr0 & 0x8000_0001L).isEqualTo(1);
        assertThat(cpu.segments[CpuState.CS].big()).isTrue();
        assertThat(cpu.segments[CpuState.DS].limit).isEqualTo(0xFFFF_FFFFL);
    }

    @Test
    void elfKernelIsLoadedWhereItsSegmentsSay() {
        load(elf(), new byte[0]);
        assertThat(cpu.rip).isEqualTo(0x20_000C);
        assertThat(memory.read(0x20_000C, 4)).isEqualTo(0x1234);
    }

    @Test
    void kernelIsToldItsCommandLineMemoryAndModule() {
        load(elf(), new byte[] {'x', 'y'});
        assertThat(information(0)).as("memory, command line, modules, map").isEqualTo(1 | 4 | 8 | 64);
        assertThat(information(8)).as("KiB above 1 MiB").isEqualTo(63 << 10);
        assertThat(memory.read(information(16), 4)).isEqualTo(0x3D61_206B);
        long module = information(24);
        assertThat(memory.read(memory.read(module, 4), 2)).isEqualTo('x' | 'y' << 8);
        assertThat(memory.read(module + 4, 4) - memory.read(module, 4)).isEqualTo(2);
        assertThat(information(44) % 24).as("whole entries of the map").isZero();
    }

    @Test
    void damagedOrForeignKernelsAreRefused() {
        assertThatThrownBy(() -> MultibootKernel.parse(new byte[100], "k"))
                .isInstanceOf(FirmwareException.class)
                .hasMessageContaining("no Multiboot header");
        assertThatThrownBy(() -> MultibootKernel.parse(flat(ADDRESSES, LOAD + 17, 0), "k"))
                .hasMessageContaining("damaged");
        assertThatThrownBy(() -> MultibootKernel.parse(flat(ADDRESSES, LOAD + 16, LOAD + 53), "k"))
                .hasMessageContaining("damaged");
        assertThatThrownBy(() -> MultibootKernel.parse(flat(ADDRESSES | 8, LOAD + 16, 0), "k"))
                .hasMessageContaining("demands");
        assertThatThrownBy(() -> load(flat(ADDRESSES, LOAD + 16, 0), new byte[65 << 20]))
                .hasMessageContaining("doesn't fit");
    }
}
