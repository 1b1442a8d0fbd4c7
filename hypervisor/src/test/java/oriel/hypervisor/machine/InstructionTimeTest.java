package oriel.hypervisor.machine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import oriel.hypervisor.display.DisplaySize;
import oriel.hypervisor.firmware.Boot;
import oriel.hypervisor.firmware.Initrd;
import oriel.hypervisor.firmware.LinuxKernel;

@Timeout(60)
class InstructionTimeTest {
    private static final int VISITS = 4;

    @TempDir
    private Path folder;

    private static List<String> fingerprints(Path kernel, InstructionTime time, boolean disturbed) throws Exception {
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
                .with(time));
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
