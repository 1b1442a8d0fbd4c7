package oriel.displayd.input;

import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Where the US layout has each key symbol (X11 keysymdef.h): for clients that send symbols only. Codes are PC/AT set 1,
 * with 0x80 for the E0 prefix.
 */
final class UsKeyboard {
    static final int LEFT_SHIFT = 0x2A;
    static final int RIGHT_SHIFT = 0x36;

    /** Whether a symbol needs the shift key. */
    enum Shift {
        DOWN,
        UP,
        EITHER
    }

    /** A key, and how shift must be for it to give the symbol. */
    record Key(int scanCode, Shift shift) {}

    private static final Map<Integer, Key> KEYS = build();

    private UsKeyboard() {}

    /** The key for a symbol, or null if the US layout has none. */
    static @Nullable Key find(int keysym) {
        // Unicode symbols below 0x100 equal Latin-1 ones (X11 protocol, appendix A).
        int symbol = keysym >= 0x01000020 && keysym <= 0x010000FF ? keysym & 0xFF : keysym;
        return KEYS.get(symbol);
    }

    private static Map<Integer, Key> build() {
        Map<Integer, Key> keys = new HashMap<>();
        row(keys, 0x02, "1234567890-=", "!@#$%^&*()_+");
        row(keys, 0x10, "qwertyuiop[]", "QWERTYUIOP{}");
        row(keys, 0x1E, "asdfghjkl;'`", "ASDFGHJKL:\"~");
        row(keys, 0x2B, "\\zxcvbnm,./", "|ZXCVBNM<>?");
        either(keys, 0x20, 0x39);
        either(keys, 0xFF08, 0x0E); // BackSpace
        either(keys, 0xFF09, 0x0F); // Tab
        either(keys, 0xFE20, 0x0F); // ISO_Left_Tab: what X11 makes of Shift+Tab
        either(keys, 0xFF0D, 0x1C); // Return
        either(keys, 0xFF1B, 0x01); // Escape
        either(keys, 0xFF13, 0xC6); // Pause
        either(keys, 0xFF14, 0x46); // Scroll_Lock
        either(keys, 0xFF15, 0x54); // Sys_Req
        either(keys, 0xFF61, 0xB7); // Print
        either(keys, 0xFF67, 0xDD); // Menu
        either(keys, 0xFF6B, 0xC6); // Break
        either(keys, 0xFF7F, 0x45); // Num_Lock
        either(keys, 0xFFFF, 0xD3); // Delete
        either(keys, 0xFF63, 0xD2); // Insert
        // Home, Left, Up, Right, Down, Page_Up, Page_Down, End
        sequence(keys, 0xFF50, 0xC7, 0xCB, 0xC8, 0xCD, 0xD0, 0xC9, 0xD1, 0xCF);
        either(keys, 0xFF8D, 0x9C); // KP_Enter
        // KP_Home, Left, Up, Right, Down, Page_Up, Page_Down, End, Begin, Insert, Delete
        sequence(keys, 0xFF95, 0x47, 0x4B, 0x48, 0x4D, 0x50, 0x49, 0x51, 0x4F, 0x4C, 0x52, 0x53);
        // KP_Multiply, Add, Separator, Subtract, Decimal, Divide
        sequence(keys, 0xFFAA, 0x37, 0x4E, 0x53, 0x4A, 0x53, 0xB5);
        // KP_0 to KP_9
        sequence(keys, 0xFFB0, 0x52, 0x4F, 0x50, 0x51, 0x4B, 0x4C, 0x4D, 0x47, 0x48, 0x49);
        // F1 to F12
        sequence(keys, 0xFFBE, 0x3B, 0x3C, 0x3D, 0x3E, 0x3F, 0x40, 0x41, 0x42, 0x43, 0x44, 0x57, 0x58);
        // Shift_L, Shift_R, Control_L, Control_R, Caps_Lock
        sequence(keys, 0xFFE1, LEFT_SHIFT, RIGHT_SHIFT, 0x1D, 0x9D, 0x3A);
        // Meta_L, Meta_R, Alt_L, Alt_R, Super_L, Super_R; on a PC keyboard Meta is the key with the window
        sequence(keys, 0xFFE7, 0xDB, 0xDC, 0x38, 0xB8, 0xDB, 0xDC);
        either(keys, 0xFE03, 0xB8); // ISO_Level3_Shift: AltGr
        either(keys, 0xFF7E, 0xB8); // Mode_switch
        return Map.copyOf(keys);
    }

    private static void row(Map<Integer, Key> keys, int first, String plain, String shifted) {
        for (int i = 0; i < plain.length(); i++) {
            keys.put((int) plain.charAt(i), new Key(first + i, Shift.UP));
            keys.put((int) shifted.charAt(i), new Key(first + i, Shift.DOWN));
        }
    }

    private static void either(Map<Integer, Key> keys, int keysym, int scanCode) {
        keys.put(keysym, new Key(scanCode, Shift.EITHER));
    }

    private static void sequence(Map<Integer, Key> keys, int firstKeysym, int... scanCodes) {
        for (int i = 0; i < scanCodes.length; i++) {
            either(keys, firstKeysym + i, scanCodes[i]);
        }
    }
}
