package oriel.hypervisor.host;

import java.util.concurrent.atomic.AtomicInteger;
import oriel.hypervisor.disk.ReplaceableDisk;
import oriel.hypervisor.machine.Machine;

/** One power-on of a machine. */
final class MachineRun {
    /** A guest that resets itself this often before it was ready once is broken, not booting. */
    private static final int MAX_RESETS_BEFORE_READY = 3;

    final Machine machine;
    final ReplaceableDisk disk;
    final RunSpec spec;

    /** Whether its memory is another's as long as it doesn't change it. */
    final boolean forked;

    volatile boolean ready;
    private final AtomicInteger resetsBeforeReady = new AtomicInteger();

    MachineRun(Machine machine, ReplaceableDisk disk, RunSpec spec, boolean forked) {
        this.machine = machine;
        this.disk = disk;
        this.spec = spec;
        this.forked = forked;
    }

    /** The guest reset itself. */
    void guestReset() {
        if (!ready && resetsBeforeReady.incrementAndGet() > MAX_RESETS_BEFORE_READY) {
            machine.fail("the guest reset itself %d times without getting ready; its serial log tells why"
                    .formatted(resetsBeforeReady.get()));
        }
        ready = false;
    }

    /** Somebody resets it: that isn't the guest's fault. */
    void reset() {
        resetsBeforeReady.set(0);
        machine.reset();
    }
}
