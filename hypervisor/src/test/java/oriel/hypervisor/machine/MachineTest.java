package oriel.hypervisor.machine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import oriel.hypervisor.disk.DiskFormat;
import oriel.hypervisor.disk.DiskImage;
import oriel.hypervisor.disk.DiskImages;
import oriel.hypervisor.display.DisplaySize;
import oriel.hypervisor.firmware.Boot;
import oriel.hypervisor.firmware.Initrd;
import oriel.hypervisor.firmware.LinuxKernel;

@Timeout(value = 60, unit = TimeUnit.SECONDS)
class MachineTest {
    private static final DisplaySize SIZE = new DisplaySize(320, 200);

    @TempDir
    private Path folder;

    private Path diskFile;
    private final ByteArrayOutputStream serial = new ByteArrayOutputStream();
    private final CompletableFuture<MachineEnd> end = new CompletableFuture<>();
    private final AtomicBoolean pictureAtTheEnd = new AtomicBoolean();

    @BeforeEach
    void disk() {
        diskFile = folder.resolve("disk.qcow2");
        DiskImages.createQcow2(diskFile, 1 << 20);
    }

    private DiskImage openDisk() {
        return DiskImages.open(diskFile, Optional.of(DiskFormat.QCOW2), false);
    }

    private Machine machine(Path kernel) {
        Machine machine = new Machine(new MachineConfig(
                "test",
                32,
                1,
                Accelerator.EMULATED,
                new Boot.Kernel(LinuxKernel.read(kernel), Initrd.none(), ""),
                List.of(openDisk()),
                MachineConfig.CdDrive.NONE,
                SIZE,
                serial::write));
        machine.addListener(new MachineListener() {
            @Override
            public void ending() {
                int[] pixels = new int[SIZE.width() * SIZE.height()];
                pictureAtTheEnd.set(machine.display().copyPixels(SIZE, SIZE.bounds(), pixels, 0, SIZE.width()));
                throw new IllegalStateException("a listener that fails");
            }

            @Override
            public void ended(MachineEnd how) {
                end.complete(how);
            }
        });
        return machine;
    }

    @Test
    void guestThatSwitchesItselfOffEndsTheMachineWithItsLastPicture() throws Exception {
        Machine machine = machine(GuestPrograms.writeAndPowerOff(folder.resolve("kernel"), "bye\n"));
        machine.start();
        assertThat(end.get().cause()).isEqualTo(MachineEnd.Cause.POWER_OFF);
        assertThat(serial).hasToString("bye\n");
        assertThat(pictureAtTheEnd).isTrue();
        assertThat(machine.statistics().instructions()).isPositive();
        openDisk().close(); // it is free again
    }

    @Test
    void machineThatNeverStartedGivesItsDisksBack() throws Exception {
        Machine machine = machine(GuestPrograms.writeAndSleep(folder.resolve("kernel"), "hello\n"));
        machine.stop();
        assertThat(end.get().cause()).isEqualTo(MachineEnd.Cause.STOPPED);
        assertThat(serial.size()).isZero();
        openDisk().close();
        machine.stop();
        assertThatThrownBy(machine::start).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void screenLargerThanVideoMemoryIsRefused() throws IOException {
        Path kernel = GuestPrograms.writeAndSleep(folder.resolve("kernel"), "");
        assertThatThrownBy(() -> new MachineConfig(
                        "test",
                        32,
                        1,
                        Accelerator.EMULATED,
                        new Boot.Kernel(LinuxKernel.read(kernel), Initrd.none(), ""),
                        List.of(),
                        MachineConfig.CdDrive.NONE,
                        new DisplaySize(10_000, 10_000),
                        serial::write))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("video memory");
    }
}
