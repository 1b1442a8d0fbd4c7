package oriel.hypervisor.device.display;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Arrays;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import oriel.hypervisor.display.DisplaySize;
import oriel.hypervisor.display.Rectangle;

class FramebufferDisplayTest {
    private static final DisplaySize SIZE = new DisplaySize(1024, 768);

    private final TestScreen screen = new TestScreen();

    @BeforeEach
    void start() {
        screen.setMode(SIZE.width(), SIZE.height());
        screen.display.addListener(screen);
        screen.runTasks();
    }

    @AfterEach
    void free() {
        screen.close();
    }

    private void draw(int x, int y) {
        screen.memory.write(screen.vramBase() + 4L * (y * SIZE.width() + x), 4, 0xFFFFFF);
    }

    @Test
    void aNewListenerHearsOfDamageThatWaitsForIt() {
        assertThat(screen.events).containsExactly("damaged");
        assertThat(screen.takeDamage().areas()).containsExactly(SIZE.bounds());
    }

    @Test
    void listenersAreToldOnceUntilDamageIsTaken() {
        screen.takeDamage();
        screen.events.clear();
        draw(0, 0);
        draw(0, 100);
        draw(0, 200);
        assertThat(screen.events).containsExactly("damaged");
        screen.takeDamage();
        assertThat(screen.events).hasSize(1);
        draw(0, 0);
        assertThat(screen.events).hasSize(2);
    }

    @Test
    void damageIsTheRowsOfWrittenPagesAndIsTakenOnce() {
        screen.takeDamage();
        int flushes = screen.flushes;
        draw(10, 5);
        draw(10, 6);
        draw(1000, 300);
        assertThat(screen.takeDamage().areas())
                .containsExactly(new Rectangle(0, 5, 1024, 2), new Rectangle(0, 300, 1024, 1));
        assertThat(screen.flushes).as("writes after it are tracked anew").isEqualTo(flushes + 1);
        assertThat(screen.takeDamage().areas()).isEmpty();
    }

    @Test
    void memoryThatIsNotShownIsNoDamage() {
        screen.takeDamage();
        draw(0, 768);
        assertThat(screen.takeDamage().areas()).isEmpty();
    }

    @Test
    void aResizeIsToldAndDamagesEverything() {
        screen.takeDamage();
        screen.events.clear();
        screen.setMode(800, 600);
        assertThat(screen.events).containsExactly("damaged", "resized 800x600");
        assertThat(screen.takeDamage().areas()).containsExactly(new Rectangle(0, 0, 800, 600));
    }

    @Test
    void pixelsOfAnOldSizeAreRefused() {
        int[] pixels = new int[4];
        assertThat(screen.display.copyPixels(new DisplaySize(800, 600), new Rectangle(0, 0, 2, 2), pixels, 0, 2))
                .isFalse();
        assertThatThrownBy(() -> screen.display.copyPixels(SIZE, new Rectangle(1023, 0, 2, 2), pixels, 0, 2))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void copiesRespectOffsetAndStride() {
        draw(3, 4);
        int[] pixels = new int[50];
        Arrays.fill(pixels, -1);
        assertThat(screen.display.copyPixels(SIZE, new Rectangle(2, 3, 3, 2), pixels, 5, 10))
                .isTrue();
        int[] expected = new int[50];
        Arrays.fill(expected, -1);
        Arrays.fill(expected, 5, 8, 0);
        Arrays.fill(expected, 15, 18, 0);
        expected[16] = 0xFFFFFF;
        assertThat(pixels).isEqualTo(expected);
    }

    @Test
    void closingTellsTheReasonOnce() {
        screen.events.clear();
        screen.display.close("powered off");
        screen.display.close("again");
        assertThat(screen.events).containsExactly("closed powered off");
        assertThat(screen.display.takeDamage().join().areas()).isEmpty();
        screen.display.addListener(screen);
        assertThat(screen.events).containsExactly("closed powered off", "closed powered off");
    }

    @Test
    void aRemovedListenerHearsNothing() {
        screen.takeDamage();
        screen.events.clear();
        screen.display.removeListener(screen);
        draw(0, 0);
        screen.display.lightsChanged(4);
        assertThat(screen.events).isEmpty();
    }

    @Test
    void afterTheMemoryIsGonePixelsAreRefused() {
        screen.vram.close();
        assertThat(screen.display.copyPixels(SIZE, new Rectangle(0, 0, 1, 1), new int[1], 0, 1))
                .isFalse();
        assertThatThrownBy(() -> Screenshot.write(screen.display, new ByteArrayOutputStream()))
                .isInstanceOf(IOException.class);
    }

    @Test
    void aScreenshotHasThePixels() throws Exception {
        draw(17, 23);
        ByteArrayOutputStream png = new ByteArrayOutputStream();
        Screenshot.write(screen.display, png);
        var image = ImageIO.read(new ByteArrayInputStream(png.toByteArray()));
        assertThat(image.getWidth()).isEqualTo(1024);
        assertThat(image.getRGB(17, 23) & 0xFFFFFF).isEqualTo(0xFFFFFF);
        assertThat(image.getRGB(18, 23) & 0xFFFFFF).isZero();
    }
}
