package oriel.hypervisor.cpu.emulated;

import oriel.hypervisor.cpu.CpuState;

/** The x87 floating-point unit: opcodes D8–DF, with 80-bit arithmetic. */
final class X87Unit {
    private final CpuState state;
    private final LinearMemory memory;
    private final GuestFault fault;

    X87Unit(CpuState state, LinearMemory memory, GuestFault fault) {
        this.state = state;
        this.memory = memory;
        this.fault = fault;
    }

    /** Whether an instruction writes arithmetic flags (FCOMI, …), into {@code state.rflags}, which is exact on entry. */
    static boolean writesFlags(int opcode, int modrm) {
        return false;
    }

    /** Whether it reads them (FCMOVcc). */
    static boolean readsFlags(int opcode, int modrm) {
        return false;
    }

    /**
     * Executes. Checks CR0.EM/TS and pending exceptions itself.
     *
     * @param opcode D8H–DFH
     * @param linear the memory operand's address if ModRM says memory
     * @param operandSize 2 or 4: the size of FLDENV, FSTENV, FSAVE, FRSTOR images
     */
    void execute(int opcode, int modrm, long linear, int operandSize) {
        throw new UnsupportedOperationException();
    }

    /** WAIT/FWAIT: raises a pending unmasked exception. */
    void waitForPending() {
        throw new UnsupportedOperationException();
    }
}
