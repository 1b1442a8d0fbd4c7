package oriel.hypervisor.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import oriel.hypervisor.disk.DiskFormat;
import oriel.hypervisor.disk.DiskImage;
import oriel.hypervisor.disk.DiskImages;
import oriel.hypervisor.display.DisplaySize;
import oriel.hypervisor.host.HostException.Reason;
import oriel.hypervisor.machine.Accelerator;
import oriel.hypervisor.machine.GuestPrograms;
import oriel.hypervisor.network.SegmentConfig;

/** Snapshots, templates and clones of an in-process host, with guests of a few bytes. */
@Timeout(value = 120, unit = TimeUnit.SECONDS)
class SnapshotsTest {
    private static final int DISK_BYTES = 4 << 20;
    private static final String READY = "oriel: desktop ready\n";

    @TempDir
    private Path folder;

    private Path machines;
    private Path golden;
    private Path counting;
    private Path sleeping;
    private InProcessHost host;

    @BeforeEach
    void open() throws IOException {
        machines = folder.resolve("machines");
        golden = folder.resolve("golden.qcow2");
        DiskImages.createQcow2(golden, DISK_BYTES);
        counting = GuestPrograms.count(folder.resolve("counting"));
        sleeping = GuestPrograms.writeAndSleep(folder.resolve("sleeping"), READY);
        Files.write(folder.resolve("initrd"), new byte[0]);
        host = newHost();
    }

    private InProcessHost newHost() throws IOException {
        return new InProcessHost("test", machines, Accelerator.EMULATED, 1000);
    }

    @AfterEach
    void close() {
        host.close();
    }

    private MachineSpec spec(String name, long generation, Path kernel, Cloning cloning) {
        return new MachineSpec(
                name, "broker", generation, 48, 1, golden, boot(kernel), new DisplaySize(320, 200), cloning);
    }

    private BootSpec boot(Path kernel) {
        return new BootSpec(kernel, folder.resolve("initrd"), "");
    }

    private TemplateSpec template(String name, Path kernel) {
        return new TemplateSpec(name, "broker", 48, 1, golden, boot(kernel), new DisplaySize(320, 200));
    }

    private Path headOf(String machine) throws IOException {
        MachineFolder files = new MachineFolder(machines.resolve(machine));
        return files.disk(files.label().orElseThrow());
    }

    private void write(String machine, String text) throws IOException {
        try (DiskImage disk = DiskImages.open(headOf(machine), Optional.of(DiskFormat.QCOW2), false)) {
            disk.write(4096, ByteBuffer.wrap(text.getBytes(StandardCharsets.US_ASCII)));
        }
    }

    private String read(String machine, int length) throws IOException {
        try (DiskImage disk = DiskImages.open(headOf(machine), Optional.of(DiskFormat.QCOW2), true)) {
            ByteBuffer in = ByteBuffer.allocate(length);
            disk.read(4096, in);
            return new String(in.array(), StandardCharsets.US_ASCII);
        }
    }

