package oriel.hypervisor.device.chipset;

/** Counts what guests ask of the power supply. */
public final class RecordingPower implements PowerControl {
    private int resets;
    private int powerOffs;

    @Override
    public void powerOff() {
        powerOffs++;
    }

    @Override
    public void reset() {
        resets++;
    }

    /** Resets so far. */
    public int resets() {
        return resets;
    }

    /** Power-offs so far. */
    public int powerOffs() {
        return powerOffs;
    }
}
