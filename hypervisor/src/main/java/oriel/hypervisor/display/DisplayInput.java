package oriel.hypervisor.display;

/** Input to a guest. Thread-safe; calls return at once. */
public interface DisplayInput {
    /**
     * A key.
     *
     * @param scanCode PC/AT set 1 scan code as in QEMU's extended key event: 1–0x7F, with 0x80 added for keys with an
     *     E0 prefix (RFB "QEMU Extended Key Event": 0xE0xx is sent as 0x80 | xx)
     * @param down pressed or released
     */
    void key(int scanCode, boolean down);

    /**
     * Pointer position and buttons.
     *
     * @param x pixels from the left of the current picture
     * @param y pixels from the top
     * @param buttons bit 0 left, 1 middle, 2 right, 3 back, 4 forward
     */
    void pointer(int x, int y, int buttons);

    /**
     * Wheel steps.
     *
     * @param vertical positive: away from the user (up)
     * @param horizontal positive: right
     */
    void wheel(int vertical, int horizontal);

    /** Text for the guest's clipboard; ignored where no agent runs. */
    void clipboard(String text);

    /** Releases every key and button that is down: for a viewer that went away. */
    void releaseAll();
}
