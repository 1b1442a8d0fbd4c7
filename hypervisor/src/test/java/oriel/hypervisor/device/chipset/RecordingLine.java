package oriel.hypervisor.device.chipset;

import oriel.hypervisor.bus.InterruptLine;

/** An interrupt line that remembers its level and counts rising edges. */
public final class RecordingLine implements InterruptLine {
    private boolean asserted;
    private int edges;

    @Override
    public void set(boolean on) {
        if (on && !asserted) {
            edges++;
        }
        asserted = on;
    }

    /** The level now. */
    public boolean asserted() {
        return asserted;
    }

    /** Rising edges so far. */
    public int edges() {
        return edges;
    }
}
