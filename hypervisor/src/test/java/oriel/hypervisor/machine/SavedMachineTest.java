package oriel.hypervisor.machine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import oriel.hypervisor.bus.StateException;
import oriel.hypervisor.display.DisplaySize;
import oriel.hypervisor.firmware.Boot;
import oriel.hypervisor.firmware.Initrd;
import oriel.hypervisor.firmware.LinuxKernel;

/** A guest that counts is saved while it does; what goes on from there must count on, without a gap. */
@Timeout(value = 180, unit = TimeUnit.SECONDS)
class SavedMachineTest {
    @TempDir
    private Path folder;

    private Path kernel;
    private Path saved;
    private final List<Machine> machines = new ArrayList<>();

    @BeforeEach
    void kernel() throws IOException {
        kernel = GuestPrograms.count(folder.resolve("kernel"));
        saved = folder.resolve("saved");
    }

    @AfterEach
    void stop() throws InterruptedException {
        for (Machine machine : machines) {
            machine.stop();
        }
    }

    /** What a guest has written; only counts that follow each other are taken. */
    private static final class Counts {
        private int first = -1;
        private int last = -1;
        private int seen;
        private String gap = "";

        synchronized void accept(int value) {
            if (last >= 0 && value != (last + 1 & 0xFF)) {
                gap = last + " then " + value;
            }
            first = first < 0 ? value : first;
            last = value;
            seen++;
        }

        synchronized int first() {
            return first;
        }

        synchronized int last() {
            return last;
        }

        void awaitMore(int count) {
            int before = seen();
            await().atMost(Duration.ofSeconds(60)).until(() -> seen() >= before + count);
            synchronized (this) {
                assertThat(gap).isEmpty();
            }
        }

        private synchronized int seen() {
            return seen;
        }
    }

    /** What runs the processors. */
    Accelerator accelerator() {
        return Accelerator.EMULATED;
    }

    private MachineConfig config(Counts counts, int memoryMib) {
        return new MachineConfig(
                "test",
                memoryMib,
                1,
                accelerator(),
                new Boot.Kernel(LinuxKernel.read(kernel), Initrd.none(), ""),
                List.of(),
                MachineConfig.CdDrive.NONE,
                new DisplaySize(320, 200),
                counts::accept);
    }

    private static MachineConfig withCdDrive(MachineConfig plain) {
        return new MachineConfig(
                plain.name(),
                plain.memoryMib(),
                plain.cpus(),
                plain.accelerator(),
                plain.boot(),
                plain.disks(),
                MachineConfig.CdDrive.EMPTY,
                plain.display(),
                plain.serial());
    }

    private Machine start(Counts counts) {
        return start(new Machine(config(counts, 32)));
    }

    private Machine start(Machine machine) {
        machines.add(machine);
        machine.start();
        return machine;
    }

    private record Save(SavedMachine machine, int count) {}

    private Save save(Machine machine, Counts counts) throws Exception {
        return machine.whenStill(still -> new Save(still.save(saved), counts.last()))
                .get();
    }

    @Test
    void clonesCountOnFromWhereTheParentWasAndSoDoesTheParent() throws Exception {
        Counts parent = new Counts();
        Machine machine = start(parent);
        parent.awaitMore(300);
        Save save = save(machine, parent);
        parent.awaitMore(300);
        for (int i = 0; i < 3; i++) {
            Counts clone = new Counts();
            start(Machine.resume(config(clone, 32), SavedMachine.read(saved)));
            clone.awaitMore(50 + 200 * i); // had one written into the shared file, the next would begin elsewhere
            assertThat(clone.first()).isEqualTo(save.count() + 1 & 0xFF);
        }
        parent.awaitMore(300);
    }

