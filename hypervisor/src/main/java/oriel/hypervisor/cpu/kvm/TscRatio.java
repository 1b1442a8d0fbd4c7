package oriel.hypervisor.cpu.kvm;

/**
 * What CPUID leaf 15H says of the time stamp counter: its rate over that of the local APIC's timer, which is 1 GHz.
 *
 * @param numerator at most {@value #MOST}
 * @param denominator at least 1
 */
record TscRatio(int numerator, int denominator) {
    private static final long CRYSTAL_KHZ = 1_000_000;

    /** Linux multiplies the crystal's kHz by the numerator in 32 bits (native_calibrate_tsc). */
    private static final int MOST = 4294;

    /** The nearest ratio to a rate: right to a millionth. */
    static TscRatio of(int khz) {
        TscRatio best = new TscRatio(1, 1);
        double least = Double.MAX_VALUE;
        for (int denominator = 1; ; denominator++) {
            long numerator = Math.round((double) khz * denominator / CRYSTAL_KHZ);
            if (numerator > MOST || denominator > MOST) {
                return best;
            }
            double error = Math.abs((double) numerator * CRYSTAL_KHZ / denominator - khz);
            if (numerator > 0 && error < least) {
                least = error;
                best = new TscRatio((int) numerator, denominator);
            }
        }
    }
}
