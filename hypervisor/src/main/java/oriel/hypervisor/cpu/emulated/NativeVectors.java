package oriel.hypervisor.cpu.emulated;

import static oriel.hypervisor.cpu.emulated.NativeLayout.*;
import static oriel.hypervisor.cpu.emulated.SseOperation.*;
import static oriel.hypervisor.cpu.hostcode.Assembler.*;

import java.util.ArrayList;
import java.util.List;
import oriel.hypervisor.cpu.hostcode.Assembler;

/**
 * Translated SSE. The guest's XMM registers stay in memory; an operation is the host's on copies of its operands.
 *
 * <p>Floating point runs under the guest's MXCSR, so that results and exception flags are the processor's own; with an
 * exception unmasked it is left to Java, because the host's would not be the guest's.
 */
abstract class NativeVectors extends NativeArithmetic {
    /** Host registers: the mask of the variable blends, the source, the destination. */
    private static final int XMM0 = 0, SOURCE = 1, DESTINATION = 2;

    // Moves between host and memory: prefix and opcode.
    private static final int F3 = 2, MOVDQU_LOAD = 0x0F6F, MOVDQU_STORE = 0x0F7F;
    private static final int P66 = 1, MOVD = 0x0F6E;

    /** What prepares the host for a kind of instruction. */
    enum Stub {
        FLOATING,
        X87
    }

    private record Guard(int jump, int exit, int back, Stub stub) {}

    private final List<Guard> guards = new ArrayList<>();
    private boolean ready;
    private boolean floating;

    final void beginVectors() {
        guards.clear();
        forgetGuards();
    }

    @Override
    final void forgetGuards() {
        ready = false;
        floating = false;
    }

    /**
     * A jump made so far has a stub prepare the host.
     *
     * @param exit where it leaves to if it can't
     * @param back place to go on at
     */
    final void guard(int jump, int exit, int back, Stub stub) {
        guards.add(new Guard(jump, exit, back, stub));
    }

    /** Appends the code that goes to the stubs. */
    final void emitGuards(int floatingStub, int x87Stub) {
        for (Guard guard : guards) {
            asm.land(guard.jump);
            asm.address(RCX, guard.back);
            leave(guard.exit, guard.stub == Stub.FLOATING ? floatingStub : x87Stub);
        }
    }

    /** Leaves to the interpreter, which raises the exception, unless SSE may be used. */
    private void requireVectors() {
        if (!ready) {
            asm.immediateMemory(Assembler.CMP, 2, STATE, displacement(VECTORS), VECTORS_OFF);
            exitBy(asm.jumpIf(EQUAL), exit(RESUME, at));
            ready = true;
            flagsInHost = false;
        }
    }

    private void requireFloating() {
        if (!floating) {
            asm.immediateMemory(Assembler.CMP, 2, STATE, displacement(VECTORS), VECTORS_FLOATING);
            int jump = asm.jumpIf(NOT_EQUAL);
            guard(jump, exit(RESUME, at), asm.position(), Stub.FLOATING);
            ready = true;
            floating = true;
            flagsInHost = false;
        }
    }

    /** Translates an operation; false if it isn't one of these. */
    final boolean vector(long w) {
        int op = Op.op(w);
        boolean flags = op == Op.SSE_FLAGS;
        if (op != Op.SSE && op != Op.SSE_MEMORY && !flags) {
            return false;
        }
        int operation = (int) (w >> 40);
        boolean isMemory = flags ? Op.d(w) == 1 : op == Op.SSE_MEMORY;
        int reg = Op.a(w);
        int rm = Op.b(w);
        int immediate = (int) (w >>> 32) & 0xFF;
        if (operation < SHIFT_IMMEDIATE) {
            return element(operation, reg, rm, isMemory, immediate, flags);
        }
        if (operation <= PSLLDQ) {
            requireVectors();
            shift(operation, rm, immediate);
            return true;
        }
        if (operation >= CVTSI2SS && operation <= CVTSI2SDQ) {
            fromGeneral(operation, reg, rm, isMemory);
            return true;
        }
        if (operation >= CVTTSS2SI && operation <= CVTSD2SIQ) {
            toGeneral(operation, reg, rm, isMemory);
            return true;
        }
        return operation >= MOVAPS && operation <= MOVNTIQ && move(operation, reg, rm, isMemory, immediate);
    }

