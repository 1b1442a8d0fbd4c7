package oriel.displayd.encode;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import oriel.hypervisor.display.Rectangle;

/** A region is the set of its pixels: each operation is compared with the same on bits. */
final class RegionTest {
    private static final int SIDE = 40;

    private static Region random(Random random) {
        List<Rectangle> rectangles = new ArrayList<>();
        for (int i = random.nextInt(8); i > 0; i--) {
            int x = random.nextInt(SIDE - 1);
            int y = random.nextInt(SIDE - 1);
            rectangles.add(new Rectangle(x, y, 1 + random.nextInt(SIDE - x), 1 + random.nextInt(SIDE - y)));
        }
        return Region.of(rectangles);
    }

    private static BitSet bits(Region region) {
        BitSet bits = new BitSet();
        for (Rectangle r : region.rectangles()) {
            for (int y = r.y(); y < r.bottom(); y++) {
                for (int x = r.x(); x < r.right(); x++) {
                    assertThat(bits.get(y * SIDE + x)).as("rectangles overlap").isFalse();
                    bits.set(y * SIDE + x);
                }
            }
        }
        return bits;
    }

    @Test
    void operationsAreThoseOfSets() {
        Random random = new Random(7);
        for (int round = 0; round < 2000; round++) {
            Region a = random(random);
            Region b = random(random);
            BitSet union = bits(a);
            union.or(bits(b));
            BitSet both = bits(a);
            both.and(bits(b));
            BitSet difference = bits(a);
            difference.andNot(bits(b));
            assertThat(bits(a.union(b))).isEqualTo(union);
            assertThat(bits(a.intersect(b))).isEqualTo(both);
            assertThat(bits(a.subtract(b))).isEqualTo(difference);
            assertThat(a.area()).isEqualTo(bits(a).cardinality());
            assertThat(a.union(b)).as("canonical").isEqualTo(b.union(a));
            assertThat(a.subtract(b).union(a.intersect(b))).isEqualTo(a.union(Region.EMPTY));
        }
    }

    @Test
    void piecesCoverTheRegion() {
        Random random = new Random(8);
        for (int round = 0; round < 200; round++) {
            Region region = random(random);
            List<Rectangle> pieces = RectangleSplitter.split(region);
            assertThat(Region.of(pieces).intersect(region)).isEqualTo(region);
        }
        Region all = Region.of(new Rectangle(0, 0, 5000, 3000));
        assertThat(RectangleSplitter.split(all))
                .allMatch(r -> r.width() * r.height() <= RectangleSplitter.MAX_AREA)
                .allMatch(r -> r.width() <= TightEncoder.MAX_WIDTH);
        assertThat(Region.of(RectangleSplitter.split(all))).isEqualTo(all);
    }
}
