package oriel.hypervisor.device.display;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.BitSet;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import oriel.hypervisor.display.DisplaySize;
import oriel.hypervisor.display.Rectangle;

class DirtyRowsTest {
    /** For every picture: the rows that hold a byte of a written page, no other, in as few rectangles as can be. */
    @Test
    void exactlyTheRowsOfWrittenPages() {
        Random random = new Random(4);
        for (int round = 0; round < 500; round++) {
            DisplaySize size = new DisplaySize(1 + random.nextInt(1500), 1 + random.nextInt(120));
            int pitch = size.width() * 4 + (random.nextBoolean() ? 4 * random.nextInt(600) : 0);
            LinearScanout scanout =
                    new LinearScanout(size, 4L * random.nextInt(5000), pitch, PixelFormat.XRGB_8888, Palette.NONE);
            BitSet pages = new BitSet();
            for (int i = 0; i < random.nextInt(12); i++) {
                int first = random.nextInt(160);
                pages.set(first, first + 1 + random.nextInt(4));
            }
            BitSet expected = new BitSet();
            pages.stream().forEach(page -> {
                for (long at = page * 4096L; at < (page + 1) * 4096L; at += 4) {
                    long inside = at - scanout.start();
                    if (inside >= 0 && inside < scanout.length()) {
                        expected.set((int) (inside / pitch));
                    }
                }
            });
            List<Rectangle> areas = DirtyRows.of(pages, scanout);
            BitSet rows = new BitSet();
            int bottom = -1;
            for (Rectangle area : areas) {
                assertThat(area.x()).isZero();
                assertThat(area.width()).isEqualTo(size.width());
                assertThat(area.y()).isGreaterThan(bottom);
                bottom = area.bottom();
                rows.set(area.y(), area.bottom());
            }
            assertThat(rows).isEqualTo(expected);
        }
    }
}
