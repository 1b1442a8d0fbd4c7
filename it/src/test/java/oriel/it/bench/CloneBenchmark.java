package oriel.it.bench;

import java.io.IOException;
import java.io.Reader;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Properties;
import java.util.concurrent.TimeUnit;
import oriel.hypervisor.display.Display;
import oriel.hypervisor.display.DisplaySize;
import oriel.hypervisor.host.BootSpec;
import oriel.hypervisor.host.Cloning;
import oriel.hypervisor.host.HostException;
import oriel.hypervisor.host.InProcessHost;
import oriel.hypervisor.host.MachineSpec;
import oriel.hypervisor.host.TemplateSpec;
import oriel.hypervisor.machine.Accelerator;
import oriel.it.guest.HostCommand;

/**
 * {@code ./oriel bench clone}: instant clones of the golden desktop, from the request to the first picture, how many a
 * second, how fast a refresh is, and what a hundred that idle cost; against QEMU started from a saved state.
 *
 * <p>Memory is what the process has for itself alone ({@code Anonymous} in
 * /proc/self/smaps_rollup), its Java heap included, before and after.
 */
public final class CloneBenchmark {
    private static final int MEMORY_MIB = 512;
    private static final DisplaySize SCREEN = new DisplaySize(1280, 800);
    private static final String TEMPLATE = "warm";
    private static final String OWNER = "bench";
    private static final int SINGLE = 20;
    private static final int SETTLE_SECONDS = 30;
    private static final Duration BOOT = Duration.ofMinutes(5);

    private final Path image;
    private final BootSpec boot;
    private final InProcessHost host;

    private CloneBenchmark(Path image, InProcessHost host) throws IOException {
        this.image = image;
        this.boot = new BootSpec(image.resolve("vmlinuz"), image.resolve("initrd.img"), commandLine(image));
        this.host = host;
    }

    private static String commandLine(Path image) throws IOException {
        Properties properties = new Properties();
        try (Reader in = Files.newBufferedReader(image.resolve("image.properties"))) {
            properties.load(in);
        }
        return properties.getProperty("command_line") + " " + properties.getProperty("command_line.emulated", "");
    }

    /** Arguments: {@code --clones=N} (100), {@code --idle-seconds=N} (20), {@code --no-qemu}. */
    public static void main(String[] arguments) throws Exception {
        int clones = 100, idleSeconds = 20;
        boolean qemu = true;
        for (String argument : arguments) {
            if (argument.startsWith("--clones=")) {
                clones = Integer.parseInt(argument.substring("--clones=".length()));
            } else if (argument.startsWith("--idle-seconds=")) {
                idleSeconds = Integer.parseInt(argument.substring("--idle-seconds=".length()));
            } else if (argument.equals("--no-qemu")) {
                qemu = false;
            } else {
                System.err.println("usage: ./oriel bench clone [--clones=N] [--idle-seconds=N] [--no-qemu]");
                System.exit(2);
            }
        }
        Path image = Path.of(System.getProperty("oriel.data", "data"), "images", "debian-desktop");
        if (!Files.exists(image.resolve("disk.qcow2"))) {
            System.err.println("oriel bench: there is no golden image " + image
                    + ": build it with ./oriel up, or set ORIEL_DATA_DIR");
            System.exit(2);
        }
        Path folder = Files.createTempDirectory("oriel-clones");
        try (InProcessHost host = new InProcessHost("bench", folder, Accelerator.AUTO, 1 << 20)) {
            new CloneBenchmark(image, host).run(clones, idleSeconds);
        } finally {
            HostCommand.run(folder, List.of("rm", "-rf", folder.toString()));
        }
        if (!qemu) {
            System.out.println("QEMU was not asked for");
        } else if (HostCommand.exists(QemuRun.PROGRAM)) {
            QemuClones.run(image, commandLine(image), MEMORY_MIB);
        } else {
            System.out.println("SKIPPED: no " + QemuRun.PROGRAM + " (Debian package qemu-system-x86)");
        }
        System.exit(0);
    }

