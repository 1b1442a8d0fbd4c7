package oriel.hypervisor.machine;

import java.io.IOException;
import java.io.Writer;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import oriel.hypervisor.display.DisplaySize;

/** Notes input on a tape on its way to the devices. On the machine's thread. */
final class InputRecorder implements MachineInput.Devices {
    private static final Logger LOG = LoggerFactory.getLogger(InputRecorder.class);

    private final MachineInput.Devices devices;
    private final LongSupplier clock;
    private final Writer tape;
    private boolean torn;

    InputRecorder(MachineInput.Devices devices, LongSupplier clock, Writer tape) {
        this.devices = devices;
        this.clock = clock;
        this.tape = tape;
    }

    private void note(InputEvent event) {
        if (!torn) {
            try {
                tape.write(clock.getAsLong() + " " + event.text() + "\n");
                tape.flush();
            } catch (IOException e) {
                torn = true;
                LOG.error("input is not recorded any more: {}", e.getMessage());
            }
        }
        event.apply(devices);
    }

    @Override
    public void key(int scanCode, boolean down) {
        note(new InputEvent.Key(scanCode, down));
    }

    @Override
    public void pointer(int x, int y, DisplaySize of, int buttons) {
        note(new InputEvent.Pointer(x, y, of.width(), of.height(), buttons));
    }

    @Override
    public void wheel(int vertical, int horizontal) {
        note(new InputEvent.Wheel(vertical, horizontal));
    }

    @Override
    public void clipboard(String text) {
        note(new InputEvent.Clipboard(text));
    }
}
