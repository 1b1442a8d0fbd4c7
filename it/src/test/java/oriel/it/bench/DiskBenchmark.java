package oriel.it.bench;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import oriel.hypervisor.disk.DiskFormat;
import oriel.hypervisor.disk.DiskImage;
import oriel.hypervisor.disk.DiskImages;
import oriel.it.guest.GuestProgram;
import oriel.it.guest.HostCommand;
import oriel.it.guest.StockKernel;
import oriel.it.vm.SmallInitrd;

/**
 * {@code ./oriel bench disk}: the same guest reads and writes a virtio disk of ours and of QEMU's, one after the other:
 * a new qcow2 overlay on a qcow2 image full of data. Time is what the guest measures; CPU is the whole process's.
 */
public final class DiskBenchmark {
    private static final int DISK_MIB = 256;

    private DiskBenchmark() {}

    /** Arguments: {@code --seconds=N} a section (3), {@code --no-qemu}. */
    public static void main(String[] arguments) throws Exception {
        double seconds = 3;
        boolean qemu = true;
        for (String argument : arguments) {
            if (argument.startsWith("--seconds=")) {
                seconds = Double.parseDouble(argument.substring("--seconds=".length()));
            } else if (argument.equals("--no-qemu")) {
                qemu = false;
            } else {
                System.err.println("usage: ./oriel bench disk [--seconds=N] [--no-qemu]");
                System.exit(2);
            }
        }
        Path image = Path.of(System.getProperty("oriel.data", "data"), "images", "debian-desktop");
        if (!Files.exists(image.resolve("initrd.img"))) {
            System.err.println("oriel bench: there is no golden image " + image
                    + " to take drivers from: build it with ./oriel up, or set ORIEL_DATA_DIR");
            System.exit(2);
        }
        Path folder = Files.createTempDirectory("oriel-disk-bench");
        try {
            run(folder, image, seconds, qemu);
        } finally {
            HostCommand.run(folder, List.of("rm", "-rf", folder.toString()));
        }
        System.exit(0);
    }

    private static void run(Path folder, Path image, double seconds, boolean qemu) throws Exception {
        CloneBenchmark.load();
        Path base = base(folder);
        Path initrd = folder.resolve("initrd");
        SmallInitrd.write(
                image.resolve("initrd.img"),
                "exec /bin/disk-guest " + seconds + "\n",
                Map.of("disk-guest", GuestProgram.build(DiskBenchmark.class, "disk-guest.c")),
                initrd);
        CpuGuest guest = new CpuGuest(image.resolve("vmlinuz"), initrd, StockKernel.COMMAND_LINE);
        Duration limit = Duration.ofSeconds(120 + Math.round(seconds * 60));
        DiskImage disk = DiskImages.open(overlay(base, "ours"), Optional.of(DiskFormat.QCOW2), false);
        SectionLog ours = OrielRun.of(guest, limit, List.of(disk));
        SectionLog theirs = null;
        if (!qemu) {
            System.out.println("QEMU was not asked for");
        } else if (HostCommand.exists(QemuRun.PROGRAM)) {
            theirs = QemuRun.of(
                    guest, limit, List.of("-drive", "if=virtio,format=qcow2,file=" + overlay(base, "theirs")));
        } else {
            System.out.println("SKIPPED: no " + QemuRun.PROGRAM + " (Debian package qemu-system-x86)");
        }
        report(ours, theirs);
        CloneBenchmark.load();
    }

    /** Random bytes, so that nothing is a hole. */
    private static Path base(Path folder) {
        Path base = folder.resolve("base.qcow2");
        DiskImages.createQcow2(base, (long) DISK_MIB << 20);
        byte[] data = new byte[1 << 20];
        Random random = new Random(1);
        try (DiskImage disk = DiskImages.open(base, Optional.of(DiskFormat.QCOW2), false)) {
            for (int mib = 0; mib < DISK_MIB; mib++) {
                random.nextBytes(data);
                disk.write((long) mib << 20, ByteBuffer.wrap(data));
            }
        }
        return base;
    }

    private static Path overlay(Path base, String name) {
        Path overlay = base.resolveSibling(name + ".qcow2");
        DiskImages.createOverlay(overlay, base, DiskFormat.QCOW2);
        return overlay;
    }

    private static void report(SectionLog ours, @Nullable SectionLog theirs) throws IOException {
        System.out.printf(
                Locale.ROOT,
                "%-22s %12s %10s %12s %10s %8s%n",
                "section",
                "Oriel",
                "CPU µs",
                "QEMU TCG",
                "CPU µs",
                "ratio");
        for (Map.Entry<String, SectionLog.Section> entry : ours.sections().entrySet()) {
            SectionLog.Section mine = entry.getValue();
            SectionLog.Section peer = theirs == null ? null : theirs.sections().get(entry.getKey());
            System.out.printf(
                    Locale.ROOT,
                    "%-22s %12s %10.1f %12s %10s %8s%n",
                    entry.getKey(),
                    speed(mine),
                    cpu(mine),
                    peer == null ? "-" : speed(peer),
                    peer == null ? "-" : "%.1f".formatted(cpu(peer)),
                    peer == null ? "-" : "%.2f".formatted(perSecond(mine) / perSecond(peer)));
        }
        ours.failures().forEach(failure -> System.out.println("FAILED here: " + failure));
        if (theirs != null) {
            theirs.failures().forEach(failure -> System.out.println("FAILED in QEMU: " + failure));
        }
    }

    private static double perSecond(SectionLog.Section section) {
        return section.rounds() / (Double.parseDouble(section.sum()) / 1e9);
    }

    /** Small requests are counted, of large ones the bytes. */
    private static String speed(SectionLog.Section section) {
        return section.units() >= 1 << 20
                ? "%.0f MiB/s".formatted(perSecond(section) * section.units() / (1 << 20))
                : "%.0f /s".formatted(perSecond(section));
    }

    private static double cpu(SectionLog.Section section) {
        return section.used().process() / 1e3 / section.rounds();
    }
}
