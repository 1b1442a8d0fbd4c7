package oriel.hypervisor.machine;

/**
 * A machine whose time is made of the instructions it has executed: from the same start and with the same input at the
 * same instructions it does the same, instruction by instruction, however fast the host is. Idle time is skipped. Disk
 * requests are done at once, on the machine's own thread, and random numbers are those of a seed: such a machine is for
 * replaying a fault, never for secrets.
 *
 * @param nanosPerInstruction what one instruction takes, 1–1000
 * @param wallStartNanos what the clock on the wall shows at the start, nanoseconds since 1970-01-01 UTC
 * @param seed of RDRAND and the entropy device
 * @param input keeps what comes from keyboard and pointer, or gives it back
 */
public record InstructionTime(int nanosPerInstruction, long wallStartNanos, long seed, InputTape input) {
    /** Four nanoseconds an instruction, from the first second of 2026, seed 1. */
    public static final InstructionTime DEFAULT = new InstructionTime(4, 1_767_225_600_000_000_000L, 1);

    /** Whose input isn't kept. */
    public InstructionTime(int nanosPerInstruction, long wallStartNanos, long seed) {
        this(nanosPerInstruction, wallStartNanos, seed, new InputTape.Blank());
    }

    /** The same time with a tape. */
    public InstructionTime with(InputTape tape) {
        return new InstructionTime(nanosPerInstruction, wallStartNanos, seed, tape);
    }

    /** Checks the range. */
    public InstructionTime {
        if (nanosPerInstruction < 1 || nanosPerInstruction > 1000) {
            throw new IllegalArgumentException("an instruction takes 1 to 1000 ns, not " + nanosPerInstruction);
        }
    }
}
