package oriel.it.vm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import oriel.hypervisor.disk.DiskFormat;
import oriel.hypervisor.disk.DiskImages;
import oriel.it.guest.GoldenImage;

/** The stock Debian kernel and the golden desktop on {@code oriel vm}, used by an independent VNC viewer. */
@Tag("guest")
@Timeout(value = 40, unit = TimeUnit.MINUTES)
class VmDesktopTest {
    /** An emulated guest boots in half a minute of CPU; a loaded machine takes its time. */
    private static final Duration BOOT = Duration.ofMinutes(12);

    private static final Duration REACTION = Duration.ofMinutes(3);
    private static final String READY = "oriel: desktop ready";
    private static final int TERMINAL = 0x1B2430;

    /** The panel at the lower edge: its clock goes on. */
    private static final int PANEL_HEIGHT = 40;

    private static final String STATISTICS = "wall [0-9.]+ s, CPU [0-9.]+ s, [0-9,]+ guest instructions, [0-9.]+ MIPS";

    @TempDir
    private Path folder;

    private GoldenImage image;
    private Path screenshot;

    @BeforeEach
    void prepare() throws IOException, InterruptedException {
        RfbClient.compile(folder);
        image = GoldenImage.get();
        screenshot = folder.resolve("screen.png");
        DiskImages.createOverlay(folder.resolve("overlay.qcow2"), image.disk(), DiskFormat.QCOW2);
    }

    private VmProcess startDesktop(String... more) throws IOException {
        List<String> options =
                new ArrayList<>(List.of("--initrd", image.initrd().toString()));
        options.addAll(Arrays.asList(more));
        return start(options.toArray(String[]::new));
    }

    private VmProcess start(String... more) throws IOException {
        List<String> options = new ArrayList<>(List.of(
                "--kernel",
                image.kernel().toString(),
                "--append",
                image.commandLine(),
                "--disk",
                folder.resolve("overlay.qcow2") + ",format=qcow2",
                "--display",
                "rfb:0",
                "--screenshot",
                screenshot.toString(),
                "--stats"));
        options.addAll(Arrays.asList(more));
        return VmProcess.start(folder, options);
    }

    @Test
    void anIndependentViewerSeesAndTypesWhatTheGuestShowsAndReads() throws Exception {
        try (VmProcess vm = startDesktop("--until", "picture-42")) {
            vm.awaitSerial(READY, BOOT);
            try (RfbClient viewer = RfbClient.connect(folder, vm.rfbPort())) {
                openTerminal(viewer);
                viewer.type("echo x$((40+2)) | tee /dev/ttyS0");
                vm.awaitSerial("x42", REACTION);

                viewer.type("(sleep 20; echo picture-$((6*7)) >/dev/ttyS0) &");
                BufferedImage seen = stillPicture(viewer);
                assertThat(vm.awaitExit(REACTION)).as(vm.messages()).isZero();

                assertThat(differences(seen, ImageIO.read(screenshot.toFile()))).isZero();
                assertThat(share(seen, TERMINAL))
                        .as("share of the terminal's background")
                        .isGreaterThan(0.1);
            }
            assertThat(vm.messages()).containsPattern(STATISTICS);
            System.out.println("[vm] terminal and screenshot: " + vm.messages().strip());
        }
    }

    @Test
    void theClipboardAndTheSizeOfTheWindowReachTheGuestAndBack() throws Exception {
        try (VmProcess vm = startDesktop()) {
            vm.awaitSerial(READY, BOOT);
            try (RfbClient viewer = RfbClient.connect(folder, vm.rfbPort())) {
                openTerminal(viewer);
                viewer.type("printf 'copied %d' 42 | xclip -i -selection clipboard");
                await("the guest's text at the viewer")
                        .atMost(REACTION)
                        .pollInterval(Duration.ofMillis(500))
                        .until(() -> viewer.pasted().equals("copied 42"));

                viewer.copy("from the viewer");
                viewer.type("until xclip -o -selection clipboard | grep from; do sleep 1; done | tee /dev/ttyS0");
                vm.awaitSerial("from the viewer", REACTION);

                viewer.resize(1024, 768);
                await("a picture of the new size")
                        .atMost(REACTION)
                        .pollInterval(Duration.ofMillis(500))
                        .until(() -> viewer.picture().getWidth() == 1024
                                && viewer.picture().getHeight() == 768);
                viewer.type("xrandr | sed -n 's/.*\\(current [0-9]* x [0-9]*\\).*/\\1/p' >/dev/ttyS0");
                vm.awaitSerial("current 1024 x 768", REACTION);
            }
        }
    }