    @Test
    void cloneOfACloneOutlivesTheFilesItCameFrom() throws Exception {
        Counts counts = new Counts();
        Machine machine = start(counts);
        counts.awaitMore(100);
        save(machine, counts);
        machine.stop();
        Counts clone = new Counts();
        Machine first = start(Machine.resume(config(clone, 32), SavedMachine.read(saved)));
        clone.awaitMore(100);
        Path second = folder.resolve("second");
        int at = first.whenStill(still -> {
                    still.save(second);
                    return clone.last();
                })
                .get();
        Files.delete(saved.resolve("memory"));
        clone.awaitMore(300);
        Counts grandchild = new Counts();
        start(Machine.resume(config(grandchild, 32), SavedMachine.read(second)));
        grandchild.awaitMore(300);
        assertThat(grandchild.first()).isEqualTo(at + 1 & 0xFF);
    }

    /** The memory is copied while the guest writes to all of it; every page must be as it was when the machine stood still. */
    @Test
    void guestThatWritesAllTheTimeIsSavedWhileItRuns() throws Exception {
        kernel = GuestPrograms.sweep(folder.resolve("sweep"));
        Counts counts = new Counts();
        Machine machine = start(counts);
        counts.awaitMore(20);
        Machine parent = machine;
        Counts parents = counts;
        for (int i = 0; i < 5; i++) {
            Path to = folder.resolve("running-" + i);
            int at = saveRunning(parent, to, parents);
            parents.awaitMore(20);
            Counts clone = new Counts();
            Machine resumed = start(Machine.resume(config(clone, 32), SavedMachine.read(to)));
            clone.awaitMore(20);
            assertThat(clone.first()).isEqualTo(at + 1 & 0xFF);
            parent.stop();
            parent = resumed;
            parents = clone;
        }
    }

    private static int saveRunning(Machine machine, Path to, Counts counts) throws Exception {
        try (RunningSave begun = machine.beginSave(to)) {
            Path twice = to.resolveSibling("twice");
            assertThatThrownBy(() -> machine.beginSave(twice))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("saved already");
            assertThat(twice).doesNotExist();
            return machine.whenStill(still -> {
                        still.save(begun);
                        return counts.last();
                    })
                    .get();
        }
    }

