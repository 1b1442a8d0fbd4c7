package oriel.hypervisor.cpu.emulated;

import oriel.hypervisor.cpu.CpuState;
import oriel.hypervisor.cpu.hostcode.Assembler;

/**
 * Where translated code has the processor's state, and how it says why it returned.
 *
 * <p>{@link #STATE} points into {@link CpuState#gpr}, whose slots {@link Op} names; nine guest registers and one temporary
 * are in host registers all the time, so that blocks are joined by plain jumps. RAX, RCX and RDX of the host are free for
 * every operation.
 */
final class NativeLayout {
    /** Host registers. */
    static final int STATE = Assembler.R15, TLB = Assembler.R14;

    // Slots behind those of Op.

    /** Arithmetic flags as LAHF and SETO leave them in AX. */
    static final int FLAGS = 28;

    /** {@link ExecutionCore#left}, 32 bits. */
    static final int LEFT = 29;

    /** A linear address that missed the TLB, or the instruction pointer that is jumped to. */
    static final int TARGET = 30;

    /** Where to go on behind what the exit asks for: an address in translated code. */
    static final int RETRY = 31;

    /** Exit of the indirect jump in progress. */
    static final int SITE = 32;

    /** Addresses of {@link CpuState#xmm} and {@link CodeCache#jumps}. */
    static final int XMM = 33, JUMPS = 34;

    /** What the jump cache's entries must be tagged with. */
    static final int USER_TAG = 35, GLOBAL_TAG = 36;

    /** Whether SSE instructions may be executed as they are: {@link #VECTORS_OFF} and so on. */
    static final int VECTORS = 37;

    /** MXCSR for the guest, and the host's. */
    static final int GUEST_MXCSR = 38, HOST_MXCSR = 39;

    /** RFLAGS.DF: 0 if string instructions go forward. */
    static final int DIRECTION = 55;

    /** RFLAGS without its arithmetic flags, RF and VM; translated code may clear IF. */
    static final int SYSTEM_FLAGS = 56;

    /** 1 at privilege level 0, else 0. */
    static final int PRIVILEGED = 57;

    /** Where the x87 state is: {@link #X87_IN_JAVA} and so on; and {@link X87Image}, 14 slots. */
    static final int X87 = 40, X87_IMAGE = 41;

    /** In {@link CpuState}, in the image, in the host's unit. */
    static final int X87_IN_JAVA = 0, X87_READY = 1, X87_RESIDENT = 2;

    static final int VECTORS_OFF = 0, VECTORS_READY = 1, VECTORS_FLOATING = 2;

    // Exits: kind in bits 24–31, arena index of an operation in bits 0–23.

    /** The interpreter goes on at the operation. */
    static final int RESUME = 0;

    /** {@link #TARGET} isn't in the TLB; fill it and retry. */
    static final int MISS_READ = 1, MISS_WRITE = 2;

    /** Execute this one operation and go on. */
    static final int RARE = 3;

    /** A branch isn't linked yet, or the budget is used up. The block has been paid for. */
    static final int TAKEN = 4, NOT_TAKEN = 5;

    /** The jump cache doesn't know {@link #TARGET}, or the budget is used up. The block has been paid for. */
    static final int JUMP = 6;

    /** Translated code wants {@link #X87_IMAGE}. */
    static final int PREPARE_X87 = 7;

    // The displacements of the first 32 slots fit in a byte.
    private static final int BIAS = 128;

    private static final int[] HOST = {
        Assembler.RBX,
        Assembler.RSI,
        Assembler.RDI,
        Assembler.RBP,
        Assembler.R8,
        Assembler.R9,
        Assembler.R10,
        Assembler.R11,
        Assembler.R12
    };

    private NativeLayout() {}

    static int exit(int kind, int place) {
        return kind << 24 | place;
    }

    /** Distance of a slot from {@link #STATE}. */
    static int displacement(int slot) {
        return slot * 8 - BIAS;
    }

    /** Distance of {@link #STATE} from the beginning of the registers. */
    static int bias() {
        return BIAS;
    }

    /** The host register that a slot is in, or -1. */
    static int host(int slot) {
        return slot < HOST.length ? HOST[slot] : slot == Op.T0 ? Assembler.R13 : -1;
    }

    /** Flags as {@link #FLAGS} has them, made of RFLAGS. */
    static int packed(long rflags) {
        return ((int) rflags & 0xD5 | 2) << 8 | (int) (rflags >>> 11) & 1;
    }

    /** RFLAGS' arithmetic flags, made of {@link #FLAGS}. */
    static int unpacked(long flags) {
        return (int) (flags >>> 8) & 0xD5 | ((int) flags & 1) << 11;
    }
}
