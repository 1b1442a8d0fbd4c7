package oriel.hypervisor.device.display;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import oriel.hypervisor.bus.StateReader;
import oriel.hypervisor.bus.StateWriter;
import oriel.hypervisor.display.DisplaySize;

/** The VGA that the adapter is until a mode of the Bochs interface is on. */
class VgaTest {
    private static final long GRAPHICS_WINDOW = 0xA0000, TEXT_WINDOW = 0xB8000;
    private static final int WHITE = 0xFF_FFFF;

    private final TestScreen screen = new TestScreen();

    @AfterEach
    void free() {
        screen.close();
    }

    private void sequencer(int index, int value) {
        screen.io.writePort(0x3C4, 2, index | value << 8);
    }

    private void graphics(int index, int value) {
        screen.io.writePort(0x3CE, 2, index | value << 8);
    }

    private void crtc(int index, int value) {
        screen.io.writePort(0x3D4, 2, index | value << 8);
    }

    private void attribute(int index, int value) {
        screen.io.readPort(0x3DA, 1);
        screen.io.writePort(0x3C0, 1, index);
        screen.io.writePort(0x3C0, 1, value);
        screen.io.writePort(0x3C0, 1, 0x20);
    }

    private void colour(int number, int red, int green, int blue) {
        screen.io.writePort(0x3C8, 1, number);
        screen.io.writePort(0x3C9, 1, red);
        screen.io.writePort(0x3C9, 1, green);
        screen.io.writePort(0x3C9, 1, blue);
    }

    /** Colour n is n in all components, but 15 is white. */
    private void greyPalette() {
        for (int i = 0; i < 16; i++) {
            attribute(i, i);
            colour(i, i == 15 ? 63 : i, i == 15 ? 63 : i, i == 15 ? 63 : i);
        }
    }

    private static int grey(int number) {
        return (number << 2 | number >> 4) * 0x01_0101;
    }

    /** 80 columns of 9 dots, 25 rows of 16 lines. */
    private void textMode() {
        greyPalette();
        sequencer(1, 0);
        sequencer(2, 3);
        sequencer(3, 0);
        sequencer(4, 2);
        graphics(5, 0x10);
        graphics(6, 0x0E);
        crtc(1, 79);
        crtc(7, 0x1F);
        crtc(9, 0x4F);
        crtc(10, 0x20);
        crtc(0x12, 0x8F);
        crtc(0x13, 40);
        crtc(0x17, 0xA3);
        crtc(0x18, 0xFF);
        attribute(0x10, 0x0C);
        attribute(0x12, 0x0F);
    }

    /** Puts a shape into plane 2, as software loads a font. */
    private void glyph(int character, int line, int bits) {
        sequencer(2, 4);
        sequencer(4, 6);
        graphics(5, 0);
        graphics(6, 4);
        graphics(8, 0xFF);
        screen.io.writeMmio(GRAPHICS_WINDOW + character * 32L + line, 1, bits);
        sequencer(2, 3);
        sequencer(4, 2);
        graphics(5, 0x10);
        graphics(6, 0x0E);
    }

    private void planarMode() {
        greyPalette();
        sequencer(1, 1);
        sequencer(2, 15);
        sequencer(4, 6);
        graphics(5, 0);
        graphics(6, 5);
        graphics(8, 0xFF);
        crtc(1, 79);
        crtc(7, 0x1F | 2);
        crtc(9, 0x40);
        crtc(0x12, 0xDF);
        crtc(0x13, 40);
        crtc(0x17, 0xE3);
        crtc(0x18, 0xFF);
        attribute(0x10, 1);
        attribute(0x12, 0x0F);
    }

    private void chunkyMode() {
        sequencer(1, 1);
        sequencer(2, 15);
        sequencer(4, 0xE);
        graphics(5, 0x40);
        graphics(6, 5);
        graphics(8, 0xFF);
        crtc(1, 79);
        crtc(7, 0x1F);
        crtc(9, 0x41);
        crtc(0x12, 0x8F);
        crtc(0x13, 40);
        crtc(0x17, 0xA3);
        crtc(0x18, 0xFF);
        attribute(0x10, 0x41);
    }

    @Test
    void textIsDrawnWithTheLoadedFont() {
        textMode();
        glyph('A', 3, 0b1000_0001);
        screen.io.writeMmio(TEXT_WINDOW + 2 * (80 * 2 + 5), 2, 'A' | 0x1F << 8);
        assertThat(screen.display.size()).isEqualTo(new DisplaySize(720, 400));
        int x = 5 * 9, y = 2 * 16 + 3;
        assertThat(screen.pixel(x, y)).isEqualTo(WHITE);
        assertThat(screen.pixel(x + 1, y)).isEqualTo(grey(1));
        assertThat(screen.pixel(x + 7, y)).isEqualTo(WHITE);
        assertThat(screen.pixel(x + 8, y)).as("the ninth dot of a letter").isEqualTo(grey(1));
        assertThat(screen.pixel(x, y + 1)).isEqualTo(grey(1));
    }

