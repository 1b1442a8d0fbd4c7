package oriel.displayd.rfb;

/** Registered numbers of encodings and pseudo-encodings (IANA "Remote Framebuffer", rfbproto). */
public final class Encodings {
    public static final int RAW = 0;
    public static final int COPY_RECT = 1;
    public static final int RRE = 2;
    public static final int HEXTILE = 5;
    public static final int ZLIB = 6;
    public static final int TIGHT = 7;
    public static final int ZRLE = 16;
    public static final int JPEG = 21;
    public static final int H264 = 50;
    public static final int TIGHT_PNG = -260;

    /** First of six: subsampling 1X (none), 4X, 2X, grey, 8X, 16X. */
    public static final int SUBSAMPLING_1X = -768;
    /** First of 101: JPEG quality 0 to 100. */
    public static final int FINE_QUALITY_0 = -512;

    /** First of ten: quality level 0 (worst) to 9. */
    public static final int QUALITY_LEVEL_0 = -32;

    public static final int DESKTOP_SIZE = -223;
    public static final int LAST_RECT = -224;
    public static final int CURSOR = -239;
    /** First of ten: compression level 0 (fastest) to 9. */
    public static final int COMPRESSION_LEVEL_0 = -256;

    public static final int QEMU_POINTER_MOTION = -257;
    public static final int QEMU_EXTENDED_KEY = -258;
    public static final int QEMU_AUDIO = -259;
    public static final int QEMU_LED_STATE = -261;
    public static final int DESKTOP_NAME = -307;
    public static final int EXTENDED_DESKTOP_SIZE = -308;
    public static final int XVP = -309;
    public static final int FENCE = -312;
    public static final int CONTINUOUS_UPDATES = -313;
    public static final int CURSOR_WITH_ALPHA = -314;
    public static final int EXTENDED_MOUSE_BUTTONS = -316;
    public static final int EXTENDED_CLIPBOARD = 0xC0A1E5CE;

    private Encodings() {}
}
