package oriel.hypervisor.device.virtio;

/** An event of Linux's input layer (virtio 1.2 §5.8.6; Linux input-event-codes.h). */
record InputEvent(int type, int code, int value) {
    static final int BYTES = 8;

    static final int EV_SYN = 0;
    static final int EV_KEY = 1;
    static final int EV_REL = 2;
    static final int EV_ABS = 3;
    static final int EV_LED = 0x11;
    static final int EV_REP = 0x14;

    static final int REL_HWHEEL = 6;
    static final int REL_WHEEL = 8;
    static final int ABS_X = 0;
    static final int ABS_Y = 1;
    static final int BTN_LEFT = 0x110;
    static final int BTN_RIGHT = 0x111;
    static final int BTN_MIDDLE = 0x112;
    static final int BTN_SIDE = 0x113;
    static final int BTN_EXTRA = 0x114;
    static final int LED_NUML = 0;
    static final int LED_CAPSL = 1;
    static final int LED_SCROLLL = 2;

    /** Ends a group of events that belong together. */
    static final InputEvent REPORT = new InputEvent(EV_SYN, 0, 0);

    byte[] bytes() {
        byte[] bytes = new byte[BYTES];
        LittleEndian.put16(bytes, 0, type);
        LittleEndian.put16(bytes, 2, code);
        LittleEndian.put32(bytes, 4, value);
        return bytes;
    }

    static InputEvent of(byte[] bytes) {
        return new InputEvent(LittleEndian.get16(bytes, 0), LittleEndian.get16(bytes, 2), LittleEndian.get32(bytes, 4));
    }
}
