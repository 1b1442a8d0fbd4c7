package oriel.hypervisor.machine;

import java.util.ArrayDeque;
import java.util.Deque;
import oriel.hypervisor.display.DisplaySize;

/** Gives a machine the input of a tape when it is due. Confined to the machine's thread. */
final class InputReplay {
    /** Where the input of viewers goes meanwhile. */
    static final MachineInput.Devices NOBODY = new MachineInput.Devices() {
        @Override
        public void key(int scanCode, boolean down) {}

        @Override
        public void pointer(int x, int y, DisplaySize of, int buttons) {}

        @Override
        public void wheel(int vertical, int horizontal) {}

        @Override
        public void clipboard(String text) {}
    };

    private final Deque<InputTape.Timed> events;
    private final MachineInput.Devices devices;

    InputReplay(InputTape.Replay tape, MachineInput.Devices devices) {
        this.events = new ArrayDeque<>(tape.events());
        this.devices = devices;
    }

    /** When the next event is due, in the machine's time; {@link Long#MAX_VALUE} behind the last one. */
    long next() {
        InputTape.Timed next = events.peek();
        return next == null ? Long.MAX_VALUE : next.nanos();
    }

    /** Does what is due. */
    void applyDue(long now) {
        while (next() <= now) {
            events.remove().event().apply(devices);
        }
    }
}
