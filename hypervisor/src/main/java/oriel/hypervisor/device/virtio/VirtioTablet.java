package oriel.hypervisor.device.virtio;

import java.util.BitSet;
import oriel.hypervisor.display.DisplaySize;

/**
 * An absolute pointer with five buttons and two wheels, so that the viewer's pointer and the guest's are at the same
 * place. Linux makes an event device of it by virtio_input; libinput takes it for a mouse with absolute axes. Confined
 * to the machine's thread.
 */
public final class VirtioTablet extends VirtioInput {
    static final int AXIS_MAXIMUM = 32767;

    /** Bit n of a button mask as {@link oriel.hypervisor.display.DisplayInput} has them. */
    private static final int[] BUTTONS = {
        InputEvent.BTN_LEFT, InputEvent.BTN_MIDDLE, InputEvent.BTN_RIGHT, InputEvent.BTN_SIDE, InputEvent.BTN_EXTRA
    };

    /** A tablet. */
    public VirtioTablet(String name) {
        super(name, "Oriel Tablet", 2);
    }

    /**
     * Moves the pointer and sets the buttons.
     *
     * @param x pixels from the left; beyond the picture counts as its edge
     * @param y pixels from the top
     * @param of the picture that x and y are in
     * @param buttons bit 0 left, 1 middle, 2 right, 3 back, 4 forward
     */
    public void pointer(int x, int y, DisplaySize of, int buttons) {
        backlog().motion(scale(x, of.width()), scale(y, of.height()));
        for (int i = 0; i < BUTTONS.length; i++) {
            backlog().key(BUTTONS[i], (buttons >> i & 1) != 0);
        }
        deliver();
    }

    /** Pixel to axis: the guest's way back, {@code value × size / (maximum + 1)}, gives the same pixel. */
    private static int scale(int pixel, int size) {
        long inside = Math.clamp(pixel, 0, size - 1);
        return (int) ((inside * (AXIS_MAXIMUM + 1) + (AXIS_MAXIMUM + 1) / 2) / size);
    }

    /**
     * Turns the wheels.
     *
     * @param vertical steps, positive: up
     * @param horizontal steps, positive: right
     */
    public void wheel(int vertical, int horizontal) {
        backlog().wheel(vertical, horizontal);
        deliver();
    }

    /** Releases the buttons. */
    public void releaseAll() {
        backlog().releaseAll();
        deliver();
    }

    @Override
    BitSet codes(int eventType) {
        BitSet codes = new BitSet();
        switch (eventType) {
            case InputEvent.EV_KEY -> {
                for (int button : BUTTONS) {
                    codes.set(button);
                }
            }
            case InputEvent.EV_REL -> {
                codes.set(InputEvent.REL_WHEEL);
                codes.set(InputEvent.REL_HWHEEL);
            }
            case InputEvent.EV_ABS -> {
                codes.set(InputEvent.ABS_X);
                codes.set(InputEvent.ABS_Y);
            }
            default -> {}
        }
        return codes;
    }

    @Override
    int absoluteMaximum(int axis) {
        return axis == InputEvent.ABS_X || axis == InputEvent.ABS_Y ? AXIS_MAXIMUM : -1;
    }
}
