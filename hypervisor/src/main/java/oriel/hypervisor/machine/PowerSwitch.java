package oriel.hypervisor.machine;

import java.util.OptionalInt;
import oriel.hypervisor.device.chipset.PowerControl;

/**
 * Remembers what a guest asked of its power supply from inside a register access, until the run loop can act on it
 * between instructions. Confined to the machine's thread.
 */
final class PowerSwitch implements PowerControl {
    private final Runnable act;
    private boolean off;
    private boolean reset;
    private OptionalInt exit = OptionalInt.empty();

    /** {@code act} is to be scheduled soon after a request. */
    PowerSwitch(Runnable act) {
        this.act = act;
    }

    @Override
    public void powerOff() {
        off = true;
        act.run();
    }

    @Override
    public void reset() {
        reset = true;
        act.run();
    }

    /** A test kernel ends its run. */
    void exit(int status) {
        exit = OptionalInt.of(status);
        act.run();
    }

    OptionalInt takeExit() {
        OptionalInt asked = exit;
        exit = OptionalInt.empty();
        return asked;
    }

    boolean takeOff() {
        boolean asked = off;
        off = false;
        return asked;
    }

    boolean takeReset() {
        boolean asked = reset;
        reset = false;
        return asked;
    }
}
