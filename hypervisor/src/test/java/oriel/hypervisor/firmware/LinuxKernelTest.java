package oriel.hypervisor.firmware;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class LinuxKernelTest {
    @ParameterizedTest
    @EnumSource(
            value = TestKernels.Packing.class,
            names = {"NONE", "GZIP", "XZ"})
    void unpacksOnTheHost(TestKernels.Packing packing) {
        LinuxKernel kernel = LinuxKernel.parse(TestKernels.bzImage(packing), "k");
        assertThat(kernel.unpacked()).isTrue();
        assertThat(kernel.elf().entry()).isEqualTo(TestKernels.TEXT);
        assertThat(kernel.elf().start()).isEqualTo(TestKernels.TEXT);
        assertThat(kernel.elf().end()).isEqualTo(TestKernels.DATA + 4100);
    }

    @Test
    void plainVmlinuxWorksToo() {
        LinuxKernel kernel = LinuxKernel.parse(TestKernels.elf(), "vmlinux");
        assertThat(kernel.unpacked()).isTrue();
        assertThat(kernel.commandLineLimit()).isEqualTo(2047);
    }

    @Test
    void otherPackingsUnpackThemselves() {
        LinuxKernel kernel = LinuxKernel.parse(TestKernels.bzImage(TestKernels.Packing.UNKNOWN), "k");
        assertThat(kernel.unpacked()).isFalse();
        assertThat(kernel.selfUnpacking()[0x200]).isEqualTo((byte) 0x90);
    }

    @Test
    void missingFileSaysWhatToDo(@TempDir Path directory) {
        assertThatThrownBy(() -> LinuxKernel.read(directory.resolve("vmlinuz")))
                .isInstanceOf(FirmwareException.class)
                .hasMessageContaining("vmlinuz")
                .hasMessageContaining("build the golden image");
    }

    @Test
    void otherFilesAreNamedAsSuch(@TempDir Path directory) throws Exception {
        Path text = Files.writeString(directory.resolve("notes.txt"), "hello".repeat(500));
        assertThatThrownBy(() -> LinuxKernel.read(text))
                .isInstanceOf(FirmwareException.class)
                .hasMessageContaining("not a Linux kernel");
    }

    @Test
    void wrongMachineIsNamed() {
        byte[] elf = TestKernels.elf();
        elf[18] = 3; // i386
        assertThatThrownBy(() -> LinuxKernel.parse(elf, "k"))
                .isInstanceOf(FirmwareException.class)
                .hasMessageContaining("amd64");
    }

    @Test
    void damagedPayloadIsFound() {
        byte[] file = TestKernels.bzImage(TestKernels.Packing.XZ);
        file[file.length - 60] ^= 0x55;
        assertThatThrownBy(() -> LinuxKernel.parse(file, "k"))
                .isInstanceOf(FirmwareException.class)
                .hasMessageContaining("damaged")
                .hasMessageContaining("reinstall");
    }

    @Test
    void anyCutOrFlippedKernelIsAnErrorOrAKernel() {
        Random random = new Random(17);
        for (TestKernels.Packing packing : TestKernels.Packing.values()) {
            byte[] good = TestKernels.bzImage(packing);
            for (int i = 0; i < 300; i++) {
                byte[] bad = Arrays.copyOf(good, random.nextInt(4) == 0 ? random.nextInt(good.length) : good.length);
                for (int flips = random.nextInt(6); flips > 0 && bad.length > 0; flips--) {
                    int at = random.nextBoolean()
                            ? random.nextInt(bad.length)
                            : Math.min(0x1F1 + random.nextInt(128), bad.length - 1);
                    bad[at] = (byte) random.nextInt();
                }
                try {
                    LinuxKernel.parse(bad, "k");
                } catch (FirmwareException e) {
                    assertThat(e).hasMessageContaining("k ");
                }
            }
        }
    }
}
