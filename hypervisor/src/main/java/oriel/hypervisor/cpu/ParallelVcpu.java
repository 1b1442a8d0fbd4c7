package oriel.hypervisor.cpu;

/**
 * A processor that executes its guest beside others. Each has a thread for {@link #run}; everything but the guest's own
 * instructions, device models above all, runs under one lock of the machine, which {@code run} gives back while the guest
 * executes ({@link GuestGate}).
 */
public interface ParallelVcpu extends Vcpu {
    /**
     * Whether {@link #run} would do something, if the processor sleeps; or, if its guest executes, whether an interrupt
     * waits that it hasn't been told of. Asked with the lock held.
     */
    boolean wantsAttention();

    /** Makes a concurrent {@link #run} leave its guest for a moment, to see what there is. From any thread. */
    void nudge();
}
