package oriel.it.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import oriel.hypervisor.cpu.emulated.SharedCode;
import oriel.hypervisor.cpu.emulated.TranslationStatistics;
import oriel.hypervisor.display.DisplaySize;
import oriel.hypervisor.firmware.Boot;
import oriel.hypervisor.firmware.Initrd;
import oriel.hypervisor.firmware.LinuxKernel;
import oriel.hypervisor.machine.Accelerator;
import oriel.hypervisor.machine.Machine;
import oriel.hypervisor.machine.MachineConfig;
import oriel.it.guest.ScriptGuest;
import oriel.it.guest.StockKernel;

/** Debian's kernel and a script on two machines, one after the other: the second one finds nearly all code made. */
@Tag("guest")
class SharedCodeBootTest {
    private record Run(String said, TranslationStatistics code) {}

    @Test
    void secondMachineDecodesAlmostNothing() throws Exception {
        LinuxKernel kernel = ScriptGuest.kernel();
        Initrd initrd =
                ScriptGuest.initrd("echo \"@@ $(busybox seq 1 3000 | busybox sort | busybox sha256sum)\"", Map.of());
        SharedCode shared = new SharedCode(SharedCode.DEFAULT_MIB);
        Run first = run(kernel, initrd, shared);
        Run second = run(kernel, initrd, shared);
        assertThat(second.said).isEqualTo(first.said);
        System.out.printf("first %s%nsecond %s%nshared %,d bytes%n", first.code, second.code, shared.bytes());
        assertThat(second.code.copied()).isGreaterThan(first.code.decoded() / 2);
        assertThat(second.code.decoded()).isLessThan(first.code.decoded() / 10);
        assertThat(second.code.blocks()).as("translated").isLessThan(first.code.blocks() / 10 + 1);
        assertThat(shared.bytes()).isLessThan(3L * SharedCode.DEFAULT_MIB << 19);
    }

    private static Run run(LinuxKernel kernel, Initrd initrd, SharedCode shared) throws Exception {
        ByteArrayOutputStream console = new ByteArrayOutputStream();
        CompletableFuture<String> said = new CompletableFuture<>();
        Machine machine = new Machine(new MachineConfig(
                        "sharing",
                        256,
                        1,
                        Accelerator.EMULATED,
                        new Boot.Kernel(kernel, initrd, StockKernel.COMMAND_LINE),
                        List.of(),
                        MachineConfig.CdDrive.NONE,
                        new DisplaySize(640, 480),
                        value -> {
                            console.write(value);
                            String text = value == '\n' ? console.toString(StandardCharsets.ISO_8859_1) : "";
                            if (text.contains("\n@@ ")) {
                                said.complete(text.substring(text.indexOf("\n@@ ") + 1));
                            }
                        })
                .with(shared));
        machine.start();
        try {
            String text = said.get(240, TimeUnit.SECONDS);
            return new Run(text, machine.statistics().translations());
        } finally {
            machine.stop();
        }
    }
}