    // ---- operands ---------------------------------------------------------------------------------------------------

    private static int place(int register) {
        return register * 16;
    }

    /** RDX: the guest's XMM registers. */
    private void registers() {
        asm.memory(LOAD, 3, RDX, STATE, displacement(XMM));
    }

    /** RAX: host address of the operand at T1. */
    private void operandAddress(int bytes, boolean write, boolean aligned) {
        get(RAX, Op.T1);
        if (aligned) {
            asm.testImmediate(0, RAX, 15);
            exitBy(asm.jumpIf(NOT_EQUAL), exit(RESUME, at));
        }
        translate(bytes, write);
    }

    /** The source into its host register, and RDX as {@link #registers} says. */
    private void source(int size, int rm, boolean isMemory) {
        if (!isMemory) {
            registers();
            asm.vectorMemory(F3, MOVDQU_LOAD, SOURCE, RDX, place(rm));
            return;
        }
        switch (size) {
            case M64 -> {
                operandAddress(8, false, false);
                asm.vectorMemory(F3, 0x0F7E, SOURCE, RAX, 0);
            }
            case M32 -> {
                operandAddress(4, false, false);
                asm.vectorMemory(P66, MOVD, SOURCE, RAX, 0);
            }
            case M16 -> {
                operandAddress(2, false, false);
                asm.memory(0x0FB7, 2, RAX, RAX, 0);
                asm.vector(P66, MOVD, SOURCE, RAX);
            }
            default -> {
                operandAddress(16, false, size == M128);
                asm.vectorMemory(F3, MOVDQU_LOAD, SOURCE, RAX, 0);
            }
        }
        registers();
    }

    private void loadDestination(int reg) {
        asm.vectorMemory(F3, MOVDQU_LOAD, DESTINATION, RDX, place(reg));
    }

    private void storeDestination(int reg) {
        asm.vectorMemory(F3, MOVDQU_STORE, DESTINATION, RDX, place(reg));
    }

    // ---- arithmetic -------------------------------------------------------------------------------------------------

    private boolean element(int operation, int reg, int rm, boolean isMemory, int immediate, boolean flags) {
        int encoding = encoding(operation);
        boolean approximate = operation >= RSQRT && operation < HADD; // as the interpreter rounds them
        if (encoding < 0 || approximate) {
            return false;
        }
        if (operation >= FLOAT) {
            requireFloating();
        } else {
            requireVectors();
        }
        source(operand(operation), rm, isMemory);
        loadDestination(reg);
        if (operation >= PBLENDVB && operation <= BLENDVPD) {
            asm.vectorMemory(F3, MOVDQU_LOAD, XMM0, RDX, place(0));
        }
        asm.vector(encoding >> 24, encoding & 0xFF_FFFF, DESTINATION, SOURCE);
        if (hasImmediate(operation)) {
            // INSERTPS takes its source element from the immediate only if the source is a register.
            asm.emit(operation == INSERTPS && isMemory ? immediate & 0x3F : immediate);
        }
        if (flags) {
            saveFlags();
        } else {
            storeDestination(reg);
        }
        return true;
    }

    private void shift(int operation, int rm, int immediate) {
        registers();
        loadDestination(rm);
        int opcode;
        int group;
        if (operation >= PSRLDQ) {
            opcode = 0x0F73;
            group = operation == PSRLDQ ? 3 : 7;
        } else {
            int shift = operation - SHIFT_IMMEDIATE + PSRLW;
            int first = shift < PSRAW ? PSRLW : shift < PSLLW ? PSRAW : PSLLW;
            opcode = 0x0F71 + shift - first;
            group = shift < PSRAW ? 2 : shift < PSLLW ? 4 : 6;
        }
        asm.vector(P66, opcode, group, DESTINATION);
        asm.emit(immediate);
        storeDestination(rm);
    }

    private void fromGeneral(int operation, int reg, int rm, boolean isMemory) {
        requireFloating();
        boolean wide = operation == CVTSI2SSQ || operation == CVTSI2SDQ;
        if (isMemory) {
            operandAddress(wide ? 8 : 4, false, false);
            asm.memory(LOAD, wide ? 3 : 2, RCX, RAX, 0);
        } else {
            get(RCX, rm);
        }
        registers();
        loadDestination(reg);
        asm.vector(operation < CVTSI2SD ? 2 : 3, 0x0F2A, wide, DESTINATION, RCX);
        storeDestination(reg);
    }

