package oriel.hypervisor.cpu.emulated;

import oriel.hypervisor.cpu.CpuState;

/** SSE to SSE4.2, MMX, AES-NI, PCLMULQDQ, and the state instructions of opcode 0F AE with a memory operand. */
final class SseUnit {
    private final CpuState state;
    private final LinearMemory memory;
    private final GuestFault fault;

    SseUnit(CpuState state, LinearMemory memory, GuestFault fault) {
        this.state = state;
        this.memory = memory;
        this.fault = fault;
    }

    /**
     * Finds an operation, at decode time.
     *
     * @param map 1 for 0F, 2 for 0F 38, 3 for 0F 3A
     * @param opcode last opcode byte
     * @param prefix mandatory prefix: 0 none, 1 66, 2 F3, 3 F2
     * @param modrm ModRM byte (memory and register forms may be different operations)
     * @param rexW REX.W
     * @return its number, ≥ 0, or -1 if there is none
     */
    static int lookup(int map, int opcode, int prefix, int modrm, boolean rexW) {
        return -1;
    }

    /** Whether an immediate byte follows. */
    static boolean hasImmediate(int operation) {
        return false;
    }

    /** Whether it writes arithmetic flags (COMISD, PTEST, …), into {@code state.rflags}, which is exact on entry. */
    static boolean writesFlags(int operation) {
        return false;
    }

    /**
     * Executes. Checks CR0.EM/TS, CR4.OSFXSR and alignment itself.
     *
     * @param reg register number 0–15 from ModRM.reg and REX.R
     * @param rm register number from ModRM.rm and REX.B; unused with a memory operand
     * @param isMemory whether the operand is at {@code linear}
     * @param immediate zero-extended byte
     */
    void execute(int operation, int reg, int rm, boolean isMemory, long linear, int immediate) {
        throw new UnsupportedOperationException();
    }
}
