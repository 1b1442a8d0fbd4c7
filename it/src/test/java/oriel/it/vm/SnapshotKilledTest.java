package oriel.it.vm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import oriel.hypervisor.disk.DiskImages;
import oriel.hypervisor.display.DisplaySize;
import oriel.hypervisor.host.BootSpec;
import oriel.hypervisor.host.InProcessHost;
import oriel.hypervisor.host.MachineSpec;
import oriel.hypervisor.host.SnapshotInfo;
import oriel.hypervisor.machine.Accelerator;
import oriel.it.guest.GoldenImage;
import oriel.it.process.OrielProcess;

/**
 * The process is killed while it takes snapshots, at moments that nobody chose, of a guest that writes and syncs its disk
 * all the time. The next process finds a machine that can be started and snapshots that can be restored, and nothing else.
 */
@Tag("slow")
@Timeout(value = 20, unit = TimeUnit.MINUTES)
class SnapshotKilledTest {
    private static final Duration BOOT = Duration.ofMinutes(5);
    private static final int KILLS = 6;
    private static final String MACHINE = "vm";

    private static final String WRITE_LOOP = """
            n=0
            while :; do
              n=$((n + 1))
              /bin/busybox yes "round $n" | /bin/busybox dd of=/dev/vda bs=20k count=5 seek=$((n * 37 % 300)) \\
                  iflag=fullblock conv=fsync 2>/dev/null
              echo "synced $n"
            done
            """;

    @TempDir
    private Path folder;

    private Path machines;
    private Path messages;
    private MachineSpec spec;

    @BeforeEach
    void files() throws IOException, InterruptedException {
        assumeTrue(Files.isExecutable(Path.of("/usr/bin/qemu-img")), "install Debian's package qemu-utils");
        GoldenImage image = GoldenImage.get();
        machines = folder.resolve("machines");
        Path disk = folder.resolve("golden.qcow2");
        DiskImages.createQcow2(disk, 16 << 20);
        Path initrd = folder.resolve("initrd");
        SmallInitrd.write(image.initrd(), WRITE_LOOP, initrd);
        spec = spec(disk, new BootSpec(image.kernel(), initrd, image.commandLine()));
        messages = folder.resolve("child.log");
    }

    private static MachineSpec spec(Path disk, BootSpec boot) {
        return new MachineSpec(MACHINE, "test", 1, 128, 1, disk, boot, new DisplaySize(640, 480));
    }

    /** The process that is killed: takes snapshots in turn, with memory and without, and says before each which one. */
    static final class Child {
        private Child() {}

        /** First number, folder of machines, disk, kernel, initrd, command line. */
        public static void main(String[] arguments) throws Exception {
            Path machines = Path.of(arguments[1]);
            BootSpec boot = new BootSpec(Path.of(arguments[3]), Path.of(arguments[4]), arguments[5]);
            MachineSpec spec = SnapshotKilledTest.spec(Path.of(arguments[2]), boot);
            InProcessHost host = new InProcessHost("child", machines, Accelerator.AUTO, 4096);
            host.create(spec);
            host.start(spec);
            await().atMost(BOOT).until(() -> serial(machines).contains("synced 3"));
            for (int number = Integer.parseInt(arguments[0]); ; number++) {
                System.out.println("taking " + number);
                host.snapshot(MACHINE, "snapshot-" + number, number % 2 == 0);
            }
        }
    }

    private static String serial(Path machines) {
        try {
            Path log = machines.resolve(MACHINE).resolve("serial.log");
            return Files.exists(log) ? Files.readString(log, StandardCharsets.ISO_8859_1) : "";
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void killedSnapshotsLeaveNoLitter() throws Exception {
        Random random = new Random(11);
        int next = 0;
        for (int kill = 0; kill < KILLS; kill++) {
            int atLeast = next + 1 + random.nextInt(2);
            Process child = OrielProcess.ofMain(
                            Child.class.getName(),
                            List.of(
                                    Integer.toString(next),
                                    machines.toString(),
                                    spec.goldenDisk().toString(),
                                    spec.boot().kernel().toString(),
                                    spec.boot().initrd().toString(),
                                    spec.boot().commandLine()))
                    .redirectErrorStream(true)
                    .redirectOutput(messages.toFile())
                    .start();
            try {
                await().atMost(BOOT)
                        .failFast(() -> {
                            if (!child.isAlive()) {
                                throw new AssertionError("the process has ended: " + Files.readString(messages));
                            }
                        })
                        .until(() -> Files.readString(messages).contains("taking " + atLeast));
                TimeUnit.MICROSECONDS.sleep(random.nextInt(400_000)); // any moment of it will do
            } finally {
                child.destroyForcibly().waitFor();
            }
            next = look(kill) + 1;
        }
    }

    /** What the next process finds; the highest number of a snapshot that is there. */
    private int look(int kill) throws Exception {
        try (InProcessHost host = new InProcessHost("test", machines, Accelerator.AUTO, 4096)) {
            List<SnapshotInfo> snapshots = host.snapshots(MACHINE);
            assertNoLitter(snapshots);
            if (!snapshots.isEmpty()) {
                host.restore(MACHINE, snapshots.get(kill % snapshots.size()).name());
                host.stop(MACHINE);
            }
            host.start(spec);
            await().atMost(BOOT).until(() -> serial(machines).contains("synced 2"));
            host.stop(MACHINE);
            assertNoLitter(host.snapshots(MACHINE));
            // A chain has a limit, and snapshots are no part of what the next round is about.
            for (SnapshotInfo snapshot : snapshots.size() > 6 ? snapshots : List.<SnapshotInfo>of()) {
                host.deleteSnapshot(MACHINE, snapshot.name());
            }
            return snapshots.stream()
                    .mapToInt(info -> Integer.parseInt(info.name().substring("snapshot-".length())))
                    .max()
                    .orElse(-1);
        }
    }

    private void assertNoLitter(List<SnapshotInfo> snapshots) throws IOException, InterruptedException {
        Path own = machines.resolve(MACHINE);
        try (Stream<Path> kept =
                Files.exists(own.resolve("snapshots")) ? Files.list(own.resolve("snapshots")) : Stream.of()) {
            assertThat(kept.map(path -> path.getFileName().toString()).toList())
                    .containsExactlyInAnyOrderElementsOf(
                            snapshots.stream().map(SnapshotInfo::name).toList());
        }
        for (SnapshotInfo snapshot : snapshots) {
            assertThat(own.resolve("snapshots")
                            .resolve(snapshot.name())
                            .resolve("machine")
                            .toFile()
                            .exists())
                    .as(snapshot.name() + " has its memory")
                    .isEqualTo(snapshot.hasMemory());
        }
        try (Stream<Path> files = Files.list(own)) {
            List<Path> disks =
                    files.filter(file -> file.toString().endsWith(".qcow2")).toList();
            assertThat(disks).hasSizeBetween(1, 2 + snapshots.size() + KILLS);
            for (Path disk : disks) {
                check(disk);
            }
        }
        try (Stream<Path> files = Files.list(own)) {
            assertThat(files.map(file -> file.getFileName().toString()))
                    .allMatch(name ->
                            name.matches("disk-1(-\\d+)?\\.qcow2|machine\\.properties|snapshots|serial\\.log(\\.1)?"));
        }
    }

    /** Leaked clusters are what a kill may cost (status 3); errors aren't. */
    private static void check(Path disk) throws IOException, InterruptedException {
        Process process = new ProcessBuilder("qemu-img", "check", "-f", "qcow2", disk.toString())
                .redirectErrorStream(true)
                .start();
        String says = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(disk + ": " + says).isIn(0, 3);
    }
}
