package oriel.hypervisor.device.chipset;

/** Conversion between nanoseconds and the ticks of an oscillator, exact over the whole range of a long of nanoseconds. */
record Ticks(long hz) {
    private static final long SECOND = 1_000_000_000L;

    /** Whole ticks since time 0 at a time ≥ 0. */
    long at(long nanos) {
        return nanos / SECOND * hz + nanos % SECOND * hz / SECOND;
    }

    /** The first nanosecond at which {@link #at} is at least {@code ticks}. */
    long nanosOf(long ticks) {
        return ticks / hz * SECOND + Math.ceilDiv(ticks % hz * SECOND, hz);
    }
}
