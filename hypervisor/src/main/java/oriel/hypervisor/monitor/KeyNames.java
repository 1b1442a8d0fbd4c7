package oriel.hypervisor.monitor;

import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/** PC/XT scan codes (set 1; bit 7 for the extended ones) by QEMU's key names (QKeyCode in qapi/ui.json). Stateless. */
final class KeyNames {
    private static final Map<String, Integer> CODES = codes();

    private KeyNames() {}

    private static Map<String, Integer> codes() {
        Map<String, Integer> codes = new HashMap<>();
        row(codes, 0x01, "esc 1 2 3 4 5 6 7 8 9 0 minus equal backspace");
        row(codes, 0x0F, "tab q w e r t y u i o p bracket_left bracket_right ret ctrl");
        row(codes, 0x1E, "a s d f g h j k l semicolon apostrophe grave_accent shift backslash");
        row(codes, 0x2C, "z x c v b n m comma dot slash shift_r kp_multiply alt spc caps_lock");
        row(codes, 0x3B, "f1 f2 f3 f4 f5 f6 f7 f8 f9 f10 num_lock scroll_lock");
        row(codes, 0x47, "kp_7 kp_8 kp_9 kp_subtract kp_4 kp_5 kp_6 kp_add kp_1 kp_2 kp_3 kp_0 kp_decimal");
        row(codes, 0x56, "less f11 f12");
        codes.put("kp_enter", 0x9C);
        codes.put("ctrl_r", 0x9D);
        codes.put("kp_divide", 0xB5);
        codes.put("sysrq", 0xB7);
        codes.put("alt_r", 0xB8);
        codes.put("home", 0xC7);
        codes.put("up", 0xC8);
        codes.put("pgup", 0xC9);
        codes.put("left", 0xCB);
        codes.put("right", 0xCD);
        codes.put("end", 0xCF);
        codes.put("down", 0xD0);
        codes.put("pgdn", 0xD1);
        codes.put("insert", 0xD2);
        codes.put("delete", 0xD3);
        codes.put("meta_l", 0xDB);
        codes.put("meta_r", 0xDC);
        codes.put("menu", 0xDD);
        return Map.copyOf(codes);
    }

    private static void row(Map<String, Integer> codes, int first, String names) {
        int code = first;
        for (String name : names.split(" ", -1)) {
            codes.put(name, code++);
        }
    }

    static Optional<Integer> scanCode(String name) {
        return Optional.ofNullable(CODES.get(name));
    }
}
