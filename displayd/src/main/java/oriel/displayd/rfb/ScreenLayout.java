package oriel.displayd.rfb;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import oriel.hypervisor.display.DisplaySize;
import oriel.hypervisor.display.MonitorLayout;
import oriel.hypervisor.display.Rectangle;

/**
 * A picture and the screens that show it (ExtendedDesktopSize).
 *
 * @param size of the picture
 * @param screens at least one; they lie within the picture, apart from each other, and have different numbers
 */
public record ScreenLayout(DisplaySize size, List<Screen> screens) {
    /**
     * One screen.
     *
     * @param id the client's own number of it
     * @param area what it shows
     * @param flags without a meaning so far; kept as they came
     */
    public record Screen(int id, Rectangle area, int flags) {}

    /** Any number would do, but libvncclient up to 0.9.14 takes a screen 0 for none and doesn't follow the size. */
    static final int FIRST_ID = 1;

    /** Checks the screens. */
    public ScreenLayout {
        screens = List.copyOf(screens);
        if (screens.isEmpty()) {
            throw new IllegalArgumentException("no screen");
        }
        Set<Integer> ids = new HashSet<>();
        for (int i = 0; i < screens.size(); i++) {
            Rectangle area = screens.get(i).area();
            if (!ids.add(screens.get(i).id())) {
                throw new IllegalArgumentException("two screens of one number");
            }
            if (area.isEmpty() || !area.intersect(size.bounds()).equals(area)) {
                throw new IllegalArgumentException(area + " isn't within " + size);
            }
            for (Screen other : screens.subList(0, i)) {
                if (!area.intersect(other.area()).isEmpty()) {
                    throw new IllegalArgumentException(area + " and " + other.area() + " overlap");
                }
            }
        }
    }

    /** One screen shows everything. */
    public static ScreenLayout single(DisplaySize size) {
        return new ScreenLayout(size, List.of(new Screen(FIRST_ID, size.bounds(), 0)));
    }

    /** With numbers of our own. */
    public static ScreenLayout of(MonitorLayout layout) {
        List<Rectangle> areas = layout.monitors();
        return new ScreenLayout(
                layout.size(),
                IntStream.range(0, areas.size())
                        .mapToObj(i -> new Screen(FIRST_ID + i, areas.get(i), 0))
                        .toList());
    }

    /** Whether no machine has so many monitors. */
    public boolean tooMany() {
        return screens.size() > MonitorLayout.MOST_MONITORS;
    }

    /** For the machine; not if there are {@linkplain #tooMany too many}. */
    public MonitorLayout monitors() {
        return new MonitorLayout(size, screens.stream().map(Screen::area).toList());
    }
}