    @Test
    void lineGraphicsReachTheNextCharacter() {
        textMode();
        glyph(0xC4, 7, 0xFF);
        screen.io.writeMmio(TEXT_WINDOW, 2, 0xC4 | 0x0F << 8);
        assertThat(screen.pixel(8, 7)).isEqualTo(WHITE);
        attribute(0x10, 8);
        assertThat(screen.pixel(8, 7)).isZero();
    }

    @Test
    void cursorIsShownWhereItIs() {
        textMode();
        screen.io.writeMmio(TEXT_WINDOW + 2 * 80, 2, 0x0F << 8);
        crtc(0xF, 80);
        assertThat(screen.pixel(0, 16 + 14)).as("off").isZero();
        crtc(10, 13);
        crtc(11, 14);
        assertThat(screen.pixel(0, 16 + 12)).isZero();
        assertThat(screen.pixel(0, 16 + 13)).isEqualTo(WHITE);
        assertThat(screen.pixel(8, 16 + 14)).isEqualTo(WHITE);
        assertThat(screen.pixel(0, 16 + 15)).isZero();
    }

    @Test
    void startAddressScrolls() {
        textMode();
        glyph('A', 0, 0xFF);
        screen.io.writeMmio(TEXT_WINDOW + 2 * 80, 2, 'A' | 0x0F << 8);
        assertThat(screen.pixel(0, 0)).isZero();
        crtc(0xD, 80);
        assertThat(screen.pixel(0, 0)).isEqualTo(WHITE);
    }

    @Test
    void textReadsBackAndItsWindowEndsAtB8000() {
        textMode();
        screen.io.writeMmio(TEXT_WINDOW + 3, 4, 0x4433_2211);
        assertThat(screen.io.readMmio(TEXT_WINDOW + 3, 4)).isEqualTo(0x4433_2211L);
        assertThat(screen.io.readMmio(GRAPHICS_WINDOW, 1)).isEqualTo(0xFF);
        assertThat(screen.memory.isMemory(TEXT_WINDOW)).isFalse();
    }

    @Test
    void damageFollowsAWriteOfTextAndNothingElse() {
        textMode();
        screen.display.addListener(screen);
        screen.takeDamage();
        screen.events.clear();
        screen.io.readMmio(TEXT_WINDOW, 4);
        assertThat(screen.events).isEmpty();
        screen.io.writeMmio(TEXT_WINDOW, 2, 0x0F41);
        screen.io.writeMmio(TEXT_WINDOW, 2, 0x0F42);
        assertThat(screen.events).containsExactly("damaged");
        assertThat(screen.takeDamage().areas())
                .containsExactly(screen.display.size().bounds());
    }

    @Test
    void planesMakeSixteenColours() {
        planarMode();
        assertThat(screen.display.size()).isEqualTo(new DisplaySize(640, 480));
        sequencer(2, 0b1111);
        screen.io.writeMmio(GRAPHICS_WINDOW + 80, 1, 0b1000_0000);
        sequencer(2, 0b0101);
        screen.io.writeMmio(GRAPHICS_WINDOW + 81, 1, 0b0000_0001);
        assertThat(screen.pixel(0, 1)).isEqualTo(WHITE);
        assertThat(screen.pixel(1, 1)).isZero();
        assertThat(screen.pixel(15, 1)).isEqualTo(grey(5));
    }

    @Test
    void bitMaskAndLatchesKeepWhatIsNotDrawn() {
        planarMode();
        screen.io.writeMmio(GRAPHICS_WINDOW, 1, 0xFF);
        graphics(8, 0b0001_0000);
        screen.io.readMmio(GRAPHICS_WINDOW, 1);
        screen.io.writeMmio(GRAPHICS_WINDOW, 1, 0);
        assertThat(screen.io.readMmio(GRAPHICS_WINDOW, 1)).isEqualTo(0b1110_1111);
    }

    @Test
    void setResetWritesAColourInModeZeroAndThree() {
        planarMode();
        graphics(0, 0b1010);
        graphics(1, 0b1111);
        screen.io.writeMmio(GRAPHICS_WINDOW, 1, 0x12);
        assertThat(screen.pixel(0, 0)).isEqualTo(grey(10));
        graphics(0, 0b0110);
        graphics(5, 3);
        screen.io.readMmio(GRAPHICS_WINDOW, 1);
        screen.io.writeMmio(GRAPHICS_WINDOW, 1, 0b0100_0000);
        assertThat(screen.pixel(0, 0)).isEqualTo(grey(10));
        assertThat(screen.pixel(1, 0)).isEqualTo(grey(6));
    }

