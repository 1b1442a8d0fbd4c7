package oriel.it.guest;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import oriel.hypervisor.display.DisplaySize;
import oriel.hypervisor.firmware.Boot;
import oriel.hypervisor.firmware.Initrd;
import oriel.hypervisor.firmware.LinuxKernel;
import oriel.hypervisor.machine.Accelerator;
import oriel.hypervisor.machine.Machine;
import oriel.hypervisor.machine.MachineConfig;

/** Debian's kernel with a shell script as its first program, and what else the script needs. */
public final class ScriptGuest {
    private static final Path BUSYBOX = Path.of("/bin/busybox");
    private static final String DONE = "@@ script done";

    private ScriptGuest() {}

    /** The kernel; the test is skipped, visibly, where it can't be had. */
    public static LinuxKernel kernel() throws InterruptedException {
        try {
            return LinuxKernel.read(StockKernel.find());
        } catch (IOException e) {
            assumeTrue(false, "no Debian kernel: " + e.getMessage());
            throw new AssertionError(e);
        }
    }

    /**
     * A root file system whose first program mounts /dev, /proc and /tmp, runs the script with its output on the serial
     * console, and then says that it is done.
     *
     * @param programs further programs in /bin, by name
     */
    public static Initrd initrd(String script, Map<String, Path> programs) throws IOException {
        assumeTrue(Files.exists(BUSYBOX), "no /bin/busybox: install Debian's package busybox-static");
        CpioArchive archive = new CpioArchive()
                .folder("bin")
                .folder("dev")
                .folder("proc")
                .folder("tmp")
                .executable("bin/busybox", Files.readAllBytes(BUSYBOX));
        for (Map.Entry<String, Path> program : programs.entrySet()) {
            archive.executable("bin/" + program.getKey(), Files.readAllBytes(program.getValue()));
        }
        String init = """
                #!/bin/busybox sh
                export PATH=/bin
                busybox mount -t devtmpfs none /dev
                busybox mount -t proc none /proc
                busybox mount -t tmpfs none /tmp
                exec >/dev/ttyS0 2>&1 </dev/null
                """ + script + "\nsync\necho '" + DONE + "'\nwhile :; do busybox sleep 1000; done\n";
        return Initrd.of(archive.executable("init", init.getBytes(StandardCharsets.UTF_8))
                .finish());
    }

    /**
     * Runs one to the end of its script.
     *
     * @return the serial console up to there
     * @throws TimeoutException with the console so far, if it isn't done in time
     */
    public static String run(Initrd initrd, int cpus, Duration limit)
            throws InterruptedException, ExecutionException, TimeoutException {
        ByteArrayOutputStream console = new ByteArrayOutputStream();
        CompletableFuture<Void> done = new CompletableFuture<>();
        Machine machine = new Machine(new MachineConfig(
                "script",
                512,
                cpus,
                Accelerator.EMULATED,
                new Boot.Kernel(kernel(), initrd, StockKernel.COMMAND_LINE),
                List.of(),
                MachineConfig.CdDrive.NONE,
                new DisplaySize(640, 480),
                value -> {
                    console.write(value);
                    if (value == '\n'
                            && console.toString(StandardCharsets.ISO_8859_1).endsWith(DONE + "\r\n")) {
                        done.complete(null);
                    }
                }));
        machine.start();
        try {
            done.get(limit.toSeconds(), TimeUnit.SECONDS);
        } catch (TimeoutException e) {
            throw new TimeoutException("not done in " + limit + ": " + console.toString(StandardCharsets.ISO_8859_1));
        } finally {
            machine.stop();
        }
        return console.toString(StandardCharsets.ISO_8859_1).replace("\r", "");
    }
}
