package oriel.hypervisor.cpu;

/**
 * One virtual processor. The emulated and the KVM back end stand side by side behind this interface; everything above
 * it is the same under both.
 *
 * <p>All methods are called on the machine's thread, except {@link #kick}, which any thread may call. Of a
 * {@link ParallelVcpu} they are called by whoever has the machine's lock.
 */
public interface Vcpu extends AutoCloseable {
    /**
     * Runs the guest.
     *
     * @param instructionBudget upper bound on guest instructions before control returns, &gt; 0; a back end that can't
     *     count (KVM) bounds time instead
     */
    CpuExit run(long instructionBudget);

    /** Makes a concurrent or the next {@link #run} return soon with {@link CpuExit#BUDGET}. */
    void kick();

    /** The architectural state. Live for the emulated back end: read and write it only while {@link #run} is not running. */
    CpuState state();

    /** Tells the back end that {@link #state} was changed from outside (reset, INIT/SIPI, direct boot, restore). */
    void stateChanged();

    /** Puts the processor into its reset state (Intel SDM 3A §9.1.1). */
    void reset();

    /** Raises a non-maskable interrupt. */
    void nmi();

    /**
     * Drops cached write permissions, so that the next write to every page is seen by
     * {@link oriel.hypervisor.memory.GuestMemory} again (dirty tracking).
     */
    void flushWriteTracking();

    /** What is added to the machine's clock to make the time stamp counter: see {@link CpuState#tscOffset}. */
    default long tscOffset() {
        return state().tscOffset;
    }

    /**
     * Waits until no instruction of the guest is being executed, by any thread, and none will be until the next
     * {@link #run}. Its time stamp counter stands still with the machine's clock.
     */
    default void standStill() {}

    /** Guest instructions retired since creation; 0 where the back end can't tell. */
    long instructions();

    @Override
    void close();
}
