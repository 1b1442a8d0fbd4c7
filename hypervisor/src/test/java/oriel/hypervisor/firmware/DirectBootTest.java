package oriel.hypervisor.firmware;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import oriel.hypervisor.cpu.CpuState;
import oriel.hypervisor.memory.GuestMemory;

class DirectBootTest {
    private static final long PARAMS = 0x7000;

    private final GuestMemory memory = new GuestMemory(64 << 20);
    private final CpuState cpu = new CpuState();
    private final LinuxKernel kernel = LinuxKernel.parse(TestKernels.bzImage(TestKernels.Packing.GZIP), "k");

    @AfterEach
    void close() {
        memory.close();
    }

    private void boot(LinuxKernel which, byte[] initrd, String line, @Nullable Framebuffer screen) {
        new DirectBoot(which, Initrd.of(initrd), line, screen, 0xE0000).load(memory, cpu);
    }

    private String text(long gpa, int length) {
        byte[] bytes = new byte[length];
        memory.read(gpa, bytes, 0, length);
        return new String(bytes, StandardCharsets.US_ASCII);
    }

    private long params(int offset, int size) {
        return memory.read(PARAMS + offset, size);
    }

    @Test
    void kernelLiesAtItsPhysicalAddressesWithZeroedBss() {
        memory.write(TestKernels.DATA + 4, 8, -1L);
        boot(kernel, new byte[0], "", null);
        assertThat(text(TestKernels.TEXT, 4)).isEqualTo("text");
        assertThat(text(TestKernels.DATA, 4)).isEqualTo("data");
        assertThat(memory.read(TestKernels.DATA + 4, 8)).isZero();
        assertThat(cpu.rip).isEqualTo(TestKernels.TEXT);
    }

    @Test
    void processorIsInLongModeAsTheProtocolWants() {
        boot(kernel, new byte[0], "", null);
        assertThat(cpu.gpr[CpuState.RSI]).isEqualTo(PARAMS);
        assertThat(cpu.cr0 & 0x8000_0001L).isEqualTo(0x8000_0001L);
        assertThat(cpu.cr4 & 0x20).isNotZero();
        assertThat(cpu.efer & 0x500).isEqualTo(0x500);
        assertThat(cpu.segments[CpuState.CS].selector).isEqualTo(0x10);
        assertThat(cpu.segments[CpuState.CS].longMode()).isTrue();
        assertThat(cpu.segments[CpuState.SS].selector).isEqualTo(0x18);
        assertThat(cpu.cpl()).isZero();
        assertThat(cpu.rflags & 0x200).isZero();
        assertThat(memory.read(cpu.gdtBase + 0x10, 8)).isEqualTo(0x00AF_9B00_0000_FFFFL);
    }

    @Test
    void firstFourGibibytesAreIdentityMapped() {
        boot(kernel, new byte[0], "", null);
        for (long address :
                new long[] {0, 0x7000, 0x100_0000, 0x3FFF_FFFFL, 0x4000_0000L, 0xFEE0_0000L, 0xFFFF_FFFFL}) {
            long pdpt = memory.read(cpu.cr3 + 8 * (address >>> 39), 8) & ~0xFFFL;
            long directory = memory.read(pdpt + 8 * (address >>> 30 & 511), 8) & ~0xFFFL;
            long entry = memory.read(directory + 8 * (address >>> 21 & 511), 8);
            assertThat(entry).isEqualTo(address & ~0x1F_FFFFL | 0x83);
        }
    }

    @Test
    void bootParametersAreFilled() {
        byte[] initrd = new byte[5000];
        initrd[0] = 'R';
        boot(kernel, initrd, "console=ttyS0 quiet", new Framebuffer(0xE000_0000L, 16 << 20, 1280, 800, 5120));
        assertThat(params(0x202, 4)).isEqualTo(0x5372_6448);
        assertThat(params(0x210, 1)).isEqualTo(0xFF);
        assertThat(params(0x70, 8)).isEqualTo(0xE0000);
        assertThat(text(params(0x228, 4), 20)).isEqualTo("console=ttyS0 quiet\0");
        assertThat(params(0x21C, 4)).isEqualTo(5000);
        assertThat(params(0x218, 4)).isEqualTo((64L << 20) - 0x2000);
        assertThat(text(params(0x218, 4), 1)).isEqualTo("R");
        assertThat(params(0x0F, 1)).isEqualTo(0x70); // VIDEO_TYPE_EFI
        assertThat(params(0x12, 2)).isEqualTo(1280);
        assertThat(params(0x14, 2)).isEqualTo(800);
        assertThat(params(0x18, 4)).isEqualTo(0xE000_0000L);
        assertThat(params(0x24, 2)).isEqualTo(5120);
        assertThat(params(0x1EF, 1)).as("sentinel").isZero();
    }

    @Test
    void memoryMapCoversRamOnce() {
        boot(kernel, new byte[0], "", null);
        int entries = (int) params(0x1E8, 1);
        long end = 0;
        long ram = 0;
        for (int i = 0; i < entries; i++) {
            int at = 0x2D0 + 20 * i;
            assertThat(params(at, 8)).isGreaterThanOrEqualTo(end);
            end = params(at, 8) + params(at + 8, 8);
            if (params(at + 16, 4) == 1) {
                ram += params(at + 8, 8);
            }
        }
        assertThat(end).isEqualTo(64 << 20);
        assertThat(ram).isEqualTo((64 << 20) - 0x10_0000 + 0x9FC00);
    }

    @Test
    void memoryAboveTheDeviceWindowIsListed() {
        try (GuestMemory large = new GuestMemory(4L << 30)) {
            new DirectBoot(kernel, Initrd.none(), "", null, 0).load(large, cpu);
            long last = PARAMS + 0x2D0 + 20 * (large.read(PARAMS + 0x1E8, 1) - 1);
            assertThat(large.read(last, 8)).isEqualTo(1L << 32);
            assertThat(large.read(last + 8, 8)).isEqualTo(1L << 30);
        }
    }

    @Test
    void kernelThatUnpacksItselfIsEnteredAtIts64BitEntry() {
        boot(LinuxKernel.parse(TestKernels.bzImage(TestKernels.Packing.UNKNOWN), "k"), new byte[0], "quiet", null);
        assertThat(cpu.rip).isEqualTo(TestKernels.TEXT + 0x200);
        assertThat(memory.read(cpu.rip, 1)).isEqualTo(0x90);
        assertThat(text(params(0x228, 4), 14)).isEqualTo("quiet nokaslr\0");
    }

    @Test
    void tooLittleMemorySaysHowMuch() {
        try (GuestMemory small = new GuestMemory(8 << 20)) {
            assertThatThrownBy(() -> new DirectBoot(kernel, Initrd.none(), "", null, 0).load(small, cpu))
                    .isInstanceOf(FirmwareException.class)
                    .hasMessageContaining("give the machine at least");
        }
        assertThatThrownBy(() -> boot(kernel, new byte[60 << 20], "", null))
                .isInstanceOf(FirmwareException.class)
                .hasMessageContaining("give the machine at least");
    }

    @Test
    void longCommandLineIsRefused() {
        assertThatThrownBy(() -> boot(kernel, new byte[0], "x".repeat(2048), null))
                .isInstanceOf(FirmwareException.class)
                .hasMessageContaining("2047");
    }

    @Test
    void impossibleScreenIsRefused() {
        assertThatThrownBy(() -> new Framebuffer(0xE000_0000L, 1 << 20, 1280, 800, 5120))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
