package oriel.hypervisor.device.virtio;

/**
 * Key codes of Linux's input layer for PC/AT scan codes of set 1. Linux numbered its keys after the scan codes of an
 * AT keyboard: up to F12 they are the same.
 */
final class ScanCodes {
    private static final int LAST_SAME = 0x58; // F12
    private static final int E0 = 0x80;

    private ScanCodes() {}

    /**
     * Linux key code.
     *
     * @param scanCode as in {@link oriel.hypervisor.display.DisplayInput#key}: 80H stands for an E0 prefix
     * @return 0 for a key that keyboards don't have
     */
    static int linuxKey(int scanCode) {
        if (scanCode >= 1 && scanCode <= LAST_SAME) {
            return scanCode == 0x54 ? 99 : scanCode == 0x55 ? 0 : scanCode; // Alt+Print; unassigned
        }
        return switch (scanCode) {
            case 0x59 -> 117; // keypad =
            case 0x5C -> 95; // keypad , (Japan)
            case 0x64 -> 183; // F13
            case 0x65 -> 184;
            case 0x66 -> 185;
            case 0x67 -> 186;
            case 0x68 -> 187;
            case 0x69 -> 188;
            case 0x6A -> 189;
            case 0x6B -> 190;
            case 0x6C -> 191;
            case 0x6D -> 192;
            case 0x6E -> 193;
            case 0x70 -> 93; // katakana/hiragana
            case 0x71 -> 123; // hanja
            case 0x72 -> 122; // hangul
            case 0x73 -> 89; // ro
            case 0x76 -> 194; // F24
            case 0x77 -> 91; // hiragana
            case 0x78 -> 90; // katakana
            case 0x79 -> 92; // henkan
            case 0x7B -> 94; // muhenkan
            case 0x7D -> 124; // yen
            case 0x7E -> 121; // keypad , (Brazil)
            case E0 | 0x10 -> 165; // previous track
            case E0 | 0x19 -> 163; // next track
            case E0 | 0x1C -> 96; // keypad enter
            case E0 | 0x1D -> 97; // right control
            case E0 | 0x20 -> 113; // mute
            case E0 | 0x21 -> 140; // calculator
            case E0 | 0x22 -> 164; // play/pause
            case E0 | 0x24 -> 166; // stop
            case E0 | 0x2E -> 114; // volume down
            case E0 | 0x30 -> 115; // volume up
            case E0 | 0x32 -> 172; // home page
            case E0 | 0x35 -> 98; // keypad /
            case E0 | 0x37 -> 99; // print screen
            case E0 | 0x38 -> 100; // right alt
            case E0 | 0x46 -> 119; // pause, as Ctrl+Break
            case E0 | 0x47 -> 102; // home
            case E0 | 0x48 -> 103; // up
            case E0 | 0x49 -> 104; // page up
            case E0 | 0x4B -> 105; // left
            case E0 | 0x4D -> 106; // right
            case E0 | 0x4F -> 107; // end
            case E0 | 0x50 -> 108; // down
            case E0 | 0x51 -> 109; // page down
            case E0 | 0x52 -> 110; // insert
            case E0 | 0x53 -> 111; // delete
            case E0 | 0x5B -> 125; // left meta
            case E0 | 0x5C -> 126; // right meta
            case E0 | 0x5D -> 127; // menu
            case E0 | 0x5E -> 116; // power
            case E0 | 0x5F -> 142; // sleep
            case E0 | 0x63 -> 143; // wake up
            case E0 | 0x65 -> 217; // search
            case E0 | 0x66 -> 156; // favourites
            case E0 | 0x67 -> 173; // refresh
            case E0 | 0x68 -> 128; // stop
            case E0 | 0x69 -> 159; // forward
            case E0 | 0x6A -> 158; // back
            case E0 | 0x6B -> 157; // my computer
            case E0 | 0x6C -> 155; // mail
            case E0 | 0x6D -> 226; // media
            default -> 0;
        };
    }
}