    @Test
    void writeModeTwoTakesAColourAndModeOneCopies() {
        planarMode();
        graphics(5, 2);
        graphics(8, 0b1000_0000);
        screen.io.readMmio(GRAPHICS_WINDOW, 1);
        screen.io.writeMmio(GRAPHICS_WINDOW, 1, 9);
        assertThat(screen.pixel(0, 0)).isEqualTo(grey(9));
        graphics(5, 1);
        screen.io.readMmio(GRAPHICS_WINDOW, 1);
        screen.io.writeMmio(GRAPHICS_WINDOW + 1, 1, 0);
        assertThat(screen.pixel(8, 0)).isEqualTo(grey(9));
    }

    @Test
    void logicalOperationsCombineWithTheLatches() {
        planarMode();
        screen.io.writeMmio(GRAPHICS_WINDOW, 1, 0b1100);
        int[] expected = {0b1010, 0b1000, 0b1110, 0b0110};
        for (int operation = 0; operation < 4; operation++) {
            graphics(3, 0);
            screen.io.writeMmio(GRAPHICS_WINDOW, 1, 0b1100);
            graphics(3, operation << 3);
            screen.io.readMmio(GRAPHICS_WINDOW, 1);
            screen.io.writeMmio(GRAPHICS_WINDOW, 1, 0b1010);
            assertThat(screen.io.readMmio(GRAPHICS_WINDOW, 1)).isEqualTo(expected[operation]);
        }
        graphics(3, 1);
        screen.io.writeMmio(GRAPHICS_WINDOW, 1, 0b1000_0001);
        assertThat(screen.io.readMmio(GRAPHICS_WINDOW, 1)).as("rotated").isEqualTo(0b1100_0000);
    }

    @Test
    void readModeOneComparesColours() {
        planarMode();
        graphics(5, 2);
        graphics(8, 0b0010_0000);
        screen.io.readMmio(GRAPHICS_WINDOW, 1);
        screen.io.writeMmio(GRAPHICS_WINDOW, 1, 6);
        graphics(5, 8);
        graphics(2, 6);
        graphics(7, 0xF);
        assertThat(screen.io.readMmio(GRAPHICS_WINDOW, 1)).isEqualTo(0b0010_0000);
        graphics(2, 0);
        graphics(7, 1);
        assertThat(screen.io.readMmio(GRAPHICS_WINDOW, 1))
                .as("plane 0 alone counts")
                .isEqualTo(0xFF);
    }

    @Test
    void aByteADotInMode13h() {
        chunkyMode();
        colour(200, 63, 0, 1);
        screen.io.writeMmio(GRAPHICS_WINDOW + 320 * 7 + 9, 1, 200);
        assertThat(screen.display.size()).isEqualTo(new DisplaySize(640, 400));
        int red = 0xFF_0004;
        assertThat(screen.pixel(18, 14)).isEqualTo(red);
        assertThat(screen.pixel(19, 15)).isEqualTo(red);
        assertThat(screen.pixel(20, 14)).isZero();
        assertThat(screen.pixel(18, 16)).isZero();
    }

    @Test
    void splitScreenGoesOnAtTheStartOfMemory() {
        planarMode();
        screen.io.writeMmio(GRAPHICS_WINDOW, 1, 0x80);
        crtc(0xC, 0x40);
        crtc(0x18, 99);
        crtc(7, 0x0F | 2);
        crtc(9, 0);
        assertThat(screen.pixel(0, 0)).isZero();
        assertThat(screen.pixel(0, 100)).isEqualTo(WHITE);
    }

    @Test
    void protectedCrtcKeepsItsFirstRegisters() {
        textMode();
        crtc(0x11, 0x80);
        crtc(1, 30);
        crtc(7, 0);
        assertThat(screen.display.size().width()).isEqualTo(720);
        screen.io.writePort(0x3D4, 1, 7);
        assertThat(screen.io.readPort(0x3D5, 1)).as("only line compare").isEqualTo(0x0F);
    }

    @Test
    void paletteReadsBackThreeBytesAColour() {
        colour(7, 1, 2, 3);
        colour(8, 4, 5, 6);
        screen.io.writePort(0x3C7, 1, 7);
        for (int component = 1; component <= 6; component++) {
            assertThat(screen.io.readPort(0x3C9, 1)).isEqualTo(component);
        }
    }

