package oriel.displayd.input;

import oriel.hypervisor.display.DisplayInput;
import oriel.hypervisor.display.DisplaySize;

/**
 * One client's pointer. RFB has no wheel: its steps are clicks of buttons 4 to 7 (RFC 6143 §7.5.5). Not thread-safe.
 */
public final class PointerInput {
    private static final int WHEEL_UP = 1 << 3;
    private static final int WHEEL_DOWN = 1 << 4;
    private static final int WHEEL_LEFT = 1 << 5;
    private static final int WHEEL_RIGHT = 1 << 6;

    private final DisplayInput input;
    private int lastButtons;

    /** @param input the machine's pointer */
    public PointerInput(DisplayInput input) {
        this.input = input;
    }

    /**
     * A pointer event.
     *
     * @param buttons as in {@link oriel.displayd.rfb.ClientMessage.PointerEvent}
     */
    public void event(int buttons, int x, int y, DisplaySize size) {
        int pressed = buttons & ~lastButtons;
        lastButtons = buttons;
        // Left, middle and right keep their bits; back and forward move from 7 and 8 to 3 and 4.
        int held = buttons & 7 | buttons >> 4 & 0x18;
        input.pointer(Math.min(x, size.width() - 1), Math.min(y, size.height() - 1), held);
        int vertical = step(pressed, WHEEL_UP) - step(pressed, WHEEL_DOWN);
        int horizontal = step(pressed, WHEEL_RIGHT) - step(pressed, WHEEL_LEFT);
        if (vertical != 0 || horizontal != 0) {
            input.wheel(vertical, horizontal);
        }
    }

    private static int step(int pressed, int button) {
        return (pressed & button) != 0 ? 1 : 0;
    }
}
