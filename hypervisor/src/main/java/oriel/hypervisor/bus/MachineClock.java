package oriel.hypervisor.bus;

/**
 * The machine's time and its timers. Virtual: it stands still while the machine is paused, and is driven by instruction
 * counts in a replay. {@link #nanos} may be read from any thread; the rest belongs to the machine's thread.
 */
public interface MachineClock {
    /** Nanoseconds since power-on. The guest's TSC runs at {@link #TSC_HZ} from it. */
    long nanos();

    /** Seconds and nanoseconds of the wall clock, for the RTC only: nanoseconds since 1970-01-01 UTC. */
    long wallNanos();

    /** A new disarmed timer whose callback runs on the machine's thread. */
    Timer newTimer(String name, Runnable expired);

    /** The guest's TSC frequency: one tick a nanosecond, so that no conversion can drift. */
    long TSC_HZ = 1_000_000_000L;

    /** A one-shot timer. */
    interface Timer {
        /** Arms (or re-arms) it for an absolute time on {@link MachineClock#nanos}; a time in the past fires soon. */
        void armAt(long deadlineNanos);

        /** Disarms it. */
        void cancel();

        /** The armed deadline, or {@link Long#MAX_VALUE} when disarmed. */
        long deadline();
    }
}
