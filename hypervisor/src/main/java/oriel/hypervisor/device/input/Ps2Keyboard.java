package oriel.hypervisor.device.input;

import java.util.BitSet;
import java.util.function.IntConsumer;
import oriel.hypervisor.bus.StateException;
import oriel.hypervisor.bus.StateReader;
import oriel.hypervisor.bus.StateWriter;

/**
 * A PS/2 keyboard with scan code sets 1, 2 and 3. Keys don't repeat by themselves: the viewer's keyboard does that.
 * Confined to the machine's thread.
 */
public final class Ps2Keyboard extends Ps2Device {
    private static final int CAPACITY = 256;

    /** Room kept for releases, so that a guest which stops reading doesn't end up with keys held down. */
    private static final int KEPT_FOR_RELEASES = 128;

    private static final int LONGEST_SEQUENCE = 8;
    private static final int CTRL = 0x1D, LEFT_SHIFT = 0x2A, RIGHT_SHIFT = 0x36, ALT = 0x38;
    private static final int RIGHT_CTRL = 0x9D, RIGHT_ALT = 0xB8;
    private static final int FAKE_SHIFT = 0x80 | LEFT_SHIFT;
    private static final int BREAK = 0xC6; // E0 46: Ctrl + Pause

    private final IntConsumer leds;
    private final BitSet down = new BitSet(256);
    private boolean scanning;
    private int set;

    /** The command that waits for its argument, or 0. */
    private int command;

    /** How Print Screen was pressed, to be released the same way: 0 up, 1 plain, 2 with Ctrl or Shift, 3 with Alt. */
    private int printScreen;

    /**
     * A keyboard.
     *
     * @param leds told the lamps when the guest sets them: bit 0 Scroll Lock, 1 Num Lock, 2 Caps Lock
     */
    public Ps2Keyboard(IntConsumer leds) {
        super(CAPACITY);
        this.leds = leds;
        reset();
    }

    /**
     * A key goes down or up. Ignored when the guest isn't listening; a release without a press is ignored too.
     *
     * @param scanCode set 1: 1–7FH, plus 80H for keys with the prefix E0; others are ignored
     */
    public void key(int scanCode, boolean pressed) {
        if (scanCode <= 0 || scanCode > 0xFF || scanCode == 0x80) {
            return;
        }
        int key = scanCode == ScanCodes.SYS_RQ ? ScanCodes.PRINT_SCREEN : scanCode;
        if (!pressed && !down.get(key)) {
            return;
        }
        boolean fits = events.room() >= LONGEST_SEQUENCE + (pressed ? KEPT_FOR_RELEASES : 0);
        if (!fits && pressed) {
            return;
        }
        down.set(key, pressed);
        if (!scanning || !fits) {
            return;
        }
        switch (key) {
            case ScanCodes.PAUSE -> pause(pressed);
            case ScanCodes.PRINT_SCREEN -> printScreen(pressed);
            default -> code(key, pressed);
        }
        announce();
    }

    /** Releases everything that is down. */
    public void releaseAll() {
        for (int key = down.nextSetBit(0); key >= 0; key = down.nextSetBit(key + 1)) {
            key(key, false);
        }
    }

    private void code(int key, boolean pressed) {
        switch (set) {
            case 1 -> {
                if (key >= 0x80) {
                    events.add(0xE0);
                }
                events.add(key & 0x7F | (pressed ? 0 : 0x80));
            }
            case 2 -> {
                int code = ScanCodes.set2(key);
                if (code != 0) {
                    if (key >= 0x80) {
                        events.add(0xE0);
                    }
                    if (!pressed) {
                        events.add(0xF0);
                    }
                    events.add(code);
                }
            }
            default -> {
                int code = ScanCodes.set3(key);
                if (code != 0) {
                    if (!pressed) {
                        events.add(0xF0);
                    }
                    events.add(code);
                }
            }
        }
    }

    private boolean held(int key, int other) {
        return down.get(key) || down.get(other);
    }