    @Test
    void saveThatIsGivenUpOrOutlivedLeavesNothingBehindInTheMachine() throws Exception {
        Counts counts = new Counts();
        Machine machine = start(counts);
        counts.awaitMore(10);
        machine.beginSave(folder.resolve("given-up")).close();
        RunningSave begun = machine.beginSave(folder.resolve("outlived"));
        counts.awaitMore(10);
        machine.stop();
        assertThatThrownBy(() -> machine.whenStill(still -> still.save(begun)).get())
                .hasCauseInstanceOf(IllegalStateException.class);
        begun.close();
        assertThatThrownBy(() -> machine.beginSave(saved)).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void memoryFileHasHolesWhereMemoryIsZero() throws Exception {
        Counts counts = new Counts();
        Machine machine = start(counts);
        counts.awaitMore(10);
        Save save = save(machine, counts);
        assertThat(Files.size(saved.resolve("memory"))).isEqualTo((32 + 32) << 20);
        assertThat(save.machine().usedBytes()).isLessThan(1 << 20);
    }

    @Test
    void failedSaveLeavesTheMachineRunning() throws Exception {
        Counts counts = new Counts();
        Machine machine = start(counts);
        counts.awaitMore(10);
        Files.createDirectory(saved);
        assertThatThrownBy(() -> save(machine, counts))
                .isInstanceOf(ExecutionException.class)
                .hasCauseInstanceOf(FileAlreadyExistsException.class);
        counts.awaitMore(300);
    }

    @Test
    void endedMachineCannotBeSaved() throws Exception {
        Counts counts = new Counts();
        Machine machine = start(counts);
        machine.stop();
        assertThatThrownBy(() -> save(machine, counts)).hasCauseInstanceOf(IllegalStateException.class);
        assertThat(saved).doesNotExist();
    }

    @Test
    void pausedGuestDoesNothingAndCanBeSaved() throws Exception {
        Counts counts = new Counts();
        Machine machine = start(counts);
        counts.awaitMore(10);
        machine.pause().get();
        int at = counts.last();
        Save save = save(machine, counts);
        assertThat(save.count()).isEqualTo(at);
        assertThat(counts.last()).isEqualTo(at);
        machine.cont().get();
        counts.awaitMore(100);
    }

    @Test
    void eachOfFiftyForksHasAGenerationIdOfItsOwn() throws Exception {
        Counts counts = new Counts();
        Machine machine = start(counts);
        counts.awaitMore(10);
        UUID parent = machine.generationId().get();
        save(machine, counts);
        machine.stop();
        SavedMachine template = SavedMachine.read(saved);
        Set<UUID> ids = new HashSet<>(Set.of(parent));
        for (int i = 0; i < 50; i++) {
            Machine fork = start(Machine.resume(config(new Counts(), 32), template));
            ids.add(fork.generationId().get());
            fork.stop();
        }
        assertThat(ids).hasSize(51);
    }

    @Test
    void resetOfACloneBootsIt() throws Exception {
        Counts counts = new Counts();
        Machine machine = start(counts);
        counts.awaitMore(100);
        save(machine, counts);
        machine.stop();
        Counts clone = new Counts();
        Machine resumed = start(Machine.resume(config(clone, 32), SavedMachine.read(saved)));
        clone.awaitMore(10);
        resumed.reset();
        clone.awaitMore(300); // the count is in memory, which a reset keeps
    }

    @Test
    void deviceThatTheSavedMachineLackedIsThereAfterAReset() throws Exception {
        Counts counts = new Counts();
        Machine machine = start(counts);
        counts.awaitMore(100);
        Save save = save(machine, counts);
        machine.stop();
        Counts clone = new Counts();
        MachineConfig plain = config(clone, 32);
        Machine resumed = start(Machine.resume(withCdDrive(plain), SavedMachine.read(saved)));
        clone.awaitMore(100);
        assertThat(clone.first()).isEqualTo(save.count() + 1 & 0xFF);
        resumed.reset();
        clone.awaitMore(100);
        resumed.stop();

        Machine withDrive = start(new Machine(withCdDrive(plain)));
        Path second = folder.resolve("second");
        withDrive.whenStill(still -> still.save(second)).get();
        withDrive.stop();
        assertThatThrownBy(() -> Machine.resume(plain, SavedMachine.read(second)))
                .isInstanceOf(StateException.class)
                .hasMessageContaining("was saved by a machine with ide, which this one lacks");
    }

    @Test
    void refusesWhatItCannotRead() throws Exception {
        assertThatThrownBy(() -> SavedMachine.read(saved)).isInstanceOf(NoSuchFileException.class);
        Counts counts = new Counts();
        Machine machine = start(counts);
        counts.awaitMore(10);
        save(machine, counts);
        machine.stop();
        SavedMachine whole = SavedMachine.read(saved);
        assertThatThrownBy(() -> Machine.resume(config(counts, 64), whole))
                .isInstanceOf(StateException.class)
                .hasMessageContaining("32 MiB");

        byte[] state = Files.readAllBytes(saved.resolve("state"));
        refuses(state, "damaged", 100, state[100] + 1, false);
        refuses(state, "version 2; this build reads 1", 9, 2, true);
        refuses(state, "not a saved machine", 0, 0, true);
        Files.write(saved.resolve("state"), state);
        Path memory = saved.resolve("memory");
        Files.write(memory, new byte[4096]);
        assertThatThrownBy(() -> Machine.resume(config(counts, 32), SavedMachine.read(saved)))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("cut");
    }

    private void refuses(byte[] state, String because, int at, int value, boolean checksum) throws IOException {
        byte[] changed = state.clone();
        changed[at] = (byte) value;
        if (checksum) {
            CRC32C crc = new CRC32C();
            crc.update(changed, 0, changed.length - 4);
            ByteBuffer.wrap(changed).putInt(changed.length - 4, (int) crc.getValue());
        }
        Files.write(saved.resolve("state"), changed);
        assertThatThrownBy(() -> SavedMachine.read(saved))
                .isInstanceOf(StateException.class)
                .hasMessageContaining(because);
    }
}
