package oriel.hypervisor.host;

import java.util.concurrent.atomic.AtomicInteger;
import oriel.hypervisor.disk.ReplaceableDisk;
import oriel.hypervisor.machine.Machine;
import oriel.hypervisor.schedule.CpuAccount;

/** One power-on of a machine. */
final class MachineRun {
    /** A guest that resets itself this often before it was ready once is broken, not booting. */
    private static final int MAX_RESETS_BEFORE_READY = 3;

    /** A fork counts for a quarter of its memory. */
    private static final int FORKS_PART = 4;

    final Machine machine;
    final ReplaceableDisk disk;
    final RunSpec spec;
    final CpuAccount processors;

    /** Whether its memory is another's as long as it doesn't change it. */
    final boolean forked;

    volatile boolean ready;
    private final AtomicInteger resetsBeforeReady = new AtomicInteger();

    MachineRun(Machine machine, ReplaceableDisk disk, RunSpec spec, CpuAccount processors, boolean forked) {
        this.machine = machine;
        this.disk = disk;
        this.spec = spec;
        this.processors = processors;
        this.forked = forked;
    }

    String name() {
        return machine.name();
    }

    /** What it counts for: a fork shares most of its memory, and what was ballooned isn't there. */
    HostCapacity.Promise promise() {
        return promise(spec, forked, machine.balloon().ballooned() >> 20);
    }

    /** What a machine is to be promised. */
    static HostCapacity.Promise promise(RunSpec spec, boolean forked, long balloonedMib) {
        int whole = spec.memoryMib();
        long counts = (forked ? Math.max(1, whole / FORKS_PART) : whole) - balloonedMib;
        int reservedPercent = spec.resources().cpu().reservedPercent();
        return new HostCapacity.Promise(
                spec.vcpus(),
                reservedPercent,
                Math.max(1, Math.max(counts, spec.resources().reservedMemoryMib())));
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