    /** Pause sends its make and break at once, and nothing on release; with Ctrl it is Break. */
    private void pause(boolean pressed) {
        if (set == 3) {
            code(ScanCodes.PAUSE, pressed);
        } else if (pressed) {
            if (held(CTRL, RIGHT_CTRL)) {
                code(BREAK, true);
                code(BREAK, false);
            } else if (set == 1) {
                events.add(0xE1, 0x1D, 0x45, 0xE1, 0x9D, 0xC5);
            } else {
                events.add(0xE1, 0x14, 0x77, 0xE1, 0xF0, 0x14, 0xF0, 0x77);
            }
        }
    }

    /** Print Screen fakes a Shift around itself, unless Shift or Ctrl is held; with Alt it is SysRq, another code. */
    private void printScreen(boolean pressed) {
        if (set == 3) {
            code(ScanCodes.PRINT_SCREEN, pressed);
            return;
        }
        if (pressed && printScreen == 0) {
            printScreen = held(ALT, RIGHT_ALT) ? 3 : held(CTRL, RIGHT_CTRL) || held(LEFT_SHIFT, RIGHT_SHIFT) ? 2 : 1;
        }
        if (printScreen == 3) {
            code(ScanCodes.SYS_RQ, pressed);
        } else {
            if (pressed && printScreen == 1) {
                code(FAKE_SHIFT, true);
            }
            code(ScanCodes.PRINT_SCREEN, pressed);
            if (!pressed && printScreen == 1) {
                code(FAKE_SHIFT, false);
            }
        }
        if (!pressed) {
            printScreen = 0;
        }
    }

    @Override
    boolean isPrefix(int value) {
        return value == 0xE0 || value == 0xE1 || value == 0xF0;
    }

    @Override
    void reset() {
        events.clear();
        forgetReplies();
        command = 0;
        printScreen = 0;
        defaults();
        scanning = true;
        leds.accept(0);
    }

    private void defaults() {
        set = 2;
    }

    @Override
    void receive(int value) {
        int waiting = command;
        command = 0;
        if (waiting != 0 && value < 0xED) {
            argument(waiting, value);
            return;
        }
        switch (value) {
            case 0xED, 0xF0, 0xF3 -> {
                command = value;
                reply(ACKNOWLEDGE);
            }
            case 0xEE -> reply(0xEE); // echo
            case 0xF2 -> reply(ACKNOWLEDGE, 0xAB, 0x83);
            case 0xF4 -> {
                events.clear();
                scanning = true;
                reply(ACKNOWLEDGE);
            }
            case 0xF5, 0xF6 -> {
                events.clear();
                defaults();
                scanning = value == 0xF6;
                reply(ACKNOWLEDGE);
            }
            case 0xF7, 0xF8, 0xF9, 0xFA -> reply(ACKNOWLEDGE); // key types of set 3: all are make/break here
            case 0xFB, 0xFC, 0xFD -> {
                command = value;
                reply(ACKNOWLEDGE);
            }
            case RESEND -> resendLast();
            case 0xFF -> {
                reset();
                reply(ACKNOWLEDGE, SELF_TEST_PASSED);
            }
            default -> reply(RESEND);
        }
    }

    private void argument(int waiting, int value) {
        switch (waiting) {
            case 0xED -> {
                reply(ACKNOWLEDGE);
                leds.accept(value & 7);
            }
            case 0xF0 -> {
                if (value == 0) {
                    reply(ACKNOWLEDGE, set);
                } else if (value <= 3) {
                    set = value;
                    reply(ACKNOWLEDGE);
                } else {
                    reply(RESEND);
                }
            }
            case 0xFB, 0xFC, 0xFD -> {
                command = waiting; // a list of keys, ended by the next command
                reply(ACKNOWLEDGE);
            }
            default -> reply(ACKNOWLEDGE); // F3: typematic rate, of keys that don't repeat
        }
    }

    @Override
    void save(StateWriter out) {
        super.save(out);
        out.bool(scanning).u8(set).u8(command).u8(printScreen).blob(down.toByteArray());
    }

    @Override
    void load(StateReader in) {
        super.load(in);
        scanning = in.bool();
        set = in.u8();
        if (set < 1 || set > 3) {
            throw new StateException("saved state of the keyboard has scan code set " + set);
        }
        command = in.u8();
        printScreen = in.u8();
        down.clear();
        down.or(BitSet.valueOf(in.blob()));
    }
}