    private void toGeneral(int operation, int reg, int rm, boolean isMemory) {
        requireFloating();
        boolean single = operation < CVTTSD2SI;
        boolean wide = (operation - CVTTSS2SI & 1) != 0;
        boolean truncate = (operation - CVTTSS2SI & 2) == 0;
        source(single ? M32 : M64, rm, isMemory);
        asm.vector(single ? 2 : 3, truncate ? 0x0F2C : 0x0F2D, wide, RAX, SOURCE);
        set(reg, RAX);
    }

    // ---- moves ------------------------------------------------------------------------------------------------------

    private boolean move(int operation, int reg, int rm, boolean isMemory, int immediate) {
        if (operation < MOVNTI) {
            requireVectors();
        }
        switch (operation) {
            case MOVAPS, MOVNTDQA -> load16(reg, rm, isMemory, true);
            case MOVUPS, LDDQU -> load16(reg, rm, isMemory, false);
            case STORE_ALIGNED, MOVNTPS -> store16(reg, rm, isMemory, true);
            case STORE_UNALIGNED -> store16(reg, rm, isMemory, false);
            case MOVSS_LOAD -> loadLow(2, reg, rm, isMemory, isMemory);
            case MOVSD_LOAD -> loadLow(3, reg, rm, isMemory, isMemory);
            case MOVQ_LOAD -> loadLow(3, reg, rm, isMemory, true);
            case MOVSS_STORE -> storeLow(2, reg, rm, isMemory, false);
            case MOVSD_STORE -> storeLow(3, reg, rm, isMemory, false);
            case MOVQ_STORE -> storeLow(3, reg, rm, isMemory, true);
            case MOVLPS_LOAD, MOVLPS_OR_MOVHLPS -> loadHalf(reg, 0);
            case MOVHPS_LOAD, MOVHPS_OR_MOVLHPS -> loadHalf(reg, 8);
            case MOVHLPS -> copyHalf(reg, 0, rm, 8);
            case MOVLHPS -> copyHalf(reg, 8, rm, 0);
            case MOVLPS_STORE -> storeHalf(reg, 0);
            case MOVHPS_STORE -> storeHalf(reg, 8);
            case MOVD_TO_XMM -> fromGeneralRegister(2, reg, rm, isMemory);
            case MOVQ_TO_XMM -> fromGeneralRegister(3, reg, rm, isMemory);
            case MOVD_FROM_XMM -> toGeneralRegister(2, reg, rm, isMemory);
            case MOVQ_FROM_XMM -> toGeneralRegister(3, reg, rm, isMemory);
            case MOVMSKPS -> mask(0, 0x0F50, reg, rm);
            case MOVMSKPD -> mask(P66, 0x0F50, reg, rm);
            case PMOVMSKB -> mask(P66, 0x0FD7, reg, rm);
            case PINSRB -> insert(0, immediate & 15, reg, rm, isMemory);
            case PINSRW -> insert(1, immediate & 7, reg, rm, isMemory);
            case PINSRD -> insert(2, immediate & 3, reg, rm, isMemory);
            case PINSRQ -> insert(3, immediate & 1, reg, rm, isMemory);
            case PEXTRB -> extract(0, immediate & 15, reg, rm, isMemory);
            case PEXTRW -> extract(1, immediate & 7, reg, rm, isMemory);
            case PEXTRD, EXTRACTPS -> extract(2, immediate & 3, reg, rm, isMemory);
            case PEXTRQ -> extract(3, immediate & 1, reg, rm, isMemory);
            case PEXTRW_REG -> extract(1, immediate & 7, rm, reg, false);
            case MOVNTI, MOVNTIQ -> {
                int size = operation == MOVNTI ? 2 : 3;
                operandAddress(1 << size, true, false);
                asm.memory(STORE, size, in(reg, RCX), RAX, 0);
            }
            default -> {
                return false;
            }
        }
        return true;
    }

    private void load16(int reg, int rm, boolean isMemory, boolean aligned) {
        source(aligned ? M128 : U128, rm, isMemory);
        asm.vectorMemory(F3, MOVDQU_STORE, SOURCE, RDX, place(reg));
    }

