package oriel.displayd.input;

import java.util.BitSet;
import java.util.HashMap;
import java.util.Map;
import oriel.hypervisor.display.DisplayInput;

/**
 * One client's keyboard. Scan codes go through as they are; for symbols without one the US layout is consulted, with
 * shift pressed or released around the key where the client's layout needed it otherwise. Not thread-safe.
 */
public final class KeyboardInput {
    private static final int CAPS_LOCK_LIGHT = 4;

    private final DisplayInput input;
    private final BitSet down = new BitSet(256);
    /** What was pressed for a symbol, so that the same key is released even if shift changed in between. */
    private final Map<Integer, Integer> pressedFor = new HashMap<>();

    private volatile int lights;

    /** @param input the machine's keyboard */
    public KeyboardInput(DisplayInput input) {
        this.input = input;
    }

    /** The machine's keyboard lights; any thread. */
    public void setLights(int newLights) {
        lights = newLights;
    }

    /** QEMU extended key event. */
    public void scanCode(int scanCode, int keysym, boolean isDown) {
        if (scanCode < 1 || scanCode > 0xFF || (scanCode & 0x7F) == 0) {
            keysym(keysym, isDown);
        } else {
            key(scanCode, isDown);
        }
    }

    /** A key event without a scan code. */
    public void keysym(int keysym, boolean isDown) {
        if (!isDown) {
            Integer scanCode = pressedFor.remove(keysym);
            if (scanCode != null) {
                key(scanCode, false);
            }
            return;
        }
        UsKeyboard.Key key = UsKeyboard.find(keysym);
        if (key == null) {
            return;
        }
        // Bounded by the table's size: only its symbols get here.
        pressedFor.put(keysym, key.scanCode());
        pressWithShift(key, wantedShift(key, keysym));
    }

    private UsKeyboard.Shift wantedShift(UsKeyboard.Key key, int keysym) {
        // With caps lock on, the guest's and the client's idea of shift already agree for letters.
        boolean capsLock = (lights & CAPS_LOCK_LIGHT) != 0;
        return capsLock && Character.isLetter(keysym & 0xFFFF) && keysym < 0x80 ? UsKeyboard.Shift.EITHER : key.shift();
    }

    private void pressWithShift(UsKeyboard.Key key, UsKeyboard.Shift shift) {
        boolean left = down.get(UsKeyboard.LEFT_SHIFT);
        boolean right = down.get(UsKeyboard.RIGHT_SHIFT);
        if (shift == UsKeyboard.Shift.DOWN && !left && !right) {
            input.key(UsKeyboard.LEFT_SHIFT, true);
            key(key.scanCode(), true);
            input.key(UsKeyboard.LEFT_SHIFT, false);
        } else if (shift == UsKeyboard.Shift.UP && (left || right)) {
            setShifts(left, right, false);
            key(key.scanCode(), true);
            setShifts(left, right, true);
        } else {
            key(key.scanCode(), true);
        }
    }

    private void setShifts(boolean left, boolean right, boolean isDown) {
        if (left) {
            input.key(UsKeyboard.LEFT_SHIFT, isDown);
        }
        if (right) {
            input.key(UsKeyboard.RIGHT_SHIFT, isDown);
        }
    }

    private void key(int scanCode, boolean isDown) {
        down.set(scanCode, isDown);
        input.key(scanCode, isDown);
    }
}
