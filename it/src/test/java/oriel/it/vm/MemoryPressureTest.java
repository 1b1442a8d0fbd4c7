package oriel.it.vm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import oriel.hypervisor.display.DisplaySize;
import oriel.hypervisor.guest.GuestCommand;
import oriel.hypervisor.host.BootSpec;
import oriel.hypervisor.host.HostException;
import oriel.hypervisor.host.InProcessHost;
import oriel.hypervisor.host.MachineSpec;
import oriel.hypervisor.host.MachineUsage;
import oriel.hypervisor.machine.Accelerator;
import oriel.it.guest.GoldenImage;

/** A host whose memory is promised takes some back from a desktop that can spare it, before it refuses a machine. */
@Tag("guest")
@Timeout(value = 20, unit = TimeUnit.MINUTES)
class MemoryPressureTest {
    private static final Duration LIMIT = Duration.ofMinutes(8);
    private static final int HOST_MIB = 800;
    private static final int DESKTOP_MIB = 512;
    private static final int SECOND_MIB = 384;
    private static final long NEEDED = (long) (DESKTOP_MIB + SECOND_MIB - HOST_MIB) << 20;

    @TempDir
    private Path folder;

    private MachineSpec spec(GoldenImage image, String name, int memoryMib) {
        BootSpec boot = new BootSpec(image.kernel(), image.initrd(), image.commandLine());
        return new MachineSpec(name, "test", 1, memoryMib, 1, image.disk(), boot, new DisplaySize(800, 600));
    }

    @Test
    void memoryIsTakenFromAnIdleDesktopAndGivenBack() throws Exception {
        GoldenImage image = GoldenImage.get();
        try (InProcessHost host = new InProcessHost("test", folder, Accelerator.AUTO, HOST_MIB)) {
            MachineSpec desktop = spec(image, "desktop", DESKTOP_MIB);
            MachineSpec second = spec(image, "second", SECOND_MIB);
            MachineSpec third = spec(image, "third", DESKTOP_MIB);
            for (MachineSpec spec : new MachineSpec[] {desktop, second, third}) {
                host.create(spec);
            }
            host.start(desktop);
            await("a desktop, and what its guest says of its memory")
                    .atMost(LIMIT)
                    .until(() -> host.find("desktop").orElseThrow().guestReady()
                            && usage(host).guestAvailable().orElse(0) > 200 << 20);
            assertThat(usage(host).balloonedMemory()).isZero();

            host.start(second);
            assertThat(usage(host).balloonedMemory())
                    .as("what was missing for the second")
                    .isGreaterThanOrEqualTo(NEEDED);
            assertThatThrownBy(() -> host.start(third))
                    .isInstanceOf(HostException.class)
                    .hasMessageContaining("idle machines have none to give back")
                    .hasMessageContaining("host.memory-overcommit-percent");
            assertThat(host.guestAgent("desktop")
                            .orElseThrow()
                            .execute(GuestCommand.of("/bin/echo", "still here"), LIMIT)
                            .get(LIMIT.toSeconds(), TimeUnit.SECONDS)
                            .output())
                    .contains("still here");

            await("what was taken in vain is given back")
                    .atMost(LIMIT)
                    .until(() -> usage(host).balloonedMemory() < NEEDED + (1 << 20)); // counted in whole MiB

            host.stop("second");
            await("the memory is given back")
                    .atMost(LIMIT)
                    .until(() -> usage(host).balloonedMemory() == 0);
        }
    }

    private static MachineUsage usage(InProcessHost host) {
        return host.usage("desktop").orElseThrow();
    }
}
