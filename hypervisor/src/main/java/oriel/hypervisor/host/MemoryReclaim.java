package oriel.hypervisor.host;

import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import oriel.hypervisor.machine.MemoryBalloon;

/**
 * Takes memory back from running machines by their balloons, those first that have used least of a processor lately, and
 * gives it again when there is room. What is reserved for a machine is never taken, nor what its guest says that it needs.
 */
final class MemoryReclaim {
    private static final Logger LOG = LoggerFactory.getLogger(MemoryReclaim.class);

    /** What a guest keeps of what it says is available: its next click must not wait for a disk. */
    private static final long GUEST_KEEPS = 64L << 20;

    private static final long PATIENCE = TimeUnit.SECONDS.toNanos(5);
    private static final long LOOK_MILLIS = 20;

    private MemoryReclaim() {}

    /**
     * Asks for memory and waits a little until it is there.
     *
     * @param missingMib what is still missing, asked again and again
     */
    static void take(Collection<MachineRun> runs, LongSupplier missingMib) {
        long missing = missingMib.getAsLong() << 20;
        for (MachineRun run : idleFirst(runs)) {
            if (missing <= 0) {
                break;
            }
            long more = Math.min(spare(run), missing);
            if (more > 0) {
                MemoryBalloon balloon = run.machine.balloon();
                balloon.target(balloon.ballooned() + more);
                missing -= more;
                LOG.info("machine {} is asked for {} MiB of its memory", run.name(), more >> 20);
            }
        }
        long deadline = System.nanoTime() + PATIENCE;
        while (missingMib.getAsLong() > 0 && System.nanoTime() < deadline) {
            try {
                TimeUnit.MILLISECONDS.sleep(LOOK_MILLIS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return;
            }
        }
    }

    /** Gives back what was taken, to the busiest first, as far as there is room, and asks for nothing more. */
    static void give(Collection<MachineRun> runs, long roomMib) {
        long room = roomMib << 20;
        for (MachineRun run : idleFirst(runs).reversed()) {
            long taken = run.machine.balloon().ballooned();
            long back = Math.min(taken, room);
            run.machine.balloon().target(taken - back);
            room -= back;
        }
    }

    /** What a machine can do without. */
    private static long spare(MachineRun run) {
        MemoryBalloon balloon = run.machine.balloon();
        long available = balloon.usage().map(MemoryBalloon.Usage::available).orElse(0L);
        long keeps = Math.max((long) run.spec.resources().reservedMemoryMib() << 20, GUEST_KEEPS);
        return Math.min(available - GUEST_KEEPS, run.machine.memoryBytes() - balloon.ballooned() - keeps);
    }

    private record Ran(MachineRun run, long lastNanos) {}

    /** Machines run on while they are sorted: each is asked once, or the order would contradict itself. */
    private static List<MachineRun> idleFirst(Collection<MachineRun> runs) {
        return runs.stream()
                .map(run -> new Ran(run, run.processors.lastRanNanos()))
                .sorted(Comparator.comparingLong(Ran::lastNanos))
                .map(Ran::run)
                .toList();
    }
}