    @Test
    void monochromeAddressesAnswerInsteadWhenAskedFor() {
        crtc(0x13, 40);
        screen.io.writePort(0x3C2, 1, 0);
        screen.io.writePort(0x3B4, 1, 0x13);
        assertThat(screen.io.readPort(0x3B5, 1)).isEqualTo(40);
        assertThat(screen.io.readPort(0x3D5, 1)).isEqualTo(0xFF);
    }

    @Test
    void vbeModesOfEveryDepthAreShown() {
        int[] depths = {15, 16, 24, 32};
        int[] pixels = {0x7C1F, 0xF81F, 0xFF00FF, 0xFF00FF};
        for (int i = 0; i < depths.length; i++) {
            screen.setDispi(DispiRegisters.ENABLE, 0);
            screen.setDispi(DispiRegisters.XRES, 640);
            screen.setDispi(DispiRegisters.YRES, 480);
            screen.setDispi(DispiRegisters.BPP, depths[i]);
            screen.setDispi(DispiRegisters.ENABLE, 0x41);
            int bytes = (depths[i] + 7) / 8;
            byte[] pixel = {(byte) pixels[i], (byte) (pixels[i] >> 8), (byte) (pixels[i] >> 16), 0};
            screen.memory.write(screen.vramBase() + (640L * 3 + 5) * bytes, pixel, 0, bytes);
            assertThat(screen.pixel(5, 3)).as("%d bits", depths[i]).isEqualTo(0xFF00FF);
            assertThat(screen.pixel(6, 3)).isZero();
        }
    }

    @Test
    void vbeMode256ThroughABank() {
        colour(9, 63, 63, 63);
        screen.setDispi(DispiRegisters.XRES, 800);
        screen.setDispi(DispiRegisters.YRES, 600);
        screen.setDispi(DispiRegisters.BPP, 8);
        screen.setDispi(DispiRegisters.ENABLE, 1);
        screen.setDispi(DispiRegisters.BANK, 2);
        screen.io.writeMmio(GRAPHICS_WINDOW + 100, 1, 9);
        int place = 2 * 65536 + 100;
        assertThat(screen.pixel(place % 800, place / 800)).isEqualTo(WHITE);
        assertThat(screen.io.readMmio(GRAPHICS_WINDOW + 100, 1)).isEqualTo(9);
        screen.setDispi(DispiRegisters.BANK, 0xFFFF);
        screen.io.writeMmio(GRAPHICS_WINDOW, 4, -1);
        assertThat(screen.io.readMmio(GRAPHICS_WINDOW, 1)).as("beyond memory").isEqualTo(0xFF);
    }

    @Test
    void leavingAVbeModeShowsTextAgain() {
        textMode();
        screen.setMode(800, 600);
        assertThat(screen.display.size()).isEqualTo(new DisplaySize(800, 600));
        screen.setDispi(DispiRegisters.ENABLE, 0);
        assertThat(screen.display.size()).isEqualTo(new DisplaySize(720, 400));
    }

    @Test
    void savedScreenIsShownAgain() {
        textMode();
        glyph('A', 0, 0xFF);
        screen.io.writeMmio(TEXT_WINDOW, 2, 'A' | 0x0F << 8);
        StateWriter out = new StateWriter();
        screen.adapter.save(out);
        screen.adapter.reset();
        assertThat(screen.pixel(0, 0)).isZero();
        screen.adapter.load(new StateReader("display", out.toByteArray()));
        assertThat(screen.display.size()).isEqualTo(new DisplaySize(720, 400));
        assertThat(screen.pixel(0, 0)).isEqualTo(WHITE);
    }

    @Test
    void everyAccessIsSurvived() {
        Random random = new Random(17);
        for (int i = 0; i < 60_000; i++) {
            int size = 1 << random.nextInt(3);
            switch (random.nextInt(4)) {
                case 0 -> screen.io.writeMmio(GRAPHICS_WINDOW + random.nextInt(0x20000), size, random.nextLong());
                case 1 -> screen.io.readMmio(GRAPHICS_WINDOW + random.nextInt(0x20000), size);
                case 2 -> screen.io.readPort(0x3B4 + random.nextInt(0x2C), size);
                default -> screen.io.writePort(0x3B4 + random.nextInt(0x2C), size, random.nextInt());
            }
            if (i % 10 == 0) {
                screen.setDispi(random.nextInt(DispiRegisters.COUNT), random.nextInt(2000));
            }
            if (i % 200 == 0) {
                DisplaySize size2 = screen.display.size();
                screen.pixel(size2.width() - 1, size2.height() - 1);
                screen.takeDamage();
            }
        }
        screen.adapter.reset();
        textMode();
        assertThat(screen.display.size()).isEqualTo(new DisplaySize(720, 400));
    }
}
