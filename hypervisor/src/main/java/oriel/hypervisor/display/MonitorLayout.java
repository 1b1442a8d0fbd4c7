package oriel.hypervisor.display;

import java.util.List;

/**
 * How a picture is divided among monitors. What no monitor shows exists all the same, but nobody sees it.
 *
 * @param size of the whole picture
 * @param monitors what each shows of it: 1 to {@value #MOST_MONITORS} areas, not empty and apart from each other
 */
public record MonitorLayout(DisplaySize size, List<Rectangle> monitors) {
    /** More than these nobody has on a desk. */
    public static final int MOST_MONITORS = 4;

    /** Checks number and areas. */
    public MonitorLayout {
        monitors = List.copyOf(monitors);
        if (monitors.isEmpty() || monitors.size() > MOST_MONITORS) {
            throw new IllegalArgumentException(monitors.size() + " monitors");
        }
        for (int i = 0; i < monitors.size(); i++) {
            Rectangle monitor = monitors.get(i);
            if (monitor.isEmpty() || !monitor.intersect(size.bounds()).equals(monitor)) {
                throw new IllegalArgumentException(monitor + " isn't within " + size);
            }
            for (Rectangle other : monitors.subList(0, i)) {
                if (!monitor.intersect(other).isEmpty()) {
                    throw new IllegalArgumentException(monitor + " and " + other + " overlap");
                }
            }
        }
    }

    /** One monitor shows everything. */
    public static MonitorLayout single(DisplaySize size) {
        return new MonitorLayout(size, List.of(size.bounds()));
    }

    /** Whether there is more than one monitor. */
    public boolean divided() {
        return monitors.size() > 1;
    }
}
