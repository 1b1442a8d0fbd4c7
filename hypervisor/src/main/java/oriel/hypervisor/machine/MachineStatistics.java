package oriel.hypervisor.machine;

import java.time.Duration;
import oriel.hypervisor.cpu.emulated.TranslationStatistics;

/**
 * What a machine has used so far.
 *
 * @param wall time since the start
 * @param cpu host CPU time of the machine's thread (processors and devices; not the JIT compiler's)
 * @param instructions guest instructions, 0 where the processor can't count them
 * @param translations what the processors' translators have done
 */
public record MachineStatistics(Duration wall, Duration cpu, long instructions, TranslationStatistics translations) {
    /** Million guest instructions per second of host CPU. */
    public double mips() {
        return cpu.isZero() ? 0 : instructions / 1e6 / (cpu.toNanos() / 1e9);
    }
}
