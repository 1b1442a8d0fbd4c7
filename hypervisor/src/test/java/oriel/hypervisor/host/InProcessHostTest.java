package oriel.hypervisor.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import oriel.hypervisor.disk.DiskFormat;
import oriel.hypervisor.disk.DiskImage;
import oriel.hypervisor.disk.DiskImages;
import oriel.hypervisor.display.DisplaySize;
import oriel.hypervisor.host.HostException.Reason;
import oriel.hypervisor.machine.Accelerator;
import oriel.hypervisor.machine.GuestPrograms;

@Timeout(value = 60, unit = TimeUnit.SECONDS)
class InProcessHostTest {
    @TempDir
    private Path folder;

    private Path machines;
    private Path golden;
    private Path kernel;
    private InProcessHost host;
    private final List<MachineStatus> events = new CopyOnWriteArrayList<>();

    @BeforeEach
    void open() throws IOException {
        machines = folder.resolve("machines");
        golden = folder.resolve("golden.qcow2");
        DiskImages.createQcow2(golden, 1 << 20);
        kernel = GuestPrograms.writeAndSleep(folder.resolve("kernel"), "oriel: desktop ready\n");
        Files.createFile(folder.resolve("initrd"));
        reopen();
    }

    private void reopen() throws IOException {
        host = new InProcessHost("test", machines, Accelerator.EMULATED, 100);
        host.addListener(new HostListener() {
            @Override
            public void powerChanged(MachineStatus status) {
                events.add(status);
            }

            @Override
            public void guestReady(MachineStatus status) {
                events.add(status);
            }
        });
    }

    @AfterEach
    void close() {
        host.close();
    }

    private MachineSpec spec(String name, String owner, long generation) {
        return new MachineSpec(
                name,
                owner,
                generation,
                48,
                1,
                golden,
                new BootSpec(kernel, folder.resolve("initrd"), ""),
                new DisplaySize(320, 200));
    }

    private Path disk(String name, long generation) {
        return machines.resolve(name).resolve("disk-" + generation + ".qcow2");
    }

    private List<String> files(String name) throws IOException {
        try (Stream<Path> list = Files.list(machines.resolve(name))) {
            return list.map(file -> file.getFileName().toString()).sorted().toList();
        }
    }

    private static void assertRefused(Reason reason, ThrowingCallable call) {
        assertThatThrownBy(call)
                .isInstanceOfSatisfying(
                        HostException.class,
                        e -> assertThat(e.reason()).as(e.getMessage()).isEqualTo(reason));
    }

    private void writeToDisk(String name, long generation) {
        try (DiskImage image = DiskImages.open(disk(name, generation), Optional.of(DiskFormat.QCOW2), false)) {
            image.write(0, ByteBuffer.wrap("mine".repeat(128).getBytes(StandardCharsets.US_ASCII)));
        }
    }

    @Test
    void creatingTwiceKeepsTheDisk() throws Exception {
        host.create(spec("vm-1", "broker", 1));
        writeToDisk("vm-1", 1);
        byte[] content = Files.readAllBytes(disk("vm-1", 1));
        host.create(spec("vm-1", "broker", 1));
        assertThat(disk("vm-1", 1)).hasBinaryContent(content);
        assertThat(host.list())
                .containsExactly(new MachineStatus("vm-1", "broker", 1, PowerState.OFF, false, Optional.empty()));
    }

    @Test
    void anExportedDiskStandsAloneAndShowsWhatTheMachinesDoes() throws Exception {
        try (DiskImage image = DiskImages.open(golden, Optional.of(DiskFormat.QCOW2), false)) {
            image.write(512 << 10, ByteBuffer.wrap("golden".getBytes(StandardCharsets.US_ASCII)));
        }
        host.create(spec("vm-1", "broker", 1));
        writeToDisk("vm-1", 1);
        Path target = folder.resolve("exported.qcow2");
        host.start(spec("vm-1", "broker", 1));
        assertRefused(Reason.CONFLICT, () -> host.exportDisk("vm-1", target));
        host.stop("vm-1");
        host.exportDisk("vm-1", target);
        host.exportDisk("vm-1", target); // the process may have died after the first
        host.destroy("vm-1");
        Files.delete(golden);
        try (DiskImage copy = DiskImages.open(target, Optional.of(DiskFormat.QCOW2), true)) {
            assertThat(text(copy, 0, 4)).isEqualTo("mine");
            assertThat(text(copy, 512 << 10, 6)).isEqualTo("golden");
        }
        assertRefused(Reason.NOT_FOUND, () -> host.exportDisk("vm-1", target));
    }

