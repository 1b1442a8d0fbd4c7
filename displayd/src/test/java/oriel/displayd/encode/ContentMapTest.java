package oriel.displayd.encode;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import oriel.displayd.encode.ContentMap.Content;
import oriel.displayd.testing.Pictures;
import oriel.hypervisor.display.Rectangle;

final class ContentMapTest {
    private final ContentMap map = new ContentMap();

    private static PixelBlock block(int width, int height, int[] pixels) {
        PixelBlock block = new PixelBlock().resize(width, height);
        System.arraycopy(pixels, 0, block.pixels(), 0, pixels.length);
        return block;
    }

    @Test
    void onePictureIsOnePart() {
        Random random = new Random(1);
        assertThat(map.parts(block(500, 300, Pictures.paint(Pictures.Kind.NOISE, 500, 300, random))))
                .containsExactly(new ContentMap.Part(new Rectangle(0, 0, 500, 300), Content.PHOTO));
        for (Pictures.Kind drawn : List.of(
                Pictures.Kind.SOLID, Pictures.Kind.TWO_COLOURS, Pictures.Kind.FEW_COLOURS, Pictures.Kind.BOXES)) {
            assertThat(map.parts(block(500, 300, Pictures.paint(drawn, 500, 300, random))))
                    .as("%s", drawn)
                    .containsExactly(new ContentMap.Part(new Rectangle(0, 0, 500, 300), Content.DRAWN));
        }
    }

    @Test
    void aPhotographIsCutOutOfItsPage() {
        int[] page = new int[640 * 480];
        int[] photo = Pictures.paint(Pictures.Kind.NOISE, 256, 160, new Random(2));
        for (int y = 0; y < 160; y++) {
            System.arraycopy(photo, y * 256, page, (y + 96) * 640 + 320, 256);
        }
        List<ContentMap.Part> parts = map.parts(block(640, 480, page));
        assertThat(parts).contains(new ContentMap.Part(new Rectangle(320, 96, 256, 160), Content.PHOTO));
        assertThat(parts.stream().filter(part -> part.content() != Content.DRAWN))
                .hasSize(1);
    }

    @Test
    void partsCoverTheBlockOnce() {
        Random random = new Random(3);
        for (int round = 0; round < 100; round++) {
            int width = 1 + random.nextInt(400);
            int height = 1 + random.nextInt(300);
            int[] pixels = Pictures.paint(Pictures.Kind.BOXES, width, height, random);
            int[] noise = Pictures.paint(Pictures.Kind.NOISE, width, height, random);
            for (int y = random.nextInt(height); y < height; y++) {
                int x = random.nextInt(width);
                System.arraycopy(noise, y * width + x, pixels, y * width + x, width - x);
            }
            List<Rectangle> areas = map.parts(block(width, height, pixels)).stream()
                    .map(ContentMap.Part::area)
                    .toList();
            assertThat(Region.of(areas)).isEqualTo(Region.of(new Rectangle(0, 0, width, height)));
            assertThat(areas.stream()
                            .mapToLong(r -> (long) r.width() * r.height())
                            .sum())
                    .isEqualTo((long) width * height);
        }
    }
}
