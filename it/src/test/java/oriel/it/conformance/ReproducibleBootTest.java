package oriel.it.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import oriel.hypervisor.display.DisplaySize;
import oriel.hypervisor.firmware.Boot;
import oriel.hypervisor.firmware.Initrd;
import oriel.hypervisor.firmware.LinuxKernel;
import oriel.hypervisor.machine.Accelerator;
import oriel.hypervisor.machine.InstructionTime;
import oriel.hypervisor.machine.Machine;
import oriel.hypervisor.machine.MachineConfig;
import oriel.it.guest.ScriptGuest;
import oriel.it.guest.StockKernel;

/** Debian's kernel boots twice in instruction time: processors, devices and memory are the same at several points. */
@Tag("guest")
class ReproducibleBootTest {
    private static final int POINTS = 6;

    private record Boots(List<String> fingerprints, String console) {}

    private static Boots boot(LinuxKernel kernel, Initrd initrd) throws Exception {
        ByteArrayOutputStream console = new ByteArrayOutputStream();
        Machine machine = new Machine(new MachineConfig(
                        "replay",
                        256,
                        1,
                        Accelerator.EMULATED,
                        new Boot.Kernel(kernel, initrd, StockKernel.COMMAND_LINE),
                        List.of(),
                        MachineConfig.CdDrive.NONE,
                        new DisplaySize(640, 480),
                        console::write)
                .with(InstructionTime.DEFAULT));
        List<String> fingerprints = new ArrayList<>();
        CompletableFuture<Void> all = new CompletableFuture<>();
        for (int point = 1; point <= POINTS; point++) {
            machine.fingerprintAt(Duration.ofMillis(500L * point), fingerprint -> {
                fingerprints.add(fingerprint);
                if (fingerprints.size() == POINTS) {
                    all.complete(null);
                }
            });
        }
        machine.start();
        try {
            all.get(240, TimeUnit.SECONDS);
        } finally {
            machine.stop();
        }
        return new Boots(fingerprints, console.toString(StandardCharsets.ISO_8859_1));
    }

    @Test
    void kernelBootsTheSameWayTwice() throws Exception {
        LinuxKernel kernel = ScriptGuest.kernel();
        Initrd initrd = ScriptGuest.initrd("""
                i=0
                while :; do
                  i=$((i + 1))
                  echo "round $i $(busybox cat /proc/sys/kernel/random/uuid) $(busybox date)"
                done
                """, Map.of());
        Boots first = boot(kernel, initrd);
        Boots second = boot(kernel, initrd);
        assertThat(first.fingerprints).doesNotHaveDuplicates();
        assertThat(second.fingerprints).isEqualTo(first.fingerprints);
        assertThat(first.console).as("user space was reached").contains("round 1 ");
        int common = Math.min(first.console.length(), second.console.length());
        assertThat(second.console.substring(0, common)).isEqualTo(first.console.substring(0, common));
    }
}
