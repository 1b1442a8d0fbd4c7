package oriel.hypervisor.machine;

import java.util.List;
import java.util.function.LongSupplier;
import oriel.hypervisor.cpu.Vcpu;

/** The source of a {@link VirtualClock} under {@link InstructionTime}. Confined to the machine's thread. */
final class InstructionClock implements LongSupplier {
    /** Looks at timers and tasks come at multiples of this many instructions, whoever kicked the processor before. */
    private static final long SLICE = 20_000;

    private final int nanosPerInstruction;
    private List<? extends Vcpu> cpus = List.of();
    private long skipped;

    InstructionClock(InstructionTime time) {
        nanosPerInstruction = time.nanosPerInstruction();
    }

    /** Counts these processors' instructions, of which none has been executed yet. */
    void follow(List<? extends Vcpu> followed) {
        cpus = followed;
    }

    @Override
    public long getAsLong() {
        long instructions = 0;
        for (Vcpu cpu : cpus) {
            instructions += cpu.instructions();
        }
        return skipped + instructions * nanosPerInstruction;
    }

    /** Instructions that a processor may execute before the next look: up to a deadline that far ahead, at most. */
    long budget(Vcpu cpu, long nanosToDeadline) {
        long slice = SLICE - cpu.instructions() % SLICE;
        long untilDeadline = Math.ceilDiv(nanosToDeadline, (long) nanosPerInstruction);
        return Math.max(1, Math.min(slice, untilDeadline));
    }

    /** All processors sleep: time passes at once. */
    void skip(long nanos) {
        skipped += Math.max(0, nanos);
    }
}