    private void run(int clones, int idleSeconds) throws Exception {
        load();
        long begin = System.nanoTime();
        host.prepareTemplate(
                new TemplateSpec(TEMPLATE, OWNER, MEMORY_MIB, 1, image.resolve("disk.qcow2"), boot, SCREEN), BOOT);
        line("template: boot, wait, seal", seconds(begin), "s");
        line("template: on disk", host.templates().getFirst().bytes() / 1048576.0, "MiB");

        measure("fork", 1);
        measure("refresh", 2);
        for (int i = 0; i < SINGLE; i++) {
            host.destroy("single-" + i);
        }

        System.gc();
        TimeUnit.SECONDS.sleep(1);
        double before = privateMib();
        double cpuBefore = cpuSeconds();
        List<Double> frames = new ArrayList<>();
        begin = System.nanoTime();
        for (int i = 0; i < clones; i++) {
            frames.add(millis(toFirstFrame(spec("clone-" + i, 1))));
        }
        double took = seconds(begin);
        load();
        line(clones + " clones, one after the other", clones / took, "a second");
        times("fork to first frame among them", frames);
        line("CPU of the process meanwhile, a clone", (cpuSeconds() - cpuBefore) / clones * 1000, "ms");
        TimeUnit.SECONDS.sleep(SETTLE_SECONDS); // they learn who they are and what time it is, and come to rest
        System.gc();
        line("CPU of the process until they rest, a clone", (cpuSeconds() - cpuBefore) / clones * 1000, "ms");
        line("private memory of an idle clone", (privateMib() - before) / clones, "MiB");
        line("private memory of the process with all", privateMib(), "MiB");
        double cpu = cpuSeconds();
        begin = System.nanoTime();
        TimeUnit.SECONDS.sleep(idleSeconds);
        line("CPU of an idle clone", (cpuSeconds() - cpu) / seconds(begin) / clones * 100, "% of a core");
        load();
    }

    /** One at a time, each when the one before has come to rest: what a person sees who asks for a desktop. */
    private void measure(String what, long generation) throws Exception {
        ThreadMXBean threads = ManagementFactory.getThreadMXBean();
        List<Double> frames = new ArrayList<>();
        List<Double> cpu = new ArrayList<>();
        for (int i = 0; i < SINGLE; i++) {
            long used = threads.getCurrentThreadCpuTime();
            frames.add(millis(toFirstFrame(spec("single-" + i, generation))));
            cpu.add(millis(threads.getCurrentThreadCpuTime() - used));
            TimeUnit.MILLISECONDS.sleep(700);
        }
        line("first " + what + " of the process, to first frame", frames.getFirst(), "ms");
        times(what + " to first frame", frames.subList(SINGLE / 4, SINGLE));
        times(what + ", CPU of its thread", cpu.subList(SINGLE / 4, SINGLE));
    }

    /** What else the computer does decides whether times mean something. */
    static void load() {
        line(
                "load of the computer, last minute",
                ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage(),
                "");
    }

    private MachineSpec spec(String name, long generation) {
        return new MachineSpec(
                name,
                OWNER,
                generation,
                MEMORY_MIB,
                1,
                image.resolve("disk.qcow2"),
                boot,
                SCREEN,
                Cloning.instant(TEMPLATE));
    }

    /** A picture is there when a viewer has all of its pixels. */
    private long toFirstFrame(MachineSpec spec) throws HostException {
        long begin = System.nanoTime();
        host.create(spec);
        host.start(spec);
        Optional<Display> display = host.display(spec.name());
        int[] pixels = new int[SCREEN.width() * SCREEN.height()];
        boolean drawn = display.orElseThrow().copyPixels(SCREEN, SCREEN.bounds(), pixels, 0, SCREEN.width());
        long took = System.nanoTime() - begin;
        if (!drawn || pixels[0] == 0 && pixels[pixels.length / 2] == 0) {
            throw new IllegalStateException("the clone shows nothing");
        }
        return took;
    }

    static void times(String what, List<Double> millis) {
        List<Double> sorted = millis.stream().sorted().toList();
        line(what + ", median", sorted.get(sorted.size() / 2), "ms");
        line(what + ", slowest of " + sorted.size(), sorted.getLast(), "ms");
    }

    static void line(String what, double value, String unit) {
        System.out.printf(Locale.ROOT, "%-52s %10.2f %s%n", what, value, unit);
    }

    static double seconds(long since) {
        return (System.nanoTime() - since) / 1e9;
    }

    private static double millis(long nanos) {
        return nanos / 1e6;
    }

    private static double cpuSeconds() {
        return ProcessHandle.current()
                        .info()
                        .totalCpuDuration()
                        .orElse(Duration.ZERO)
                        .toNanos()
                / 1e9;
    }

    private static double privateMib() throws IOException {
        return privateMib(ProcessHandle.current().pid());
    }

    /** Resident memory that no other process and no file has. */
    static double privateMib(long pid) throws IOException {
        return Files.readAllLines(Path.of("/proc", Long.toString(pid), "smaps_rollup")).stream()
                        .filter(text -> text.startsWith("Anonymous:"))
                        .mapToLong(text -> Long.parseLong(text.replaceAll("[^0-9]", "")))
                        .sum()
                / 1024.0;
    }
}
