package oriel.hypervisor.machine;

import java.util.BitSet;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Supplier;
import oriel.hypervisor.display.DisplayInput;
import oriel.hypervisor.display.DisplaySize;

/**
 * Carries input from any thread to the machine's keyboard and pointer, and knows what is held down so that a viewer that
 * vanishes leaves no key stuck. Thread-safe: its state belongs to the machine's thread.
 */
final class MachineInput implements DisplayInput {
    /** The devices, called on the machine's thread. */
    interface Devices {
        void key(int scanCode, boolean down);

        void pointer(int x, int y, DisplaySize of, int buttons);

        void wheel(int vertical, int horizontal);

        void clipboard(String text);
    }

    private final Executor machine;
    private final Devices devices;
    private final Supplier<DisplaySize> size;
    private final BitSet held = new BitSet(256);
    private int x;
    private int y;
    private int buttons;

    MachineInput(Executor machine, Devices devices, Supplier<DisplaySize> size) {
        this.machine = machine;
        this.devices = devices;
        this.size = size;
    }

    private void post(Runnable task) {
        try {
            machine.execute(task);
        } catch (RejectedExecutionException e) {
            // The machine has ended: its viewers are about to be told, and nobody is left to type to.
        }
    }

    @Override
    public void key(int scanCode, boolean down) {
        if (scanCode <= 0 || scanCode > 0xFF) {
            return;
        }
        post(() -> {
            held.set(scanCode, down);
            devices.key(scanCode, down);
        });
    }

    @Override
    public void pointer(int newX, int newY, int newButtons) {
        post(() -> {
            x = newX;
            y = newY;
            buttons = newButtons;
            devices.pointer(x, y, size.get(), buttons);
        });
    }

    @Override
    public void wheel(int vertical, int horizontal) {
        post(() -> devices.wheel(vertical, horizontal));
    }

    @Override
    public void clipboard(String text) {
        post(() -> devices.clipboard(text));
    }

    @Override
    public void releaseAll() {
        post(() -> {
            held.stream().forEach(code -> devices.key(code, false));
            held.clear();
            if (buttons != 0) {
                buttons = 0;
                devices.pointer(x, y, size.get(), 0);
            }
        });
    }
}
