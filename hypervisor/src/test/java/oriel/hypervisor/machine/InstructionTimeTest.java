package oriel.hypervisor.machine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import oriel.hypervisor.display.DisplayInput;
import oriel.hypervisor.display.DisplaySize;
import oriel.hypervisor.firmware.Boot;
import oriel.hypervisor.firmware.Initrd;
import oriel.hypervisor.firmware.LinuxKernel;

@Timeout(60)
class InstructionTimeTest {
    private static final int VISITS = 4;

    @TempDir
    private Path folder;

    private static Machine machine(Path kernel, InstructionTime time) throws IOException {
        return new Machine(new MachineConfig(
                        "test",
                        32,
                        1,
                        Accelerator.EMULATED,
                        new Boot.Kernel(LinuxKernel.read(kernel), Initrd.none(), ""),
                        List.of(),
                        MachineConfig.CdDrive.NONE,
                        new DisplaySize(320, 200),
                        _ -> {})
                .with(time));
    }

    private static List<String> fingerprints(Path kernel, InstructionTime time, boolean disturbed) throws Exception {
        Machine machine = machine(kernel, time);
        List<String> made = new ArrayList<>();
        CompletableFuture<Void> all = new CompletableFuture<>();
        for (int visit = 1; visit <= VISITS; visit++) {
            machine.fingerprintAt(Duration.ofMillis(3L * visit), fingerprint -> {
                made.add(fingerprint);
                if (made.size() == VISITS) {
                    all.complete(null);
                }
            });
        }
        machine.start();
        try {
            while (disturbed && !all.isDone()) {
                machine.statistics();
                machine.whenStill(_ -> true).get(); // stops the processor at an instruction of its own choice
            }
            all.get(30, TimeUnit.SECONDS);
        } finally {
            machine.stop();
        }
        return made;
    }

    @Test
    void machineDoesTheSameAgainHoweverItIsDisturbed() throws Exception {
        Path kernel = GuestPrograms.count(folder.resolve("kernel"));
        List<String> first = fingerprints(kernel, InstructionTime.DEFAULT, false);
        assertThat(first).doesNotHaveDuplicates();
        assertThat(fingerprints(kernel, InstructionTime.DEFAULT, false)).isEqualTo(first);
        assertThat(fingerprints(kernel, InstructionTime.DEFAULT, true)).isEqualTo(first);
        assertThat(fingerprints(kernel, new InstructionTime(3, 0, 1), false)).isNotEqualTo(first);
    }

    @Test
    void repeatsWhatWasTypedAtTheSameInstructions() throws Exception {
        Path kernel = GuestPrograms.count(folder.resolve("kernel"));
        StringWriter tape = new StringWriter();
        List<String> typed =
                fingerprintsOfTyping(kernel, InstructionTime.DEFAULT.with(new InputTape.Recording(tape)), true);
        assertThat(typed).isNotEqualTo(fingerprints(kernel, InstructionTime.DEFAULT, false));
        Path file = Files.writeString(folder.resolve("tape"), tape.toString());
        assertThat(InputTape.read(file).events()).hasSizeGreaterThan(VISITS);
        assertThat(fingerprintsOfTyping(kernel, InstructionTime.DEFAULT.with(InputTape.read(file)), false))
                .isEqualTo(typed);
    }

    private List<String> fingerprintsOfTyping(Path kernel, InstructionTime time, boolean typing) throws Exception {
        Machine machine = machine(kernel, time);
        DisplayInput input = machine.display().input();
        List<String> made = new ArrayList<>();
        CompletableFuture<Void> all = new CompletableFuture<>();
        for (int visit = 1; visit <= VISITS; visit++) {
            machine.fingerprintAt(Duration.ofMillis(3L * visit), fingerprint -> {
                made.add(fingerprint);
                if (typing) {
                    input.key(made.size(), true);
                    input.pointer(made.size(), 7, 1);
                }
                if (made.size() == VISITS) {
                    all.complete(null);
                }
            });
        }
        machine.start();
        try {
            while (typing && !all.isDone()) {
                input.wheel(1, 0); // at an instruction of the host's choice
                machine.whenStill(_ -> true).get();
            }
            all.get(30, TimeUnit.SECONDS);
        } finally {
            machine.stop();
        }
        return made;
    }

    @Test
    void aTornTapeIsRefusedByItsLine() throws Exception {
        Path file = Files.writeString(folder.resolve("tape"), "5 key 30 1\n7 pointer 1 2\n");
        assertThatThrownBy(() -> InputTape.read(file))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("line 2");
        Files.writeString(file, "5 key 30 1\n4 wheel 1 0\n");
        assertThatThrownBy(() -> InputTape.read(file)).hasMessageContaining("line 2");
    }

    @Test
    void sleepingTakesNoTime() throws Exception {
        Path kernel = GuestPrograms.writeAndSleep(folder.resolve("kernel"), "z");
        Machine machine = new Machine(new MachineConfig(
                        "test",
                        32,
                        1,
                        Accelerator.EMULATED,
                        new Boot.Kernel(LinuxKernel.read(kernel), Initrd.none(), ""),
                        List.of(),
                        MachineConfig.CdDrive.NONE,
                        new DisplaySize(320, 200),
                        _ -> {})
                .with(InstructionTime.DEFAULT));
        CompletableFuture<String> tomorrow = new CompletableFuture<>();
        machine.fingerprintAt(Duration.ofDays(1), tomorrow::complete);
        machine.start();
        assertThat(tomorrow.get(30, TimeUnit.SECONDS)).hasSize(64);
        machine.stop();
    }

    @Test
    void instructionsTakeSomeTime() {
        assertThatThrownBy(() -> new InstructionTime(0, 0, 0)).isInstanceOf(IllegalArgumentException.class);
    }
}
