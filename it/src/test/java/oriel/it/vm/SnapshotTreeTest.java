package oriel.it.vm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
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

/**
 * A tree of ten snapshots, grown and walked at random, of a guest that writes its disk and its memory all the time and
 * keeps the checksums of both in its memory: after each restore it says whether they are right, and which state it was in.
 */
@Tag("slow")
@Timeout(value = 20, unit = TimeUnit.MINUTES)
class SnapshotTreeTest {
    private static final String MACHINE = "vm";
    private static final int SNAPSHOTS = 10;
    private static final int RESTORES = 20;
    private static final Duration LIMIT = Duration.ofMinutes(5);
    private static final Pattern STATE = Pattern.compile("state (\\w+) to (\\w+)");

    private static final String SCRIPT = """
            b=/bin/busybox
            until [ -b /dev/vda ]; do $b usleep 50000; done
            sum() { $b md5sum | $b cut -c1-32; }
            disk() {
              echo 3 >/proc/sys/vm/drop_caches
              $b dd if=/dev/vda bs=64k count=64 2>/dev/null | sum
            }
            state=begin
            n=0
            $b dd if=/dev/urandom of=/memory bs=64k count=32 2>/dev/null
            d=$(disk)
            m=$(sum </memory)
            while :; do
              [ "$(disk)" = "$d" ] && [ "$(sum </memory)" = "$m" ] || echo "BROKEN after $state"
              n=$((n + 1))
              before=$state
              state=$($b head -c 16 /dev/urandom | sum)
              $b dd if=/dev/urandom of=/dev/vda bs=64k count=4 seek=$((n * 7 % 60)) conv=fsync,notrunc 2>/dev/null
              $b dd if=/dev/urandom of=/memory bs=64k count=4 seek=$((n * 5 % 28)) conv=notrunc 2>/dev/null
              d=$(disk)
              m=$(sum </memory)
              echo "state $before to $state"
            done
            """;

    @TempDir
    private Path folder;

    private String serial() {
        try {
            Path log = folder.resolve("machines").resolve(MACHINE).resolve("serial.log");
            return Files.exists(log) ? Files.readString(log, StandardCharsets.ISO_8859_1) : "";
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** What the guest has said since it was powered on or restored. */
    private List<MatchResult> states() {
        return STATE.matcher(serial()).results().toList();
    }

    private void awaitStates(int count) {
        await("the guest goes on").atMost(LIMIT).until(() -> states().size() >= count);
    }

    @Test
    void theGuestFindsItsDiskAndItsMemoryRightAfterEveryRestore() throws Exception {
        GoldenImage image = GoldenImage.get();
        Path disk = folder.resolve("golden.qcow2");
        DiskImages.createQcow2(disk, 16 << 20);
        Path initrd = folder.resolve("initrd");
        SmallInitrd.write(image.initrd(), SCRIPT, initrd);
        BootSpec boot = new BootSpec(image.kernel(), initrd, image.commandLine());
        MachineSpec spec = new MachineSpec(MACHINE, "test", 1, 128, 1, disk, boot, new DisplaySize(640, 480));
        Random random = new Random(7);
        Map<String, List<String>> possible = new LinkedHashMap<>();
        try (InProcessHost host = new InProcessHost("test", folder.resolve("machines"), Accelerator.AUTO, 4096)) {
            host.create(spec);
            host.start(spec);
            awaitStates(1);
            while (possible.size() < SNAPSHOTS) {
                String name = "snapshot-" + possible.size();
                int before = states().size();
                host.snapshot(MACHINE, name, true);
                awaitStates(states().size() + 1); // one may be half said
                List<MatchResult> said = states();
                possible.put(
                        name,
                        said.subList(Math.max(0, before - 1), said.size()).stream()
                                .map(state -> state.group(2))
                                .toList());
                if (random.nextBoolean()) {
                    restoreAny(host, possible, random);
                }
            }
            List<SnapshotInfo> tree = host.snapshots(MACHINE);
            assertThat(tree).hasSize(SNAPSHOTS);
            assertThat(tree.stream().map(SnapshotInfo::parent).distinct())
                    .as("branches")
                    .hasSizeLessThan(SNAPSHOTS);
            for (int i = 0; i < RESTORES; i++) {
                restoreAny(host, possible, random);
            }
        }
    }

    private void restoreAny(InProcessHost host, Map<String, List<String>> possible, Random random) throws Exception {
        List<String> names = new ArrayList<>(possible.keySet());
        String name = names.get(random.nextInt(names.size()));
        host.restore(MACHINE, name);
        awaitStates(2);
        assertThat(states().getFirst().group(1)).as("state of " + name).isIn(possible.get(name));
        assertThat(serial()).as("after " + name).doesNotContain("BROKEN");
    }
}
