package oriel.it.vm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import oriel.hypervisor.device.display.Screenshot;
import oriel.hypervisor.display.Display;
import oriel.hypervisor.display.DisplaySize;
import oriel.hypervisor.display.MonitorLayout;
import oriel.hypervisor.display.Rectangle;
import oriel.it.guest.DesktopGuest;

/** The golden desktop's one screen, divided among monitors, as a viewer with several windows asks for it. */
@Tag("slow")
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class MonitorsTest {
    private static final Duration LIMIT = Duration.ofMinutes(3);
    private static final Path SHOTS = Path.of("target", "screenshots");
    private static final Rectangle LEFT = new Rectangle(0, 0, 800, 600);
    private static final Rectangle RIGHT = new Rectangle(800, 0, 640, 480);
    private static final MonitorLayout TWO = new MonitorLayout(new DisplaySize(1440, 600), List.of(LEFT, RIGHT));
    private static final MonitorLayout ONE = MonitorLayout.single(new DisplaySize(800, 600));
    private static final Pattern GEOMETRY = Pattern.compile("(\\d+)x(\\d+)\\+-?\\d+\\+-?\\d+  \\+(-?\\d+)\\+(-?\\d+)");

    @TempDir
    private Path folder;

    @Test
    void windowsFillOneMonitorAndEachHasItsPanel() throws Exception {
        try (DesktopGuest guest = DesktopGuest.boot(folder, machine -> machine)) {
            Display display = guest.machine().display();
            assertThat(display.requestLayout(MonitorLayout.single(new DisplaySize(3840, 2160))))
                    .as("more than its video memory holds")
                    .isFalse();
            assertThat(display.requestLayout(TWO)).isTrue();
            await("two monitors").atMost(LIMIT).until(() -> TWO.equals(display.layout()));
            assertThat(asUser(guest, "xrandr --listmonitors"))
                    .contains("Monitors: 3")
                    .contains("800/211x600/158+0+0");
            await("a panel for each")
                    .atMost(LIMIT)
                    .pollInterval(Duration.ofSeconds(1))
                    .until(() -> windows(guest, "tint2")
                            .containsAll(List.of(new Rectangle(0, 564, 800, 36), new Rectangle(800, 444, 640, 36))));

            asUser(guest, "xterm -geometry 40x10+900+50 -T elsewhere >/dev/null 2>&1 &");
            await("a window")
                    .atMost(LIMIT)
                    .pollInterval(Duration.ofSeconds(1))
                    .until(() -> !windows(guest, "\"elsewhere\"").isEmpty());
            doubleClick(display, 1000, 61); // on its title
            await("it fills its monitor, and nothing of the other")
                    .atMost(LIMIT)
                    .pollInterval(Duration.ofSeconds(1))
                    .untilAsserted(() -> assertThat(
                                    windows(guest, "\"elsewhere\"").getFirst())
                            .satisfies(window -> {
                                assertThat(window.x()).isEqualTo(RIGHT.x());
                                assertThat(window.width()).isEqualTo(RIGHT.width());
                                assertThat(window.height()).isBetween(380, RIGHT.height());
                            }));
            Files.createDirectories(SHOTS);
            Screenshot.write(display, SHOTS.resolve("monitors-guest.png"));

            assertThat(display.requestLayout(ONE)).isTrue();
            await("one monitor").atMost(LIMIT).until(() -> ONE.equals(display.layout()));
            assertThat(asUser(guest, "xrandr --listmonitors")).contains("Monitors: 1");
            await("one panel")
                    .atMost(LIMIT)
                    .pollInterval(Duration.ofSeconds(1))
                    .until(() -> windows(guest, "tint2").equals(List.of(new Rectangle(0, 564, 800, 36))));
        }
    }

    private static void doubleClick(Display display, int x, int y) {
        display.input().pointer(x, y, 0);
        for (int i = 0; i < 2; i++) {
            display.input().pointer(x, y, 1);
            display.input().pointer(x, y, 0);
        }
    }

    private static String asUser(DesktopGuest guest, String command) throws Exception {
        return guest.run("DISPLAY=:0 setpriv --reuid 1000 --regid 1000 --init-groups env HOME=/home/user " + command);
    }

    /** Where windows are whose line in the tree of all has this. */
    private static List<Rectangle> windows(DesktopGuest guest, String name) throws Exception {
        return asUser(guest, "xwininfo -root -tree")
                .lines()
                .filter(line -> line.contains(name))
                .map(GEOMETRY::matcher)
                .filter(Matcher::find)
                .map(found -> new Rectangle(
                        Math.max(0, number(found, 3)),
                        Math.max(0, number(found, 4)),
                        number(found, 1),
                        number(found, 2)))
                .toList();
    }

    private static int number(Matcher found, int group) {
        return Integer.parseInt(found.group(group));
    }
}
