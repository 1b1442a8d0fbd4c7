package oriel.hypervisor.device.virtio;

import java.util.BitSet;
import java.util.function.IntConsumer;

/** A keyboard with lights. Confined to the machine's thread. */
public final class VirtioKeyboard extends VirtioInput {
    private static final int SCAN_CODES = 0x100;

    private final IntConsumer lightsChanged;
    private int lights;

    /**
     * A keyboard.
     *
     * @param lightsChanged told the lights when the guest changes one: bit 0 scroll lock, 1 num lock, 2 caps lock
     */
    public VirtioKeyboard(String name, IntConsumer lightsChanged) {
        super(name, "Oriel Keyboard", 1);
        this.lightsChanged = lightsChanged;
    }

    /**
     * A key.
     *
     * @param scanCode as in {@link oriel.hypervisor.display.DisplayInput#key}; unknown ones are ignored
     */
    public void key(int scanCode, boolean down) {
        int code = ScanCodes.linuxKey(scanCode);
        if (code != 0) {
            backlog().key(code, down);
            deliver();
        }
    }

    /** Releases every key. */
    public void releaseAll() {
        backlog().releaseAll();
        deliver();
    }

    @Override
    void statusEvent(InputEvent event) {
        int bit = switch (event.code()) {
            case InputEvent.LED_SCROLLL -> 1;
            case InputEvent.LED_NUML -> 2;
            case InputEvent.LED_CAPSL -> 4;
            default -> 0;
        };
        int now = event.value() != 0 ? lights | bit : lights & ~bit;
        if (event.type() == InputEvent.EV_LED && now != lights) {
            lights = now;
            lightsChanged.accept(now);
        }
    }

    @Override
    BitSet codes(int eventType) {
        BitSet codes = new BitSet();
        switch (eventType) {
            case InputEvent.EV_KEY -> {
                for (int scanCode = 1; scanCode < SCAN_CODES; scanCode++) {
                    codes.set(ScanCodes.linuxKey(scanCode));
                }
                codes.clear(0); // KEY_RESERVED
            }
            case InputEvent.EV_LED -> codes.set(InputEvent.LED_NUML, InputEvent.LED_SCROLLL + 1);
            case InputEvent.EV_REP -> codes.set(0, 2); // Linux repeats keys by itself if these are there
            default -> {}
        }
        return codes;
    }

    @Override
    int absoluteMaximum(int axis) {
        return -1;
    }
}
