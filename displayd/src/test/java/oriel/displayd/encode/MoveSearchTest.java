package oriel.displayd.encode;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import oriel.displayd.testing.Pictures;
import oriel.hypervisor.display.Rectangle;

final class MoveSearchTest {
    private static final int WIDTH = 640;
    private static final int HEIGHT = 400;
    private static final Rectangle ALL = new Rectangle(0, 0, WIDTH, HEIGHT);

    private static final List<Pictures.Kind> KINDS = List.of(Pictures.Kind.values());

    private final MoveSearch search = new MoveSearch();

    private Move search(int[] before, int[] after) {
        Region changed = new FrameDifference().find(before, after, WIDTH, List.of(ALL));
        return search.find(before, after, WIDTH, changed);
    }

    private static int[] picture(Pictures.Kind kind, long seed) {
        return Pictures.paint(kind, WIDTH, HEIGHT, new Random(seed));
    }

    /** Copies a rectangle of one picture to another place of a second. */
    private static void copy(int[] from, int[] to, Rectangle area, int dx, int dy) {
        for (int y = area.y(); y < area.bottom(); y++) {
            System.arraycopy(from, y * WIDTH + area.x(), to, (y + dy) * WIDTH + area.x() + dx, area.width());
        }
    }

    @Test
    void scrollsInEveryDirectionAreFoundToThePixel() {
        int[][] distances = {{0, -3}, {0, 57}, {0, -200}, {17, 0}, {-1, 0}, {-120, 0}, {33, -21}};
        for (int[] d : distances) {
            int[] before = picture(Pictures.Kind.MANY_COLOURS, 1);
            int[] after = before.clone();
            Rectangle inner = new Rectangle(101, 43, 400, 301);
            Rectangle kept = inner.intersect(new Rectangle(
                    Math.max(0, inner.x() - d[0]), Math.max(0, inner.y() - d[1]), inner.width(), inner.height()));
            copy(picture(Pictures.Kind.MANY_COLOURS, 9), after, inner, 0, 0); // what scrolled in is new
            copy(before, after, kept, d[0], d[1]);
            Move move = search(before, after);
            assertThat(move).as("%d, %d", d[0], d[1]).isNotNull();
            assertThat(move.dx()).isEqualTo(d[0]);
            assertThat(move.dy()).isEqualTo(d[1]);
            Rectangle to = new Rectangle(kept.x() + d[0], kept.y() + d[1], kept.width(), kept.height());
            int[] moved = before.clone();
            copy(before, moved, move.from(), move.dx(), move.dy());
            assertThat(new FrameDifference().find(moved, after, WIDTH, List.of(to)))
                    .isEqualTo(Region.EMPTY);
        }
    }

    @Test
    void aDraggedWindowLeavesOnlyWhatItUncovered() {
        int[] ground = picture(Pictures.Kind.NOISE, 2);
        int[] window = picture(Pictures.Kind.FEW_COLOURS, 3);
        Rectangle size = new Rectangle(0, 0, 300, 200);
        int[] before = ground.clone();
        copy(window, before, size, 50, 60);
        int[] after = ground.clone();
        copy(window, after, size, 63, 51);
        Move move = search(before, after);
        assertThat(move).isNotNull();
        assertThat(move.to()).isEqualTo(new Rectangle(63, 51, 300, 200));
        int[] moved = before.clone();
        copy(before, moved, move.from(), move.dx(), move.dy());
        long left =
                new FrameDifference().find(moved, after, WIDTH, List.of(ALL)).area();
        assertThat(left).isLessThan(2L * (13 * 200 + 9 * 300));
    }

    @Test
    void nothingIsFoundWhereNothingMoved() {
        assertThat(search(picture(Pictures.Kind.NOISE, 4), picture(Pictures.Kind.NOISE, 5)))
                .isNull();
        assertThat(search(picture(Pictures.Kind.SOLID, 4), picture(Pictures.Kind.SOLID, 5)))
                .isNull();
    }

    @Test
    void bothEndsOfAMoveAreInTheFrame() {
        Random random = new Random(6);
        for (int round = 0; round < 60; round++) {
            int[] before = picture(KINDS.get(round % KINDS.size()), round);
            int[] after = picture(KINDS.get(round / KINDS.size() % KINDS.size()), round + 100);
            int dx = random.nextInt(2 * WIDTH) - WIDTH;
            int dy = random.nextInt(2 * HEIGHT) - HEIGHT;
            Rectangle to = new Rectangle(Math.max(0, dx), Math.max(0, dy), WIDTH - Math.abs(dx), HEIGHT - Math.abs(dy));
            copy(before, after, new Rectangle(to.x() - dx, to.y() - dy, to.width(), to.height()), dx, dy);
            Move move = search(before, after);
            if (move != null) {
                assertThat(move.to().intersect(ALL)).isEqualTo(move.to());
                assertThat(move.from().intersect(ALL)).isEqualTo(move.from());
            }
        }
    }
}