    private void store16(int reg, int rm, boolean isMemory, boolean aligned) {
        if (isMemory) {
            operandAddress(16, true, aligned);
        }
        registers();
        asm.vectorMemory(F3, MOVDQU_LOAD, SOURCE, RDX, place(reg));
        asm.vectorMemory(F3, MOVDQU_STORE, SOURCE, isMemory ? RAX : RDX, isMemory ? 0 : place(rm));
    }

    private void loadLow(int size, int reg, int rm, boolean isMemory, boolean clear) {
        if (isMemory) {
            operandAddress(1 << size, false, false);
            asm.memory(LOAD, size, RCX, RAX, 0);
            registers();
        } else {
            registers();
            asm.memory(LOAD, size, RCX, RDX, place(rm));
        }
        putLow(size, reg, clear);
    }

    /** RCX into the low part of a register whose address is in RDX plus its place. */
    private void putLow(int size, int register, boolean clear) {
        if (clear) {
            // In one store: a load of all sixteen bytes doesn't wait for two.
            asm.vector(P66, MOVD, true, SOURCE, RCX);
            asm.vectorMemory(F3, MOVDQU_STORE, SOURCE, RDX, place(register));
        } else {
            asm.memory(STORE, size, RCX, RDX, place(register));
        }
    }

    private void storeLow(int size, int reg, int rm, boolean isMemory, boolean clear) {
        if (isMemory) {
            operandAddress(1 << size, true, false);
        }
        registers();
        asm.memory(LOAD, size, RCX, RDX, place(reg));
        if (isMemory) {
            asm.memory(STORE, size, RCX, RAX, 0);
        } else {
            putLow(size, rm, clear);
        }
    }

    private void loadHalf(int reg, int half) {
        operandAddress(8, false, false);
        asm.memory(LOAD, 3, RCX, RAX, 0);
        registers();
        asm.memory(STORE, 3, RCX, RDX, place(reg) + half);
    }

    private void storeHalf(int reg, int half) {
        operandAddress(8, true, false);
        registers();
        asm.memory(LOAD, 3, RCX, RDX, place(reg) + half);
        asm.memory(STORE, 3, RCX, RAX, 0);
    }

    private void copyHalf(int to, int toHalf, int from, int fromHalf) {
        registers();
        asm.memory(LOAD, 3, RCX, RDX, place(from) + fromHalf);
        asm.memory(STORE, 3, RCX, RDX, place(to) + toHalf);
    }

    private void fromGeneralRegister(int size, int reg, int rm, boolean isMemory) {
        if (isMemory) {
            operandAddress(1 << size, false, false);
            asm.memory(LOAD, size, RCX, RAX, 0);
        } else {
            op(LOAD, size, RCX, rm);
        }
        registers();
        putLow(3, reg, true);
    }

    private void toGeneralRegister(int size, int reg, int rm, boolean isMemory) {
        if (isMemory) {
            operandAddress(1 << size, true, false);
        }
        registers();
        asm.memory(LOAD, size, RCX, RDX, place(reg));
        if (isMemory) {
            asm.memory(STORE, size, RCX, RAX, 0);
        } else {
            set(rm, RCX);
        }
    }

    private void mask(int prefix, int opcode, int reg, int rm) {
        registers();
        asm.vectorMemory(F3, MOVDQU_LOAD, SOURCE, RDX, place(rm));
        asm.vector(prefix, opcode, RAX, SOURCE);
        set(reg, RAX);
    }

    private void insert(int size, int element, int reg, int rm, boolean isMemory) {
        if (isMemory) {
            operandAddress(1 << size, false, false);
            asm.memory(size == 0 ? 0x0FB6 : size == 1 ? 0x0FB7 : LOAD, size == 3 ? 3 : 2, RCX, RAX, 0);
        } else {
            get(RCX, rm);
        }
        registers();
        asm.memory(size == 0 ? 0x88 : STORE, size, RCX, RDX, place(reg) + (element << size));
    }

    /** An element of {@code reg} to a general register or memory. */
    private void extract(int size, int element, int reg, int rm, boolean isMemory) {
        if (isMemory) {
            operandAddress(1 << size, true, false);
        }
        registers();
        int place = place(reg) + (element << size);
        asm.memory(size == 0 ? 0x0FB6 : size == 1 ? 0x0FB7 : LOAD, size == 3 ? 3 : 2, RCX, RDX, place);
        if (isMemory) {
            asm.memory(size == 0 ? 0x88 : STORE, size, RCX, RAX, 0);
        } else {
            set(rm, RCX);
        }
    }
}