    private static String text(DiskImage disk, long at, int length) {
        ByteBuffer bytes = ByteBuffer.allocate(length);
        disk.read(at, bytes);
        return new String(bytes.array(), StandardCharsets.US_ASCII);
    }

    @Test
    void laterGenerationIsANewDiskAndAnEarlierOneARefusal() throws Exception {
        host.create(spec("vm-1", "broker", 1));
        writeToDisk("vm-1", 1);
        host.start(spec("vm-1", "broker", 1));
        host.create(spec("vm-1", "broker", 2));
        assertThat(files("vm-1")).contains("disk-2.qcow2").doesNotContain("disk-1.qcow2");
        assertThat(host.find("vm-1").orElseThrow().power()).isEqualTo(PowerState.OFF);
        assertThat(host.find("vm-1").orElseThrow().generation()).isEqualTo(2);
        assertRefused(Reason.CONFLICT, () -> host.create(spec("vm-1", "broker", 1)));
        assertRefused(Reason.CONFLICT, () -> host.start(spec("vm-1", "broker", 1)));
    }

    @Test
    void machineOfAnotherOwnerIsNotTouched() throws Exception {
        host.create(spec("vm-1", "broker", 1));
        List<String> before = files("vm-1");
        assertRefused(Reason.CONFLICT, () -> host.create(spec("vm-1", "stranger", 2)));
        assertRefused(Reason.CONFLICT, () -> host.start(spec("vm-1", "stranger", 1)));
        assertThat(files("vm-1")).isEqualTo(before);
    }

    @Test
    void foldersOfOthersAreLeftAlone() throws Exception {
        Path foreign = Files.createDirectories(machines.resolve("photos"));
        Files.writeString(foreign.resolve("holiday.jpg"), "…");
        Files.createDirectories(machines.resolve("Not A Machine"));
        host.close();
        reopen();
        assertThat(foreign.resolve("holiday.jpg")).exists();
        assertThat(machines.resolve("Not A Machine")).exists();
        assertThat(host.list()).isEmpty();
    }

    @Test
    void whatAnInterruptedCreationLeftIsRemovedAtTheNextStart() throws Exception {
        host.create(spec("whole", "broker", 1));
        Path half = Files.createDirectories(machines.resolve("half"));
        Files.writeString(half.resolve("disk-1.qcow2"), "half a disk");
        Files.writeString(half.resolve("machine.properties.partial"), "own");
        host.close();
        reopen();
        assertThat(half).doesNotExist();
        assertThat(host.list()).extracting(MachineStatus::name).containsExactly("whole");
    }

