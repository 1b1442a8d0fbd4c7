package oriel.displayd.video;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import oriel.hypervisor.display.DisplaySize;
import oriel.hypervisor.display.Rectangle;

final class MotionMapTest {
    private static final DisplaySize SIZE = new DisplaySize(1921, 1080);
    private static final long FRAME = 40_000_000;

    private final MotionMap map = new MotionMap();
    private long now = 1_000_000_000_000L;

    private void change(Rectangle area, int times, long interval) {
        for (int i = 0; i < times; i++) {
            now += interval;
            map.changed(area, SIZE, now);
        }
    }

    @Test
    void whatKeepsMovingIsAFilmUntilItRests() {
        change(new Rectangle(320, 192, 1280, 720), 10, FRAME);
        Rectangle film = map.film(now);
        assertThat(film).isNotNull();
        assertThat(film.intersect(new Rectangle(320, 192, 1280, 704))).isEqualTo(new Rectangle(320, 192, 1280, 704));
        assertThat(map.film(now + 5_000_000_000L)).isNull();
    }

    @Test
    void itsEdgesAreEven() {
        change(SIZE.bounds(), 10, FRAME);
        assertThat(map.film(now)).isEqualTo(new Rectangle(0, 0, 1920, 1080));
    }

    @Test
    void pictureShowsAndSmallAnimationsAreNone() {
        change(SIZE.bounds(), 6, 2_000_000_000L);
        assertThat(map.film(now)).isNull();
        map.clear();
        change(new Rectangle(0, 0, 200, 200), 20, FRAME);
        assertThat(map.film(now)).isNull();
    }

    @Test
    void twoFilmsFarApartAreNotOne() {
        for (int i = 0; i < 10; i++) {
            change(new Rectangle(0, 0, 320, 320), 1, FRAME);
            change(new Rectangle(1500, 700, 320, 320), 1, 0);
        }
        assertThat(map.film(now)).isNull();
    }
}