    /** The first count that a guest wrote since it was last powered on. */
    private int firstCount(String machine) {
        Path log = machines.resolve(machine).resolve("serial.log");
        await().until(() -> Files.exists(log) && Files.size(log) > 0);
        try {
            return Files.readAllBytes(log)[0] & 0xFF;
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private List<String> files(Path of) throws IOException {
        try (Stream<Path> tree = Files.walk(of)) {
            return tree.map(path -> of.relativize(path).toString()).sorted().toList();
        }
    }

    private static void assertRefused(Reason reason, ThrowingCallable call) {
        assertThatThrownBy(call)
                .isInstanceOfSatisfying(
                        HostException.class,
                        e -> assertThat(e.reason()).as(e.getMessage()).isEqualTo(reason));
    }

    @Test
    void treeOfTenWalkedAtRandomHasTheRightDiskAndMemoryEveryTime() throws Exception {
        MachineSpec spec = spec("vm", 1, counting, Cloning.linked());
        host.create(spec);
        Random random = new Random(7);
        Map<String, String> content = new HashMap<>();
        Map<String, Integer> counts = new HashMap<>();
        Map<String, Optional<String>> parents = new HashMap<>();
        List<String> names = new ArrayList<>();
        Optional<String> at = Optional.empty();
        for (int i = 0; i < 10; i++) {
            if (!names.isEmpty()) {
                String from = names.get(random.nextInt(names.size()));
                host.restore("vm", from);
                at = Optional.of(from);
            }
            host.stop("vm");
            String text = "content %02d".formatted(i);
            write("vm", text);
            boolean withMemory = random.nextBoolean();
            if (withMemory) {
                host.start(spec);
                firstCount("vm");
            }
            String name = "s" + i;
            SnapshotInfo taken = host.snapshot("vm", name, withMemory);
            assertThat(taken.parent()).isEqualTo(at);
            assertThat(taken.current()).isTrue();
            assertThat(host.snapshot("vm", name, withMemory)).isEqualTo(taken);
            names.add(name);
            content.put(name, text);
            parents.put(name, at);
        }
        host.close();
        host = newHost(); // another process
        for (int i = 0; i < 40; i++) {
            String name = names.get(random.nextInt(names.size()));
            host.restore("vm", name);
            SnapshotInfo info = host.snapshots("vm").stream()
                    .filter(SnapshotInfo::current)
                    .findFirst()
                    .orElseThrow();
            assertThat(info.name()).isEqualTo(name);
            assertThat(host.find("vm").orElseThrow().power())
                    .isEqualTo(info.hasMemory() ? PowerState.ON : PowerState.OFF);
            if (info.hasMemory()) {
                int first = firstCount("vm");
                assertThat(counts.computeIfAbsent(name, _ -> first)).isEqualTo(first);
            }
            host.stop("vm");
            assertThat(read("vm", 10)).isEqualTo(content.get(name));
            write("vm", "spoiled!!!");
        }
        assertThat(host.snapshots("vm"))
                .hasSize(10)
                .allSatisfy(info -> assertThat(info.parent()).isEqualTo(parents.get(info.name())));
        for (String name : names.subList(0, 9)) {
            host.deleteSnapshot("vm", name);
        }
        host.restore("vm", "s9");
        host.stop("vm");
        assertThat(read("vm", 10)).isEqualTo(content.get("s9"));
        assertThat(host.snapshots("vm"))
                .singleElement()
                .satisfies(info -> assertThat(info.parent()).isEmpty());
    }

    /** Three layers with something of their own each, then a head; the machine runs. */
    private MachineSpec layered() throws Exception {
        MachineSpec spec = spec("vm", 1, counting, Cloning.linked());
        host.create(spec);
        for (String name : List.of("a", "b", "c")) {
            write("vm", "layer " + name);
            host.snapshot("vm", name, false);
        }
        write("vm", "the head");
        host.start(spec);
        return spec;
    }

    @Test
    void layersOfDeletedSnapshotsAreMergedUnderTheRunningMachine() throws Exception {
        layered();
        for (String name : List.of("c", "a", "b")) {
            host.deleteSnapshot("vm", name);
        }
        host.awaitUpkeep();
        assertThat(files(machines.resolve("vm")))
                .filteredOn(file -> file.startsWith("disk-"))
                .hasSize(1);
        host.stop("vm");
        assertThat(DiskImages.backingFile(headOf("vm"))).contains(golden);
        assertThat(read("vm", 8)).isEqualTo("the head");
    }

    @Test
    void layersThatASnapshotNeedsStay() throws Exception {
        MachineSpec spec = layered();
        host.deleteSnapshot("vm", "b");
        host.deleteSnapshot("vm", "c");
        host.awaitUpkeep();
        host.stop("vm");
        assertThat(DiskImages.backingFile(headOf("vm"))).contains(machines.resolve("vm/disk-1.qcow2"));
        assertThat(files(machines.resolve("vm")))
                .filteredOn(file -> file.startsWith("disk-"))
                .hasSize(2);
        assertThat(host.snapshots("vm"))
                .singleElement()
                .satisfies(info -> assertThat(info.current()).isTrue());
        host.restore("vm", "a");
        assertThat(read("vm", 7)).isEqualTo("layer a");
        host.start(spec);
        firstCount("vm");
    }

    @Test
    void machineThatIsOffHasItsLayersMergedAtItsNextStart() throws Exception {
        MachineSpec spec = layered();
        host.stop("vm");
        for (String name : List.of("a", "b", "c")) {
            host.deleteSnapshot("vm", name);
        }
        host.awaitUpkeep();
        assertThat(DiskImages.backingFile(headOf("vm"))).contains(machines.resolve("vm/disk-1-2.qcow2"));
        host.start(spec);
        host.awaitUpkeep();
        host.stop("vm");
        assertThat(DiskImages.backingFile(headOf("vm"))).contains(golden);
        assertThat(read("vm", 8)).isEqualTo("the head");
    }

    @Test
    void snapshotsOfAnOlderGenerationAreGoneWithIt() throws Exception {
        host.create(spec("vm", 1, counting, Cloning.linked()));
        host.snapshot("vm", "before", false);
        host.create(spec("vm", 2, counting, Cloning.linked()));
        assertThat(host.snapshots("vm")).isEmpty();
        assertRefused(Reason.NOT_FOUND, () -> host.restore("vm", "before"));
        assertThat(files(machines.resolve("vm")))
                .containsExactly("", "disk-2.qcow2", "machine.properties", "snapshots");
    }

    @Test
    void refusesWhatCannotBe() throws Exception {
        assertRefused(Reason.NOT_FOUND, () -> host.snapshot("vm", "s", false));
        assertRefused(Reason.NOT_FOUND, () -> host.restore("vm", "s"));
        host.deleteSnapshot("vm", "s");
        assertThat(host.snapshots("vm")).isEmpty();
        host.create(spec("vm", 1, counting, Cloning.linked()));
        assertRefused(Reason.NOT_FOUND, () -> host.restore("vm", "s"));
        assertRefused(Reason.CONFLICT, () -> host.snapshot("vm", "s", true));
        host.snapshot("vm", "s", false);
        assertRefused(Reason.CONFLICT, () -> host.snapshot("vm", "s", true));
        assertThatThrownBy(() -> host.snapshot("vm", "../s", false)).isInstanceOf(IllegalArgumentException.class);
        host.deleteSnapshot("vm", "../s");
        assertThat(host.snapshots("../vm")).isEmpty();
    }

    @Test
    void unreadableSnapshotLeavesTheMachineAsItIs() throws Exception {
        MachineSpec spec = spec("vm", 1, counting, Cloning.linked());
        host.create(spec);
        host.start(spec);
        host.snapshot("vm", "s", true);
        Path state = machines.resolve("vm/snapshots/s/machine/state");
        byte[] bytes = Files.readAllBytes(state);
        bytes[200]++;
        Files.write(state, bytes);
        assertRefused(Reason.IMAGE, () -> host.restore("vm", "s"));
    }

    @Test
    void whatAnInterruptedSnapshotLeftIsRemoved() throws Exception {
        MachineSpec spec = spec("vm", 1, counting, Cloning.linked());
        host.create(spec);
        write("vm", "mine");
        host.snapshot("vm", "s", false);
        host.close();
        Files.createDirectories(machines.resolve("vm/snapshots/.t.partial/machine"));
        Files.write(machines.resolve("vm/snapshots/.t.partial/machine/memory"), new byte[100]);
        Files.createDirectories(machines.resolve("vm/snapshots/.u.deleted"));
        Files.write(machines.resolve("vm/disk-1-7.qcow2"), new byte[100]);
        Files.write(machines.resolve("vm/disk-partial.qcow2"), new byte[100]);
        Files.createDirectories(machines.resolve(".templates/.t.partial"));
        host = newHost();
        assertThat(files(machines))
                .contains("vm/disk-1.qcow2", "vm/disk-1-1.qcow2", "vm/snapshots/s")
                .noneMatch(path -> path.contains(".t.")
                        || path.contains(".u.")
                        || path.contains("-7")
                        || path.contains("disk-partial"));
        assertThat(read("vm", 4)).isEqualTo("mine");
    }

    @Test
    void fullCloneNeedsItsImageNoMore() throws Exception {
        try (DiskImage disk = DiskImages.open(golden, Optional.of(DiskFormat.QCOW2), false)) {
            disk.write(4096, ByteBuffer.wrap("golden".getBytes(StandardCharsets.US_ASCII)));
        }
        MachineSpec spec = spec("vm", 1, counting, Cloning.full());
        host.create(spec);
        Files.delete(golden);
        assertThat(read("vm", 6)).isEqualTo("golden");
        assertThat(DiskImages.backingFile(headOf("vm"))).isEmpty();
        host.start(spec);
        firstCount("vm");
    }

    @Test
    void instantClonesAreReadyAtOnceAndGoTheirOwnWays() throws Exception {
        host.prepareTemplate(template("warm", sleeping), Duration.ofSeconds(60));
        assertThat(host.templates()).singleElement().satisfies(status -> {
            assertThat(status.sealed()).isPresent();
            assertThat(status.memoryMib()).isEqualTo(48);
        });
        host.close();
        host = newHost();
        host.prepareTemplate(template("warm", sleeping), Duration.ofSeconds(60));
        for (int i = 0; i < 5; i++) {
            MachineSpec spec = spec("clone-" + i, 1, sleeping, Cloning.instant("warm"));
            host.create(spec);
            host.start(spec);
            assertThat(host.find("clone-" + i).orElseThrow().guestReady()).isTrue();
        }
        assertRefused(Reason.CONFLICT, () -> host.deleteTemplate("warm"));
        // A clone that wrote has a disk of its own: it boots.
        host.stop("clone-0");
        write("clone-0", "mine");
        host.start(spec("clone-0", 1, sleeping, Cloning.instant("warm")));
        await().until(() -> host.find("clone-0").orElseThrow().guestReady());
        assertThat(Files.readString(machines.resolve("clone-0/serial.log"))).contains(READY);
        // A refresh forks again.
        host.create(spec("clone-0", 2, sleeping, Cloning.instant("warm")));
        host.start(spec("clone-0", 2, sleeping, Cloning.instant("warm")));
        assertThat(host.find("clone-0").orElseThrow().guestReady()).isTrue();
        assertThat(machines.resolve("clone-0/serial.log")).isEmptyFile();
        for (int i = 0; i < 5; i++) {
            host.destroy("clone-" + i);
        }
        host.deleteTemplate("warm");
        assertThat(host.templates()).isEmpty();
        host.deleteTemplate("warm");
    }

    @Test
    void clonesHaveACardIfTheirTemplateHasOneAndSnapshotsCarryIt() throws Exception {
        TemplateSpec plain = template("wired", sleeping);
        host.prepareTemplate(
                new TemplateSpec(
                        plain.name(),
                        plain.owner(),
                        plain.memoryMib(),
                        plain.vcpus(),
                        plain.goldenDisk(),
                        plain.boot(),
                        plain.display(),
                        true),
                Duration.ofSeconds(60));
        NetworkSpec card = new NetworkSpec(7, 2, true, NetworkSpec.Uplink.NONE, SegmentConfig.DEFAULT_RATE);
        MachineSpec wired = spec("wired", 1, sleeping, Cloning.instant("wired")).with(card);
        MachineSpec bare = spec("bare", 1, sleeping, Cloning.instant("wired"));
        for (MachineSpec spec : List.of(wired, bare)) {
            host.create(spec);
            host.start(spec); // a board with other devices than the template's would be refused
            assertThat(host.find(spec.name()).orElseThrow().guestReady()).isTrue();
        }
        // The station is taken: so the card is plugged in where it should be.
        MachineSpec rival = spec("rival", 1, sleeping, Cloning.linked()).with(card);
        host.create(rival);
        assertRefused(Reason.CAPACITY, () -> host.start(rival));
        host.snapshot("wired", "s", true);
        host.stop("wired");
        host.start(rival);
        assertRefused(Reason.CAPACITY, () -> host.restore("wired", "s"));
        host.stop("rival");
        host.restore("wired", "s");
        assertThat(host.find("wired").orElseThrow().power()).isEqualTo(PowerState.ON);
    }

    @Test
    void snapshotOfACloneOutlivesItsRun() throws Exception {
        host.prepareTemplate(template("warm", sleeping), Duration.ofSeconds(60));
        MachineSpec spec = spec("vm", 1, sleeping, Cloning.instant("warm"));
        host.create(spec);
        host.start(spec);
        host.snapshot("vm", "s", true);
        host.stop("vm");
        host.restore("vm", "s");
        assertThat(host.find("vm").orElseThrow())
                .isEqualTo(new MachineStatus("vm", "broker", 1, PowerState.ON, true, Optional.empty()));
    }

    @Test
    void templateOfAGuestThatNeverGetsReadyIsRefused() throws Exception {
        assertRefused(Reason.IMAGE, () -> host.prepareTemplate(template("warm", counting), Duration.ofMillis(300)));
        assertThat(host.templates()).isEmpty();
        assertRefused(Reason.NOT_FOUND, () -> host.create(spec("vm", 1, counting, Cloning.instant("warm"))));
        assertThat(files(machines.resolve(".templates"))).containsExactly("");
        host.prepareTemplate(template("warm", sleeping), Duration.ofSeconds(60));
        assertRefused(Reason.CONFLICT, () -> host.prepareTemplate(template("warm", counting), Duration.ofSeconds(1)));
    }
}