    @Test
    void interruptedRefreshIsDoneAgain() throws Exception {
        host.create(spec("vm-1", "broker", 1));
        Files.writeString(disk("vm-1", 2), "half a disk");
        host.close();
        reopen();
        assertThat(host.find("vm-1").orElseThrow().generation()).isEqualTo(1);
        host.create(spec("vm-1", "broker", 2));
        host.start(spec("vm-1", "broker", 2));
        assertThat(files("vm-1")).contains("disk-2.qcow2").doesNotContain("disk-1.qcow2");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "owner=broker\n", "owner=broker\ngeneration=x\n", "owner=\\u12\n", "\u0000\u0000"})
    void damagedLabelHidesNoOtherMachineAndCanBeDestroyed(String label) throws Exception {
        host.create(spec("good", "broker", 1));
        host.create(spec("bad", "broker", 1));
        Files.writeString(machines.resolve("bad").resolve("machine.properties"), label);
        host.close();
        reopen();
        assertThat(host.list()).extracting(MachineStatus::name).containsExactly("good");
        assertThatThrownBy(() -> host.create(spec("bad", "broker", 1)))
                .isInstanceOf(HostException.class)
                .hasMessageContaining("machine.properties is damaged");
        assertThat(disk("bad", 1)).as("somebody's disk").exists();
        host.destroy("bad");
        host.create(spec("bad", "broker", 1));
        assertThat(host.list()).hasSize(2);
    }

    @Test
    void startedMachineGetsReadyAndStops() throws Exception {
        host.create(spec("vm-1", "broker", 1));
        host.start(spec("vm-1", "broker", 1));
        host.start(spec("vm-1", "broker", 1));
        await().until(() -> events.size() >= 3);
        assertThat(host.find("vm-1").orElseThrow().guestReady()).isTrue();
        assertThat(host.display("vm-1")).isPresent();
        host.stop("vm-1");
        assertThat(host.display("vm-1")).isEmpty();
        assertThat(events)
                .extracting(MachineStatus::power)
                .containsExactly(PowerState.STARTING, PowerState.ON, PowerState.ON, PowerState.OFF);
        assertThat(Files.readString(machines.resolve("vm-1").resolve("serial.log")))
                .isEqualTo("oriel: desktop ready\n");
    }

    /** The guest may be ready before start() has returned: that is news once. */
    @Test
    void readyIsSaidOncePerStart() throws Exception {
        host.create(spec("vm-1", "broker", 1));
        for (int i = 0; i < 20; i++) {
            events.clear();
            host.start(spec("vm-1", "broker", 1));
            await().until(() -> events.size() >= 3);
            host.stop("vm-1");
            assertThat(events)
                    .extracting(MachineStatus::power)
                    .containsExactly(PowerState.STARTING, PowerState.ON, PowerState.ON, PowerState.OFF);
        }
    }

    /** It may be over before start() has returned: it must be seen as off all the same. */
    @Test
    void machineThatEndsAtOnceIsOff() throws Exception {
        kernel = GuestPrograms.writeAndPowerOff(folder.resolve("kernel"), "bye\n");
        host.create(spec("vm-1", "broker", 1));
        for (int i = 0; i < 20; i++) {
            host.start(spec("vm-1", "broker", 1));
            await().until(() -> host.display("vm-1").isEmpty());
            await().until(() -> host.find("vm-1").orElseThrow().power() == PowerState.OFF);
            host.stop("vm-1");
        }
        assertThat(events).last().extracting(MachineStatus::power).isEqualTo(PowerState.OFF);
    }

    @Test
    void memoryIsPromisedOnlyOnce() throws Exception {
        for (String name : List.of("vm-1", "vm-2", "vm-3")) {
            host.create(spec(name, "broker", 1));
        }
        host.start(spec("vm-1", "broker", 1));
        host.start(spec("vm-2", "broker", 1));
        assertRefused(Reason.CAPACITY, () -> host.start(spec("vm-3", "broker", 1)));
        host.destroy("vm-1");
        host.start(spec("vm-3", "broker", 1));
    }

    @Test
    void unknownMachines() throws Exception {
        host.stop("nobody");
        host.destroy("nobody");
        assertRefused(Reason.NOT_FOUND, () -> host.start(spec("nobody", "broker", 1)));
        assertRefused(Reason.NOT_FOUND, () -> host.reset("nobody"));
        assertRefused(Reason.NOT_FOUND, () -> host.powerButton("nobody"));
        assertThat(host.list()).isEmpty();
    }

    @Test
    void goldenDiskAndKernelThatAreNotThere() throws Exception {
        host.create(spec("vm-1", "broker", 1));
        Files.delete(kernel);
        assertRefused(Reason.IMAGE, () -> host.start(spec("vm-1", "broker", 1)));
        assertThat(host.find("vm-1").orElseThrow().failure()).isPresent();
        Files.delete(golden);
        assertRefused(Reason.IMAGE, () -> host.create(spec("vm-2", "broker", 1)));
        assertThat(host.find("vm-2")).isEmpty();
    }

    /** Wherever the space ends, the answer is CAPACITY and there is no half a machine. */
    @Test
    void fullDisk() throws Exception {
        host.close();
        assumeTrue(run("mount", "-t", "tmpfs", "-o", "size=4k", "tmpfs", machines.toString()), "needs root for mount");
        try {
            reopen();
            boolean made = false;
            for (int kib = 4; !made && kib < 1024; kib += 4) {
                assertThat(run("mount", "-o", "remount,size=" + kib + "k", machines.toString()))
                        .isTrue();
                try {
                    host.create(spec("vm-1", "broker", 1));
                    made = true;
                } catch (HostException e) {
                    assertThat(e.reason()).as(kib + " KiB: " + e).isEqualTo(Reason.CAPACITY);
                    assertThat(host.list()).isEmpty();
                }
            }
            assertThat(made).isTrue();
            assertRefused(Reason.CAPACITY, () -> host.create(spec("vm-1", "broker", 2)));
            assertThat(host.find("vm-1").orElseThrow().generation()).isEqualTo(1);
            host.start(spec("vm-1", "broker", 1));
            host.close();
        } finally {
            assertThat(run("umount", machines.toString())).isTrue();
        }
    }

    private static boolean run(String... command) throws IOException, InterruptedException {
        return new ProcessBuilder(command).redirectErrorStream(true).start().waitFor() == 0;
    }
}
