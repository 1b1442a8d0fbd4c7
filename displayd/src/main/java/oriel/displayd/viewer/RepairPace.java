package oriel.displayd.viewer;

import java.time.Duration;
import java.util.List;
import oriel.displayd.encode.Region;
import oriel.hypervisor.display.Rectangle;

/** How long lossy areas must rest before they are sent exactly: longer while that keeps being in vain. Not thread-safe. */
final class RepairPace {
    /** Half of the quiet time after which lossy areas are sent exactly. */
    private static final Duration HALF_QUIET = Duration.ofMillis(45);
    /** The same while something keeps changing soon after it was made exact, as a slow film does: in vain. */
    private static final Duration HALF_QUIET_OF_FILMS = Duration.ofMillis(85);
    /** For how long after an area was made exact a change of it counts as that. */
    private static final long IN_VAIN_NANOS = 500_000_000;
    /** How long it is remembered. */
    private static final long FILM_NANOS = 3_000_000_000L;

    private Region repaired = Region.EMPTY;
    private long repairedAt;
    private long filmSeenAt = System.nanoTime() - FILM_NANOS;

    /** These were sent exactly. */
    void repaired(List<Rectangle> areas) {
        repaired = Region.of(areas);
        repairedAt = System.nanoTime();
    }

    /** This changed. */
    void changed(Region area) {
        if (repaired.isEmpty()) {
            return;
        }
        long now = System.nanoTime();
        if (now - repairedAt > IN_VAIN_NANOS) {
            repaired = Region.EMPTY;
        } else if (!repaired.intersect(area).isEmpty()) {
            filmSeenAt = now;
        }
    }

    /** Half of the time for which an area must rest. */
    Duration halfQuiet() {
        boolean film = System.nanoTime() - filmSeenAt < FILM_NANOS;
        return film ? HALF_QUIET_OF_FILMS : HALF_QUIET;
    }
}
