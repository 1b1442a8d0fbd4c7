package oriel.hypervisor.device.display;

import java.nio.charset.StandardCharsets;
import oriel.hypervisor.display.DisplaySize;

/** A monitor's description (VESA E-EDID 1.4) whose preferred mode is of our choice. */
final class Edid {
    static final int LENGTH = 128;

    /** A detailed timing has 12 bits for each. */
    static final int MOST_PIXELS = 4095;

    private static final int HORIZONTAL_BLANK = 160; // as CVT reduced blanking has it
    private static final int VERTICAL_BLANK = 40;
    private static final int REFRESH_HERTZ = 60;
    private static final int DOTS_PER_INCH = 96;

    /** Standard timings: width, and aspect ratio (0 16:10, 1 4:3, 2 5:4, 3 16:9). */
    private static final int[][] STANDARD = {
        {1024, 1}, {1280, 0}, {1280, 2}, {1440, 0}, {1600, 3}, {1680, 0}, {1920, 3}, {1920, 0}
    };

    private Edid() {}

    /** The description of a monitor that prefers {@code size}. */
    static byte[] of(DisplaySize size) {
        byte[] edid = new byte[LENGTH];
        for (int i = 1; i < 7; i++) {
            edid[i] = (byte) 0xFF;
        }
        int maker = ('O' - '@') << 10 | ('R' - '@') << 5 | ('L' - '@');
        edid[8] = (byte) (maker >> 8);
        edid[9] = (byte) maker;
        edid[10] = 1; // product
        edid[17] = 2026 - 1990; // year of make
        edid[18] = 1;
        edid[19] = 4; // EDID 1.4
        edid[20] = (byte) 0xA0; // digital, 8 bits a colour
        edid[21] = (byte) Math.min(255, centimetres(size.width()));
        edid[22] = (byte) Math.min(255, centimetres(size.height()));
        edid[23] = 120; // gamma 2.2
        edid[24] = 0x06; // sRGB, preferred timing is native
        putSrgb(edid);
        edid[35] = 0x21; // 640×480 and 800×600 at 60 Hz
        edid[36] = 0x08; // 1024×768 at 60 Hz
        for (int i = 0; i < STANDARD.length; i++) {
            edid[38 + 2 * i] = (byte) (STANDARD[i][0] / 8 - 31);
            edid[39 + 2 * i] = (byte) (STANDARD[i][1] << 6);
        }
        putTiming(edid, 54, size);
        putText(edid, 72, 0xFC, "Oriel");
        putText(edid, 90, 0xFF, "1");
        edid[108 + 3] = 0x10; // unused descriptor
        int sum = 0;
        for (int i = 0; i < LENGTH - 1; i++) {
            sum += edid[i];
        }
        edid[LENGTH - 1] = (byte) -sum;
        return edid;
    }

    private static int centimetres(int pixels) {
        return (pixels * 254 + DOTS_PER_INCH * 50) / (DOTS_PER_INCH * 100);
    }

    /** The sRGB primaries and white point, 10 bits each. */
    private static void putSrgb(byte[] edid) {
        int[] chromaticity = {0xEE, 0x91, 0xA3, 0x54, 0x4C, 0x99, 0x26, 0x0F, 0x50, 0x54};
        for (int i = 0; i < chromaticity.length; i++) {
            edid[25 + i] = (byte) chromaticity[i];
        }
    }

    private static void putTiming(byte[] edid, int at, DisplaySize size) {
        int width = size.width();
        int height = size.height();
        // In 10 kHz; beyond 655 MHz the refresh rate suffers.
        int clock = Math.min(0xFFFF, (width + HORIZONTAL_BLANK) * (height + VERTICAL_BLANK) / 10_000 * REFRESH_HERTZ);
        int millimetresWide = 10 * centimetres(width);
        int millimetresHigh = 10 * centimetres(height);
        edid[at] = (byte) clock;
        edid[at + 1] = (byte) (clock >> 8);
        edid[at + 2] = (byte) width;
        edid[at + 3] = (byte) HORIZONTAL_BLANK;
        edid[at + 4] = (byte) (width >> 8 << 4 | HORIZONTAL_BLANK >> 8);
        edid[at + 5] = (byte) height;
        edid[at + 6] = (byte) VERTICAL_BLANK;
        edid[at + 7] = (byte) (height >> 8 << 4 | VERTICAL_BLANK >> 8);
        edid[at + 8] = 48; // horizontal front porch
        edid[at + 9] = 32; // horizontal sync
        edid[at + 10] = 3 << 4 | 6; // vertical front porch and sync
        edid[at + 12] = (byte) millimetresWide;
        edid[at + 13] = (byte) millimetresHigh;
        edid[at + 14] = (byte) (millimetresWide >> 8 << 4 | millimetresHigh >> 8);
        edid[at + 17] = 0x1A; // digital separate sync, horizontal positive
    }

    private static void putText(byte[] edid, int at, int tag, String text) {
        edid[at + 3] = (byte) tag;
        byte[] ascii = (text + "\n            ").getBytes(StandardCharsets.US_ASCII);
        System.arraycopy(ascii, 0, edid, at + 5, 13);
    }
}
