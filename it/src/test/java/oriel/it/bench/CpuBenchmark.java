package oriel.it.bench;

import java.lang.management.ManagementFactory;
import java.lang.management.MemoryPoolMXBean;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import oriel.hypervisor.cpu.emulated.TranslatorMemory;
import oriel.it.guest.HostCommand;

/**
 * {@code ./oriel bench cpu}: the same guest on the emulated processor and in QEMU's translator, one after the other.
 *
 * <p>A section's figure is million guest instructions (or iterations, or operations) per second of CPU time of the whole
 * process: what a machine's owner pays. Instructions are counted on ours, where the count is exact, and hold for both,
 * as each round of a section does the same work.
 */
public final class CpuBenchmark {
    private static final double BOOT_AND_PREPARE_SECONDS = 240;
    private static final int SECTIONS = 27;

    private CpuBenchmark() {}

    private record Options(double seconds, boolean qemu, List<String> sections) {
        static Options parse(String[] arguments) {
            double seconds = 3;
            boolean qemu = true;
            List<String> sections = new ArrayList<>();
            for (String argument : arguments) {
                if (argument.startsWith("--seconds=")) {
                    seconds = Double.parseDouble(argument.substring("--seconds=".length()));
                } else if (argument.equals("--no-qemu")) {
                    qemu = false;
                } else if (argument.startsWith("-")) {
                    throw new IllegalArgumentException(
                            "usage: ./oriel bench cpu [--seconds=N] [--no-qemu] [SECTION…], not " + argument);
                } else {
                    sections.add(argument);
                }
            }
            return new Options(seconds, qemu, sections);
        }

        Duration limit() {
            int count = sections.isEmpty() ? SECTIONS : sections.size();
            return Duration.ofSeconds(Math.round(BOOT_AND_PREPARE_SECONDS + count * (seconds * 2 + 20)));
        }
    }

    /** Runs it; see {@code Options} for the arguments. */
    public static void main(String[] arguments) throws Exception {
        Options options;
        try {
            options = Options.parse(arguments);
        } catch (IllegalArgumentException e) {
            System.err.println("oriel bench: " + e.getMessage());
            System.exit(2);
            return;
        }
        CpuGuest guest = CpuGuest.build(options.seconds, options.sections);
        SectionLog ours = OrielRun.of(guest, options.limit());
        SectionLog theirs = null;
        if (!options.qemu) {
            System.out.println("QEMU was not asked for: no ratios");
        } else if (HostCommand.exists(QemuRun.PROGRAM)) {
            theirs = QemuRun.of(guest, options.limit());
        } else {
            System.out.println("SKIPPED: no " + QemuRun.PROGRAM + " (Debian package qemu-system-x86): no ratios");
        }
        boolean right = report(ours, theirs);
        System.exit(right ? 0 : 1);
    }

    private static boolean report(SectionLog ours, @Nullable SectionLog theirs) {
        System.out.printf(
                Locale.ROOT,
                "%-16s %12s %12s %12s %8s %14s%n",
                "section",
                "Oriel",
                "its thread",
                "QEMU TCG",
                "ratio",
                "a round");
        double logarithms = 0, worst = Double.MAX_VALUE;
        int compared = 0;
        boolean right = true;
        for (Map.Entry<String, SectionLog.Section> entry : ours.sections().entrySet()) {
            String name = entry.getKey();
            SectionLog.Section section = entry.getValue();
            double work = section.units() != 0
                    ? section.units()
                    : (double) section.used().instructions() / section.rounds();
            double speed = speed(section, work, section.used().process());
            SectionLog.Section peer = theirs == null ? null : theirs.sections().get(name);
            String ratio = "-", other = "-";
            if (peer != null) {
                double theirSpeed = speed(peer, work, peer.used().process());
                other = "%.1f".formatted(theirSpeed);
                ratio = "%.2f".formatted(speed / theirSpeed);
                logarithms += Math.log(speed / theirSpeed);
                worst = Math.min(worst, speed / theirSpeed);
                compared++;
                if (!peer.sum().equals(section.sum())) {
                    System.out.printf(
                            Locale.ROOT,
                            "WRONG: %s came to %s here and to %s there%n",
                            name,
                            section.sum(),
                            peer.sum());
                    right = false;
                }
            }
            System.out.printf(
                    Locale.ROOT,
                    "%-16s %12.1f %12.1f %12s %8s %14.0f%s%n",
                    name,
                    speed,
                    speed(section, work, section.used().thread()),
                    other,
                    ratio,
                    work,
                    section.units() != 0 ? " operations" : "");
        }
        for (String failure : ours.failures()) {
            System.out.printf(Locale.ROOT, "FAILED here: %s%n", failure);
            right = false;
        }
        if (theirs != null) {
            theirs.failures().forEach(failure -> System.out.printf(Locale.ROOT, "FAILED in QEMU: %s%n", failure));
        }
        System.out.printf(
                Locale.ROOT,
                "%nmillions a second of CPU time of the whole process; \"its thread\": of the machine's thread alone%n");
        if (compared > 0) {
            System.out.printf(
                    Locale.ROOT,
                    "geometric mean of %d ratios: %.3f, the lowest %.3f%n",
                    compared,
                    Math.exp(logarithms / compared),
                    worst);
        }
        boot("Oriel (reads and unpacks the kernel on the host, JVM start included)", ours);
        if (theirs != null) {
            boot("QEMU TCG (SeaBIOS, the kernel unpacks itself)", theirs);
        }
        memory(ours.translator());
        return right;
    }

    private static double speed(SectionLog.Section section, double work, long nanos) {
        return work * section.rounds() * 1e3 / nanos;
    }

    private static void boot(String name, SectionLog log) {
        SectionLog.Used ready = log.ready();
        if (ready != null) {
            System.out.printf(Locale.ROOT, "kernel to user space, %s: %.2f s of CPU", name, ready.process() / 1e9);
            if (ready.instructions() != 0) {
                System.out.printf(
                        Locale.ROOT,
                        " (%.2f s of the machine's thread, %,d instructions)",
                        ready.thread() / 1e9,
                        ready.instructions());
            }
            System.out.printf(Locale.ROOT, "%n");
        }
    }

    private static void memory(TranslatorMemory translator) {
        System.out.printf(
                Locale.ROOT,
                "translator's memory %.1f MiB: operations %.1f, blocks %.1f, code %.1f, jump cache %.1f, TLB %.1f%n",
                translator.total() / 0x1p20,
                translator.operations() / 0x1p20,
                translator.blocks() / 0x1p20,
                translator.translations() / 0x1p20,
                translator.jumps() / 0x1p20,
                translator.tlb() / 0x1p20);
        for (MemoryPoolMXBean pool : ManagementFactory.getMemoryPoolMXBeans()) {
            if (pool.getName().contains("CodeHeap")
                    || pool.getName().contains("CodeCache")
                    || pool.getName().equals("Metaspace")) {
                System.out.printf(
                        Locale.ROOT,
                        "%s: %.1f MiB%n",
                        pool.getName(),
                        pool.getUsage().getUsed() / 0x1p20);
            }
        }
    }
}
