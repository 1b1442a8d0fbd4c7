package oriel.displayd.encode;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import oriel.displayd.testing.Pictures;
import oriel.hypervisor.display.Rectangle;

final class FrameDifferenceTest {
    private final FrameDifference difference = new FrameDifference();

    @Test
    void nothingDiffersInEqualFrames() {
        int[] frame = Pictures.paint(Pictures.Kind.NOISE, 200, 100, new Random(1));
        assertThat(difference.find(frame, frame.clone(), 200, List.of(new Rectangle(0, 0, 200, 100))))
                .isEqualTo(Region.EMPTY);
    }

    @Test
    void aChangeIsCutToItsPixels() {
        int[] before = new int[300 * 200];
        int[] after = before.clone();
        for (int y = 70; y < 80; y++) {
            after[y * 300 + 130] = 1;
            after[y * 300 + 137] = 1;
        }
        assertThat(difference.find(before, after, 300, List.of(new Rectangle(0, 0, 300, 200))))
                .isEqualTo(Region.of(new Rectangle(130, 70, 8, 10)));
    }

    @Test
    void everyDifferenceWithinTheAreasIsCovered() {
        Random random = new Random(3);
        for (int round = 0; round < 200; round++) {
            int[] before = new int[200 * 150];
            int[] after = before.clone();
            for (int i = random.nextInt(30); i >= 0; i--) {
                after[random.nextInt(after.length)] = 1;
            }
            Rectangle area = new Rectangle(random.nextInt(100), random.nextInt(100), 100, 50);
            Region found = difference.find(before, after, 200, List.of(area));
            assertThat(found.subtract(Region.of(area))).isEqualTo(Region.EMPTY);
            for (int y = area.y(); y < area.bottom(); y++) {
                for (int x = area.x(); x < area.right(); x++) {
                    if (after[y * 200 + x] != 0) {
                        assertThat(found.intersect(new Rectangle(x, y, 1, 1)).isEmpty())
                                .isFalse();
                    }
                }
            }
        }
    }
}
