package oriel.it.conformance;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import oriel.hypervisor.display.DisplaySize;
import oriel.hypervisor.firmware.Boot;
import oriel.hypervisor.firmware.Initrd;
import oriel.hypervisor.firmware.MultibootKernel;
import oriel.hypervisor.machine.Accelerator;
import oriel.hypervisor.machine.Machine;
import oriel.hypervisor.machine.MachineConfig;
import oriel.hypervisor.machine.MachineEnd;
import oriel.hypervisor.machine.MachineListener;

/**
 * One run of a test kernel.
 *
 * @param status that the kernel ended with; empty if it didn't end in time
 * @param output its serial console
 */
record TestKernelRun(OptionalInt status, String output) {
    private static final int MEMORY_MIB = 512;

    /** The status by which a kernel says that it found nothing to test. */
    private static final int SKIPPED = 77 >> 1;

    /** One word for people. */
    String verdict() {
        if (passed()) {
            return "passed";
        }
        return status.isEmpty() ? "no end" : status.getAsInt() == SKIPPED ? "skipped" : "failed";
    }

    /** Kernels end with 0 when all went well. */
    boolean passed() {
        return status.isPresent() && status.getAsInt() == 0 && !output.contains("FAIL");
    }

    static TestKernelRun onOriel(Path kernel, String arguments, int cpus, Duration limit) throws InterruptedException {
        ByteArrayOutputStream console = new ByteArrayOutputStream();
        CompletableFuture<MachineEnd> end = new CompletableFuture<>();
        String environment = "NR_CPUS=%d\nMEMSIZE=%d\nTEST_DEVICE=1\n".formatted(cpus, MEMORY_MIB);
        Machine machine = new Machine(new MachineConfig(
                kernel.getFileName().toString(),
                MEMORY_MIB,
                cpus,
                Accelerator.EMULATED,
                new Boot.Multiboot(
                        MultibootKernel.read(kernel),
                        Initrd.of(environment.getBytes(StandardCharsets.UTF_8)),
                        kernel.getFileName() + " " + arguments,
                        true),
                List.of(),
                MachineConfig.CdDrive.NONE,
                new DisplaySize(640, 480),
                console::write));
        machine.addListener(new MachineListener() {
            @Override
            public void ended(MachineEnd how) {
                end.complete(how);
            }
        });
        machine.start();
        OptionalInt status = OptionalInt.empty();
        try {
            status = end.get(limit.toSeconds(), TimeUnit.SECONDS).status();
        } catch (TimeoutException | ExecutionException e) {
            // no status: what it said so far tells why
        } finally {
            machine.stop();
        }
        return new TestKernelRun(status, console.toString(StandardCharsets.ISO_8859_1));
    }

    static TestKernelRun onQemu(Path kernel, String arguments, int cpus, Duration limit, List<String> options)
            throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(
                "qemu-system-x86_64",
                "-accel",
                "tcg",
                "-m",
                MEMORY_MIB + "M",
                "-smp",
                Integer.toString(cpus),
                "-nodefaults",
                "-vga",
                "none",
                "-display",
                "none",
                "-no-reboot",
                "-serial",
                "stdio",
                "-device",
                "pc-testdev",
                "-device",
                "isa-debug-exit,iobase=0xf4,iosize=0x4",
                "-kernel",
                kernel.toString(),
                "-append",
                arguments));
        command.addAll(options);
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        CompletableFuture<String> console = CompletableFuture.supplyAsync(() -> {
            try (InputStream in = process.getInputStream()) {
                return new String(in.readAllBytes(), StandardCharsets.ISO_8859_1);
            } catch (IOException e) {
                return "";
            }
        });
        boolean ended = process.waitFor(limit.toSeconds(), TimeUnit.SECONDS);
        process.destroyForcibly().waitFor();
        boolean exited = ended && (process.exitValue() & 1) == 1; // (status << 1) | 1; else it ended another way
        return new TestKernelRun(
                exited ? OptionalInt.of(process.exitValue() >> 1) : OptionalInt.empty(), console.join());
    }
}