    @Test
    void anIdleDesktopSleeps() throws Exception {
        try (VmProcess vm = startDesktop()) {
            vm.awaitSerial(READY, BOOT);
            // What a start leaves to be done (compilers, caches) gets its time before the minute that counts.
            Duration used = cpuOver(vm, Duration.ofSeconds(30));
            System.out.println("[vm] CPU in the first 30 s of the desktop: " + used);
            Duration idle = cpuOver(vm, Duration.ofMinutes(1));
            System.out.println("[vm] CPU in a minute of idle desktop: " + idle);
            assertThat(idle).isLessThan(Duration.ofSeconds(12));
        }
    }

    @Test
    void poweroffInTheGuestEndsTheProcessWithTheLastPictureAndStatistics() throws Exception {
        Path initrd = folder.resolve("initrd");
        SmallInitrd.write(image.initrd(), "echo \"going off\"\n/bin/busybox poweroff -f\n", initrd);
        try (VmProcess vm = start("--initrd", initrd.toString())) {
            assertThat(vm.awaitExit(BOOT)).as(vm.messages()).isZero();
            assertThat(vm.serial()).contains("going off");
            assertThat(vm.messages()).containsPattern(STATISTICS);
            assertThat(ImageIO.read(screenshot.toFile())).as("the last picture").isNotNull();
            System.out.println("[vm] boot and poweroff: " + vm.messages().strip());
        }
    }

    private static Duration cpuOver(VmProcess vm, Duration time) {
        Duration before = vm.cpu();
        await().pollDelay(time).atMost(time.multipliedBy(2)).until(vm::isAlive);
        return vm.cpu().minus(before);
    }

    private static void openTerminal(RfbClient viewer) throws IOException {
        viewer.keys("Control", "Alt", "t");
        await("a terminal with a prompt")
                .atMost(REACTION)
                .pollInterval(Duration.ofMillis(500))
                .until(() -> {
                    BufferedImage picture = viewer.picture();
                    return share(picture, TERMINAL) > 0.1;
                });
        stillPicture(viewer);
    }

    /** The same picture three times in a row, a second apart: the guest is done with drawing. */
    private static BufferedImage stillPicture(RfbClient viewer) {
        List<BufferedImage> pictures = new ArrayList<>();
        await("a still picture")
                .atMost(REACTION)
                .pollInterval(Duration.ofSeconds(1))
                .until(() -> {
                    pictures.add(viewer.picture());
                    int count = pictures.size();
                    return count >= 3
                            && differences(pictures.get(count - 1), pictures.get(count - 2)) == 0
                            && differences(pictures.get(count - 2), pictures.get(count - 3)) == 0;
                });
        return pictures.getLast();
    }

    /** Pixels above the panel that are not the same. */
    private static long differences(BufferedImage one, BufferedImage other) {
        assertThat(one.getWidth()).isEqualTo(other.getWidth());
        assertThat(one.getHeight()).isEqualTo(other.getHeight());
        long different = 0;
        for (int y = 0; y < one.getHeight() - PANEL_HEIGHT; y++) {
            for (int x = 0; x < one.getWidth(); x++) {
                different += one.getRGB(x, y) == other.getRGB(x, y) ? 0 : 1;
            }
        }
        return different;
    }

    private static double share(BufferedImage picture, int rgb) {
        long same = 0;
        for (int y = 0; y < picture.getHeight(); y++) {
            for (int x = 0; x < picture.getWidth(); x++) {
                same += (picture.getRGB(x, y) & 0xFFFFFF) == rgb ? 1 : 0;
            }
        }
        return (double) same / (picture.getWidth() * picture.getHeight());
    }
}
