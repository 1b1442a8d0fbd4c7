package oriel.it.vm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import oriel.hypervisor.device.display.Screenshot;
import oriel.hypervisor.disk.DiskFormat;
import oriel.hypervisor.disk.DiskImage;
import oriel.hypervisor.disk.DiskImages;
import oriel.hypervisor.display.Display;
import oriel.hypervisor.display.DisplaySize;
import oriel.hypervisor.firmware.BiosImage;
import oriel.hypervisor.firmware.Boot;
import oriel.hypervisor.machine.Accelerator;
import oriel.hypervisor.machine.Machine;
import oriel.hypervisor.machine.MachineConfig;
import oriel.it.guest.HostCommand;
import oriel.it.guest.TestCache;

/** Debian's graphical installer, as Debian ships it, from a CD by SeaBIOS and GRUB to its first question. */
@Tag("slow")
@Timeout(value = 30, unit = TimeUnit.MINUTES)
class InstallerTest {
    private static final Duration LIMIT = Duration.ofMinutes(25);
    private static final DisplaySize SCREEN = new DisplaySize(800, 600);

    /** The banner alone, a photograph in many colours, has more; text on a plain ground has fewer. */
    private static final int COLOURS_OF_A_BANNER = 200;

    @TempDir
    private Path folder;

    @Test
    void theGraphicalInstallerAsksItsFirstQuestion() throws Exception {
        for (String file : List.of(
                "/usr/share/seabios/bios-256k.bin",
                "/usr/lib/grub/i386-pc/boot.img",
                "/usr/bin/grub-mkrescue",
                "/usr/bin/xorriso",
                "/usr/bin/mformat")) {
            assumeTrue(Files.exists(Path.of(file)), "there is no " + file);
        }
        Path disc = disc();
        DiskImage image = DiskImages.open(disc, Optional.of(DiskFormat.RAW), true);
        Machine machine = new Machine(new MachineConfig(
                "installer",
                1024,
                1,
                Accelerator.EMULATED,
                new Boot.Bios(BiosImage.seaBios(BiosImage.DEBIAN_FOLDER), List.of(Boot.Device.CDROM), false),
                List.of(),
                MachineConfig.CdDrive.with(image),
                SCREEN,
                _ -> {}));
        machine.start();
        try {
            Display display = machine.display();
            await("the installer's banner")
                    .atMost(LIMIT)
                    .pollInterval(Duration.ofSeconds(5))
                    .until(() -> colours(display) > COLOURS_OF_A_BANNER);
            // The question fills the white page below it.
            await("the installer's question")
                    .atMost(LIMIT)
                    .pollInterval(Duration.ofSeconds(5))
                    .until(() -> darkOnLight(display) > 1000);
            Path picture = TestCache.folder("installer").resolve("first-screen.png");
            Screenshot.write(display, picture);
            assertThat(picture).isNotEmptyFile();
        } finally {
            machine.stop();
        }
    }

    private Path disc() throws IOException, InterruptedException {
        Path cache = TestCache.folder("installer");
        if (!Files.exists(cache.resolve("initrd.gz"))) {
            try {
                HostCommand.run(cache, List.of("sh", "-euc", """
                        rm -f *.deb
                        name=debian-installer-12-netboot-amd64
                        apt-get download $name || { apt-get update; apt-get download $name; }
                        dpkg-deb --fsys-tarfile *.deb | tar -x --strip-components=10 --wildcards \\
                          '*/gtk/debian-installer/amd64/linux' '*/gtk/debian-installer/amd64/initrd.gz'
                        rm -f *.deb
                        """));
            } catch (IOException e) {
                assumeTrue(false, "no package debian-installer-12-netboot-amd64: " + e.getMessage());
            }
        }
        Path tree = folder.resolve("tree");
        Path grub = Files.createDirectories(tree.resolve("boot/grub"));
        for (String file : List.of("linux", "initrd.gz")) {
            Files.copy(cache.resolve(file), tree.resolve(file));
        }
        Files.writeString(grub.resolve("grub.cfg"), """
                insmod all_video
                set gfxmode=800x600x32
                insmod gfxterm
                terminal_output gfxterm
                set gfxpayload=keep
                linux /linux quiet mitigations=off nokaslr tsc=reliable no_timer_check cryptomgr.notests
                initrd /initrd.gz
                boot
                """);
        Path disc = folder.resolve("installer.iso");
        HostCommand.run(
                folder,
                List.of("grub-mkrescue", "-d", "/usr/lib/grub/i386-pc", "-o", disc.toString(), tree.toString()));
        return disc;
    }

    private static int[] pixels(Display display) {
        DisplaySize size = display.size();
        int[] pixels = new int[size.width() * size.height()];
        display.copyPixels(size, size.bounds(), pixels, 0, size.width());
        return pixels;
    }

    private static long colours(Display display) {
        return Arrays.stream(pixels(display)).distinct().count();
    }

    /** Dark pixels in the lower two thirds of the screen, if most of those are light; else 0. */
    private static long darkOnLight(Display display) {
        int[] all = pixels(display);
        int[] lower = Arrays.copyOfRange(all, all.length / 3, all.length);
        long light = Arrays.stream(lower).filter(pixel -> (pixel & 0xFF) > 0xC0).count();
        long dark = Arrays.stream(lower).filter(pixel -> (pixel & 0xFF) < 0x60).count();
        return light > lower.length / 2 ? dark : 0;
    }
}
