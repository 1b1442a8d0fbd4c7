package oriel.it.vm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import oriel.hypervisor.device.display.Screenshot;
import oriel.hypervisor.display.CursorImage;
import oriel.hypervisor.display.Damage;
import oriel.hypervisor.display.Display;
import oriel.hypervisor.display.DisplaySize;
import oriel.hypervisor.display.Rectangle;
import oriel.hypervisor.machine.Equipment;
import oriel.it.guest.DesktopGuest;

/** The golden desktop on virtio's graphics adapter, by the stock kernel's driver. */
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class VirtioGraphicsTest {
    private static final Duration LIMIT = Duration.ofMinutes(2);

    @TempDir
    private Path folder;

    @Test
    void theDesktopIsDrawnFollowsASizeAndHasACursor() throws Exception {
        Equipment equipment = new Equipment(false, Equipment.Graphics.VIRTIO);
        try (DesktopGuest guest = DesktopGuest.boot(folder, machine -> machine.with(equipment))) {
            Display display = guest.machine().display();
            assertThat(guest.run("cat /sys/class/drm/card0/device/uevent")).contains("virtio");
            assertThat(colours(display)).as("a desktop, with icons and a panel").isGreaterThan(50);
            await("a cursor's shape").atMost(LIMIT).until(() -> visible(display.cursor()));

            // A terminal that writes a character damages little, and nothing else.
            List<Rectangle> areas = new CopyOnWriteArrayList<>();
            takeDamage(display);
            guest.run("DISPLAY=:0 setpriv --reuid 1000 --regid 1000 --init-groups env HOME=/home/user "
                    + "xterm -geometry 20x4+200+200 >/dev/null 2>&1 &");
            await("a window").atMost(LIMIT).until(() -> {
                areas.addAll(takeDamage(display).areas());
                return areas.stream().anyMatch(area -> area.width() > 50 && area.width() < 400);
            });

            // As a viewer's window asks for it.
            DisplaySize wanted = new DisplaySize(1000, 700);
            await("another size")
                    .atMost(LIMIT)
                    .pollInterval(Duration.ofSeconds(2))
                    .until(() -> {
                        display.requestSize(wanted);
                        return display.size().equals(wanted);
                    });
            Path picture = folder.resolve("picture.png");
            Screenshot.write(display, picture);
            assertThat(picture).isNotEmptyFile();
        }
    }

    private static Damage takeDamage(Display display) throws Exception {
        return display.takeDamage().get(30, TimeUnit.SECONDS);
    }

    private static boolean visible(CursorImage cursor) {
        return cursor != null && java.util.Arrays.stream(cursor.argb()).anyMatch(pixel -> pixel != 0);
    }

    private static long colours(Display display) {
        DisplaySize size = display.size();
        int[] pixels = new int[size.width() * size.height()];
        assertThat(display.copyPixels(size, size.bounds(), pixels, 0, size.width()))
                .isTrue();
        return java.util.Arrays.stream(pixels).distinct().count();
    }
}
