package oriel.hypervisor.device.input;

import oriel.hypervisor.bus.StateReader;
import oriel.hypervisor.bus.StateWriter;

/**
 * A PS/2 mouse that becomes an IntelliMouse (wheel) and an IntelliMouse Explorer (wheel, five buttons) by the usual
 * knocks of sample rates. Confined to the machine's thread.
 */
public final class Ps2Mouse extends Ps2Device {
    private static final int CAPACITY = 128;

    /** While more than this waits, movement is added up instead of queued: a slow guest sees fewer, longer steps. */
    private static final int BACKLOG = 64;

    /** Movement that a guest hasn't fetched is bounded; nobody moves a mouse further than that in one go. */
    private static final int FURTHEST = 1 << 16;

    private int id;
    private boolean reporting;
    private boolean remote;
    private boolean wrap;
    private boolean scaling;
    private int sampleRate;
    private int resolution;
    private final int[] knocks = new int[3];
    private int command;

    private int dx;
    private int dy;
    private int dz;
    private int buttons;
    private int reportedButtons;

    /** A mouse. */
    public Ps2Mouse() {
        super(CAPACITY);
        reset();
    }

    /**
     * The user moves the mouse, turns its wheel or changes its buttons.
     *
     * @param right pixels to the right
     * @param down pixels down
     * @param wheel steps, positive away from the user (up)
     * @param pressed bit 0 left, 1 middle, 2 right, 3 back, 4 forward: all that are down now
     */
    public void move(int right, int down, int wheel, int pressed) {
        if (!reporting && !remote) {
            buttons = pressed;
            return;
        }
        dx = bounded(dx, right);
        dy = bounded(dy, -(long) down); // PS/2 counts up
        dz = bounded(dz, -(long) wheel); // and a wheel towards the user
        boolean clicked = pressed != buttons;
        if (clicked && events.room() >= 8 && reporting && !remote && events.size() >= BACKLOG) {
            // A click must not be lost behind movement: report where we are before it.
            packet();
        }
        buttons = pressed;
        fill();
        announce();
    }

    private static int bounded(int sum, long more) {
        return Math.clamp(sum + more, -FURTHEST, FURTHEST);
    }

    @Override
    void drained() {
        fill();
    }

    private void fill() {
        while (reporting && !remote && somethingToReport() && events.size() < BACKLOG) {
            packet();
        }
    }

    private boolean somethingToReport() {
        return dx != 0 || dy != 0 || buttons != reportedButtons || dz != 0;
    }

    private void packet() {
        int x = Math.clamp(dx, -255, 255);
        int y = Math.clamp(dy, -255, 255);
        dx -= x;
        dy -= y;
        int ps2Buttons = buttons & 1 | buttons >> 1 & 2 | buttons << 1 & 4;
        events.add(8 | ps2Buttons | (x < 0 ? 0x10 : 0) | (y < 0 ? 0x20 : 0), x & 0xFF, y & 0xFF);
        int z = Math.clamp(dz, -8, 7);
        switch (id) {
            case 3 -> {
                dz -= z;
                events.add(z & 0xFF);
            }
            case 4 -> {
                dz -= z;
                events.add(z & 0x0F | buttons << 1 & 0x30);
            }
            default -> dz = 0;
        }
        reportedButtons = buttons;
    }

    @Override
    void reset() {
        forgetReplies();
        id = 0;
        wrap = false;
        command = 0;
        java.util.Arrays.fill(knocks, 0);
        defaults();
    }

    private void defaults() {
        reporting = false;
        remote = false;
        scaling = false;
        sampleRate = 100;
        resolution = 2;
        forgetMovement();
    }

    private void forgetMovement() {
        events.clear();
        dx = 0;
        dy = 0;
        dz = 0;
        reportedButtons = buttons;
    }

    @Override
    void receive(int value) {
        if (wrap && value != 0xFF && value != 0xEC) {
            reply(value);
            return;
        }
        int waiting = command;
        command = 0;
        if (waiting != 0) {
            reply(ACKNOWLEDGE);
            if (waiting == 0xF3) {
                setSampleRate(value);
            } else {
                resolution = value & 3;
            }
            return;
        }
        // Any command ends the packet being sent: the reply must be the next byte.
        switch (value) {
            case 0xE6, 0xE7 -> {
                scaling = value == 0xE7;
                reply(ACKNOWLEDGE);
            }
            case 0xE8, 0xF3 -> {
                command = value;
                reply(ACKNOWLEDGE);
            }
            case 0xE9 -> reply(ACKNOWLEDGE, status(), resolution, sampleRate);
            case 0xEA -> {
                remote = false;
                forgetMovement();
                reply(ACKNOWLEDGE);
            }
            case 0xEB -> {
                reply(ACKNOWLEDGE);
                packet();
            }
            case 0xEC -> {
                wrap = false;
                reply(ACKNOWLEDGE);
            }
            case 0xEE -> {
                wrap = true;
                reply(ACKNOWLEDGE);
            }
            case 0xF0 -> {
                remote = true;
                forgetMovement();
                reply(ACKNOWLEDGE);
            }
            case 0xF2 -> reply(ACKNOWLEDGE, id);
            case 0xF4 -> {
                forgetMovement();
                reporting = true;
                reply(ACKNOWLEDGE);
            }
            case 0xF5 -> {
                reporting = false;
                forgetMovement();
                reply(ACKNOWLEDGE);
            }
            case 0xF6 -> {
                defaults();
                reply(ACKNOWLEDGE);
            }
            case RESEND -> resendLast();
            case 0xFF -> {
                reset();
                reply(ACKNOWLEDGE, SELF_TEST_PASSED, 0);
            }
            default -> reply(RESEND);
        }
    }

    private int status() {
        int ps2Buttons = buttons & 1 | buttons >> 1 & 2 | buttons << 1 & 4;
        // In the status byte left is bit 2 and right bit 0.
        int swapped = ps2Buttons << 2 & 4 | ps2Buttons >> 1 & 1 | ps2Buttons >> 1 & 2;
        return swapped | (scaling ? 0x10 : 0) | (reporting ? 0x20 : 0) | (remote ? 0x40 : 0);
    }

    private void setSampleRate(int rate) {
        sampleRate = rate;
        knocks[0] = knocks[1];
        knocks[1] = knocks[2];
        knocks[2] = rate;
        if (knocks[0] == 200 && knocks[1] == 100 && knocks[2] == 80) {
            id = 3;
        } else if (knocks[0] == 200 && knocks[1] == 200 && knocks[2] == 80 && id == 3) {
            id = 4;
        }
    }

    @Override
    void save(StateWriter out) {
        super.save(out);
        out.u8(id)
                .bool(reporting)
                .bool(remote)
                .bool(wrap)
                .bool(scaling)
                .u8(sampleRate)
                .u8(resolution);
        out.u8(knocks[0]).u8(knocks[1]).u8(knocks[2]).u8(command);
        out.i32(dx).i32(dy).i32(dz).u8(buttons).u8(reportedButtons);
    }

    @Override
    void load(StateReader in) {
        super.load(in);
        id = in.u8();
        reporting = in.bool();
        remote = in.bool();
        wrap = in.bool();
        scaling = in.bool();
        sampleRate = in.u8();
        resolution = in.u8();
        knocks[0] = in.u8();
        knocks[1] = in.u8();
        knocks[2] = in.u8();
        command = in.u8();
        dx = bounded(0, in.i32());
        dy = bounded(0, in.i32());
        dz = bounded(0, in.i32());
        buttons = in.u8();
        reportedButtons = in.u8();
    }
}
