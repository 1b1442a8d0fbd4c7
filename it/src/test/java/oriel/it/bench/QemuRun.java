package oriel.it.bench;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** The guest in QEMU's translator, in a process of its own. */
final class QemuRun {
    static final String PROGRAM = "qemu-system-x86_64";

    /** What ours has, so that programs and kernel take the same ways through their code on both. */
    private static final String MODEL = "Westmere,+rdrand,+fsgsbase,+smep,+smap,-pcid,-x2apic,-vmx";

    private QemuRun() {}

    static SectionLog of(CpuGuest guest, Duration limit)
            throws IOException, InterruptedException, ExecutionException, TimeoutException {
        return of(guest, limit, List.of());
    }

    /** With further options of QEMU's. */
    static SectionLog of(CpuGuest guest, Duration limit, List<String> options)
            throws IOException, InterruptedException, ExecutionException, TimeoutException {
        Path messages = Files.createTempFile("oriel-bench", ".log");
        try {
            Process process = new ProcessBuilder(command(guest, options))
                    .redirectError(messages.toFile())
                    .start();
            try {
                SectionLog log = new SectionLog(() -> used(process.pid()));
                Thread.ofPlatform().name("qemu console").daemon(true).start(() -> follow(process, log, messages));
                log.done().get(limit.toSeconds(), TimeUnit.SECONDS);
                return log;
            } finally {
                process.destroyForcibly().waitFor();
            }
        } finally {
            Files.delete(messages);
        }
    }

    private static List<String> command(CpuGuest guest, List<String> options) {
        List<String> command = new ArrayList<>(List.of(
                PROGRAM,
                "-accel",
                "tcg",
                "-cpu",
                MODEL,
                "-m",
                CpuGuest.MEMORY_MIB + "M",
                "-nodefaults",
                "-display",
                "none",
                "-no-reboot",
                "-serial",
                "stdio",
                "-kernel",
                guest.kernel().toString(),
                "-initrd",
                guest.initrd().toString(),
                "-append",
                guest.commandLine()));
        command.addAll(options);
        return command;
    }

    private static void follow(Process process, SectionLog log, Path messages) {
        try (InputStream console = process.getInputStream()) {
            int value = console.read();
            while (value >= 0) {
                log.accept(value);
                value = console.read();
            }
            log.done().completeExceptionally(new IOException("QEMU has ended: " + Files.readString(messages)));
        } catch (IOException e) {
            log.done().completeExceptionally(e);
        }
    }

    /** Nanoseconds, where clock ticks of 10 ms would be too coarse (Linux Documentation/scheduler/sched-stats.rst). */
    private static SectionLog.Used used(long pid) {
        long nanos = 0;
        try (DirectoryStream<Path> threads = Files.newDirectoryStream(Path.of("/proc", Long.toString(pid), "task"))) {
            for (Path thread : threads) {
                nanos += runTime(thread.resolve("schedstat"));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        if (nanos == 0) {
            nanos = ProcessHandle.of(pid)
                    .flatMap(handle -> handle.info().totalCpuDuration())
                    .orElse(Duration.ZERO)
                    .toNanos();
        }
        return new SectionLog.Used(nanos, nanos, 0);
    }

    private static long runTime(Path statistics) throws IOException {
        try {
            return Long.parseLong(Files.readString(statistics).split(" ", 2)[0]);
        } catch (NoSuchFileException e) {
            return 0; // a thread that has just ended, or a kernel without these
        }
    }
}
