package oriel.displayd.rfb;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import oriel.displayd.rfb.ScreenLayout.Screen;
import oriel.hypervisor.display.DisplaySize;
import oriel.hypervisor.display.MonitorLayout;
import oriel.hypervisor.display.Rectangle;

/** Screens of a picture: as bytes, and what is none. */
final class ScreenLayoutTest {
    private static @Nullable ScreenLayout read(byte[] message) throws RfbProtocolException {
        ClientMessageReader reader = new ClientMessageReader(1000);
        reader.feed(message, 0, message.length);
        ClientMessage read = reader.next();
        assertThat(reader.held()).isZero();
        return read instanceof ClientMessage.SetDesktopSize(ScreenLayout layout) ? layout : null;
    }

    private static byte[] setDesktopSize(int width, int height, List<Screen> screens) {
        WireBuffer out = new WireBuffer(64);
        out.u8(251).u8(0).u16(width).u16(height).u8(screens.size()).u8(0);
        for (Screen screen : screens) {
            Rectangle area = screen.area();
            out.u32(screen.id()).u16(area.x()).u16(area.y());
            out.u16(area.width()).u16(area.height()).u32(screen.flags());
        }
        return java.util.Arrays.copyOf(out.array(), out.size());
    }

    @Test
    void twoMonitorsAsAClientWritesThem() throws RfbProtocolException {
        byte[] message = HexFormat.ofDelimiter(" ")
                .parseHex("fb 00 0a 00 02 d0 02 00"
                        + " 00 00 00 01 00 00 00 00 05 00 02 d0 00 00 00 00"
                        + " de ad be ef 05 00 00 00 05 00 02 d0 00 00 00 07");
        ScreenLayout layout = read(message);
        assertThat(layout)
                .isEqualTo(new ScreenLayout(
                        new DisplaySize(2560, 720),
                        List.of(
                                new Screen(1, new Rectangle(0, 0, 1280, 720), 0),
                                new Screen(0xDEADBEEF, new Rectangle(1280, 0, 1280, 720), 7))));
    }

    @Test
    void twoMonitorsAsWeWriteThem() {
        MonitorLayout layout = new MonitorLayout(
                new DisplaySize(2240, 800), List.of(new Rectangle(0, 0, 1280, 800), new Rectangle(1280, 0, 960, 600)));
        WireBuffer out = new WireBuffer(64);
        ServerMessages.extendedDesktopSize(out, ScreenLayout.of(layout), 0, 0);
        assertThat(HexFormat.of().formatHex(out.array(), 0, out.size()))
                .isEqualTo("00000000" + "08c00320" + "fffffecc" + "02000000"
                        + "00000001" + "00000000" + "05000320" + "00000000"
                        + "00000002" + "05000000" + "03c00258" + "00000000");
    }

    @Test
    void aClientThatNamesNoScreenMeansOne() throws RfbProtocolException {
        assertThat(read(setDesktopSize(640, 480, List.of()))).isEqualTo(ScreenLayout.single(new DisplaySize(640, 480)));
    }

    /** As libvncclient 0.9.14 sends it: number, origin and flags are what lay on its stack. */
    @Test
    void oneScreenOfThePicturesSizeIsThePicture() throws RfbProtocolException {
        byte[] message = HexFormat.of().parseHex("fb00" + "04000300" + "0100" + "20202020202020200400030020202020");
        assertThat(read(message))
                .isEqualTo(new ScreenLayout(
                        new DisplaySize(1024, 768),
                        List.of(new Screen(0x20202020, new Rectangle(0, 0, 1024, 768), 0x20202020))));
    }

    @Test
    void impossibleScreensAreNone() throws RfbProtocolException {
        Screen left = new Screen(1, new Rectangle(0, 0, 320, 480), 0);
        for (Screen wrong : List.of(
                new Screen(1, new Rectangle(320, 0, 320, 480), 0), // the number is taken
                new Screen(2, new Rectangle(319, 0, 320, 480), 0), // overlaps
                new Screen(2, new Rectangle(320, 0, 321, 480), 0), // leaves the picture
                new Screen(2, new Rectangle(320, 1, 320, 480), 0),
                new Screen(2, new Rectangle(0xFFFF, 0xFFFF, 0xFFFF, 0xFFFF), 0),
                new Screen(2, new Rectangle(320, 0, 0, 480), 0))) { // shows nothing
            assertThat(read(setDesktopSize(640, 480, List.of(left, wrong))))
                    .as("%s", wrong)
                    .isNull();
        }
        assertThat(read(setDesktopSize(0, 480, List.of()))).isNull();
        assertThat(read(setDesktopSize(16385, 480, List.of()))).isNull();
    }

    /** Whatever is said: it is read to its end, and what comes out of it is sound. */
    @Test
    void whatComesOutIsSound() throws RfbProtocolException {
        Random random = new Random(41);
        int possible = 0;
        for (int round = 0; round < 4000; round++) {
            int width = 1 + random.nextInt(64);
            int height = 1 + random.nextInt(64);
            List<Screen> screens = new ArrayList<>();
            for (int i = random.nextInt(round % 50 == 0 ? 256 : 7); i > 0; i--) {
                screens.add(new Screen(
                        random.nextInt(100),
                        new Rectangle(
                                random.nextInt(width + 2),
                                random.nextInt(height + 2),
                                random.nextInt(width),
                                random.nextInt(height)),
                        random.nextInt()));
            }
            ScreenLayout layout = read(setDesktopSize(width, height, screens));
            boolean[][] seen = new boolean[height][width];
            boolean sound = screens.stream().map(Screen::id).distinct().count() == screens.size();
            for (Screen screen : screens) {
                Rectangle area = screen.area();
                sound &= !area.isEmpty() && area.right() <= width && area.bottom() <= height;
                for (int y = area.y(); sound && y < area.bottom(); y++) {
                    for (int x = area.x(); x < area.right(); x++) {
                        sound &= !seen[y][x];
                        seen[y][x] = true;
                    }
                }
            }
            if (sound) {
                possible++;
                assertThat(layout).isNotNull();
                assertThat(layout.size()).isEqualTo(new DisplaySize(width, height));
                if (!screens.isEmpty()) {
                    assertThat(layout.screens()).isEqualTo(screens);
                }
                assertThat(layout.tooMany()).isEqualTo(screens.size() > MonitorLayout.MOST_MONITORS);
            } else {
                assertThat(layout).isNull();
            }
        }
        assertThat(possible).isGreaterThan(300);
    }

    @Test
    void aMachineHasFourMonitorsAtMost() {
        List<Rectangle> five = List.of(
                new Rectangle(0, 0, 1, 1),
                new Rectangle(1, 0, 1, 1),
                new Rectangle(2, 0, 1, 1),
                new Rectangle(3, 0, 1, 1),
                new Rectangle(4, 0, 1, 1));
        DisplaySize size = new DisplaySize(5, 1);
        assertThatIllegalArgumentException().isThrownBy(() -> new MonitorLayout(size, five));
        assertThatIllegalArgumentException().isThrownBy(() -> new MonitorLayout(size, List.of()));
        assertThat(new MonitorLayout(size, five.subList(0, 4)).divided()).isTrue();
        assertThat(MonitorLayout.single(size).divided()).isFalse();
    }
}
