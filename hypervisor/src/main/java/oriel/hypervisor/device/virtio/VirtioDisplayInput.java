package oriel.hypervisor.device.virtio;

import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;
import java.util.function.Supplier;
import oriel.hypervisor.display.DisplayInput;
import oriel.hypervisor.display.DisplaySize;

/** A display's input for a virtio keyboard and tablet: brings it to the machine's thread. Thread-safe. */
public final class VirtioDisplayInput implements DisplayInput {
    private final Executor machine;
    private final VirtioKeyboard keyboard;
    private final VirtioTablet tablet;
    private final Supplier<DisplaySize> size;
    private final Consumer<String> clipboard;

    /**
     * Input for two devices.
     *
     * @param machine runs tasks on the machine's thread
     * @param size the current picture's
     * @param clipboard takes clipboard text for the guest, on the machine's thread
     */
    public VirtioDisplayInput(
            Executor machine,
            VirtioKeyboard keyboard,
            VirtioTablet tablet,
            Supplier<DisplaySize> size,
            Consumer<String> clipboard) {
        this.machine = machine;
        this.keyboard = keyboard;
        this.tablet = tablet;
        this.size = size;
        this.clipboard = clipboard;
    }

    @Override
    public void key(int scanCode, boolean down) {
        onMachine(() -> keyboard.key(scanCode, down));
    }

    @Override
    public void pointer(int x, int y, int buttons) {
        DisplaySize of = size.get();
        onMachine(() -> tablet.pointer(x, y, of, buttons));
    }

    @Override
    public void wheel(int vertical, int horizontal) {
        onMachine(() -> tablet.wheel(vertical, horizontal));
    }

    @Override
    public void clipboard(String text) {
        onMachine(() -> clipboard.accept(text));
    }

    @Override
    public void releaseAll() {
        onMachine(() -> {
            keyboard.releaseAll();
            tablet.releaseAll();
        });
    }

    private void onMachine(Runnable task) {
        try {
            machine.execute(task);
        } catch (RejectedExecutionException e) {
            // The machine has stopped: there is nobody to type to.
        }
    }
}
