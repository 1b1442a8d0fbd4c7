package oriel.it.vm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import oriel.hypervisor.disk.DiskFormat;
import oriel.hypervisor.disk.DiskImages;
import oriel.it.guest.GoldenImage;

/**
 * The process is killed while its guest writes: QEMU finds nothing wrong with the overlay, and everything that the guest
 * had synced is in it. The guest is the stock kernel with a shell loop for a first program.
 */
@Tag("guest")
@Timeout(value = 20, unit = TimeUnit.MINUTES)
class VmKilledTest {
    private static final Duration BOOT = Duration.ofMinutes(5);
    private static final int DISK_BYTES = 32 << 20;
    private static final int SECTOR = 512;

    /** Rounds are 100 KiB, at places that are multiples of 20 KiB: qcow2's clusters are written in part. */
    private static final int BLOCK = 20 << 10, BLOCKS = 5, PLACES = 600, STRIDE = 37;

    private static final String WRITE_LOOP = """
            n=$(/bin/busybox sed 's/.*oriel.round=\\([0-9]*\\).*/\\1/' /proc/cmdline)
            while :; do
              n=$((n + 1))
              /bin/busybox yes "round $n" | /bin/busybox dd of=/dev/vda bs=%d count=%d seek=$((n * %d %% %d)) \\
                  iflag=fullblock conv=fsync 2>/dev/null
              echo "synced $n"
            done
            """.formatted(BLOCK, BLOCKS, STRIDE, PLACES);

    private static final Pattern SYNCED = Pattern.compile("synced (\\d+)\r?\n");

    @TempDir
    private Path folder;

    private GoldenImage image;
    private Path overlay;
    private byte[] expected;

    @BeforeEach
    void disks() throws IOException, InterruptedException {
        assumeTrue(Files.isExecutable(Path.of("/usr/bin/qemu-img")), "install Debian's package qemu-utils");
        image = GoldenImage.get();
        expected = new byte[DISK_BYTES];
        new Random(7).nextBytes(expected);
        Path base = Files.write(folder.resolve("base.raw"), expected);
        overlay = folder.resolve("overlay.qcow2");
        DiskImages.createOverlay(overlay, base, DiskFormat.RAW);
    }

    @Test
    void whatTheGuestSyncedSurvivesAKillAndQemuFindsNoError() throws Exception {
        Path initrd = folder.resolve("initrd");
        SmallInitrd.write(image.initrd(), WRITE_LOOP, initrd);
        int last = 0;
        for (int kill = 1; kill <= 3; kill++) {
            int first = last;
            try (VmProcess vm = VmProcess.start(
                    folder,
                    List.of(
                            "--kernel",
                            image.kernel().toString(),
                            "--initrd",
                            initrd.toString(),
                            "--append",
                            image.commandLine() + " oriel.round=" + first,
                            "--memory",
                            "128",
                            "--disk",
                            overlay + ",format=qcow2"))) {
                vm.awaitSerial("synced " + (first + 40 + 7 * kill), BOOT);
                vm.kill();
                last = SYNCED.matcher(vm.serial())
                        .results()
                        .mapToInt(line -> Integer.parseInt(line.group(1)))
                        .max()
                        .orElseThrow();
            }
            assertThat(qemuImg("check", overlay.toString())).contains("No errors were found");
            for (int round = first + 1; round <= last; round++) {
                System.arraycopy(content(round), 0, expected, place(round), BLOCK * BLOCKS);
            }
            expected = assertSame(last);
        }
    }

    /** Everything is as expected but what round {@code last + 1} was about to write, which may be there or not. */
    private byte[] assertSame(int last) throws IOException, InterruptedException {
        Path raw = folder.resolve("read.raw");
        qemuImg("convert", "-O", "raw", overlay.toString(), raw.toString());
        byte[] found = Files.readAllBytes(raw);
        assertThat(found).hasSize(DISK_BYTES);
        byte[] next = content(last + 1);
        Set<Integer> wrong = new HashSet<>();
        for (int at = 0; at < DISK_BYTES; at += SECTOR) {
            int inNext = at - place(last + 1);
            boolean same = Arrays.equals(found, at, at + SECTOR, expected, at, at + SECTOR);
            boolean ahead = inNext >= 0
                    && inNext < next.length
                    && Arrays.equals(found, at, at + SECTOR, next, inNext, inNext + SECTOR);
            if (!same && !ahead) {
                wrong.add(at / SECTOR);
            }
        }
        assertThat(wrong)
                .as("sectors that are not what was synced up to round " + last)
                .isEmpty();
        return found;
    }

    private static int place(int round) {
        return round * STRIDE % PLACES * BLOCK;
    }

    /** What {@code yes "round N"} gives. */
    private static byte[] content(int round) {
        byte[] line = ("round " + round + "\n").getBytes(StandardCharsets.US_ASCII);
        byte[] all = new byte[BLOCK * BLOCKS];
        for (int i = 0; i < all.length; i++) {
            all[i] = line[i % line.length];
        }
        return all;
    }

    private static String qemuImg(String... arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of("qemu-img"));
        command.addAll(Arrays.asList(arguments));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String says = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(says).isZero();
        return says;
    }
}
