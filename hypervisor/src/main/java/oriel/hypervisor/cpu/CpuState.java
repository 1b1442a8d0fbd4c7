package oriel.hypervisor.cpu;

import org.jspecify.annotations.Nullable;

/**
 * The architectural state of one x86-64 processor: all that a snapshot of it needs. Plain mutable fields, because both
 * back ends and the interpreter's hot path work on it. Confined to the machine's thread.
 *
 * <p>Flags: {@link #rflags} is exact only outside {@link Vcpu#run}; inside, the emulated back end keeps the arithmetic
 * flags lazily.
 */
public final class CpuState {
    /** Indexes into {@link #gpr}. */
    public static final int RAX = 0, RCX = 1, RDX = 2, RBX = 3, RSP = 4, RBP = 5, RSI = 6, RDI = 7;

    /** Indexes into {@link #segments}, in instruction encoding order, then LDTR and TR. */
    public static final int ES = 0, CS = 1, SS = 2, DS = 3, FS = 4, GS = 5, LDTR = 6, TR = 7;

    /**
     * General registers in encoding order: RAX RCX RDX RBX RSP RBP RSI RDI R8–R15. The elements behind those sixteen are
     * working storage of the emulated back end, so that its operations name all operands alike; they are no state.
     */
    public final long[] gpr = new long[64];

    /** Instruction pointer (offset in CS). */
    public long rip;

    /** RFLAGS. Bit 1 is always set. */
    public long rflags = 2;

    /** ES CS SS DS FS GS LDTR TR. */
    public final SegmentState[] segments = new SegmentState[8];

    /** GDTR and IDTR. */
    public long gdtBase, gdtLimit, idtBase, idtLimit;

    /** Control registers. CR8 lives in the local APIC. */
    public long cr0, cr2, cr3, cr4, xcr0 = 1;

    /** Debug registers DR0–DR7 (4 and 5 unused). */
    public final long[] dr = new long[8];

    /** IA32_EFER. */
    public long efer;

    /** SYSCALL and SYSENTER MSRs. */
    public long star, lstar, cstar, sfmask, kernelGsBase, tscAux;

    /** SYSENTER MSRs. */
    public long sysenterCs, sysenterEsp, sysenterEip;

    /** IA32_PAT. */
    public long pat = 0x0007040600070406L;

    /** Added to the machine's clock to make the TSC. */
    public long tscOffset;

    /** Other plain read/write MSRs (MTRRs, MISC_ENABLE, …): index → value. */
    public final java.util.TreeMap<Integer, Long> msrs = new java.util.TreeMap<>();

    /** x87 registers in physical order (index = physical, not ST(i)): significand with explicit integer bit. */
    public final long[] fpSignificand = new long[8];

    /** x87 registers in physical order: sign in bit 15, biased exponent in bits 0–14. */
    public final int[] fpSignExponent = new int[8];

    /** x87 control, status (with TOP) and full tag word (2 bits a register), last opcode. */
    public int fpControl = 0x37F, fpStatus, fpTag = 0xFFFF, fpOpcode;

    /** x87 last instruction and data pointers. */
    public long fpInstruction, fpData;

    /** XMM0–XMM15: low quadword at 2·i, high at 2·i + 1. */
    public final long[] xmm = new long[32];

    /** Upper halves of YMM0–YMM15, same layout as {@link #xmm}. */
    public final long[] ymmHigh = new long[32];

    /** MXCSR. */
    public int mxcsr = 0x1F80;

    /** In HLT. */
    public boolean halted;

    /** Waiting for a start-up IPI (application processors after reset). */
    public boolean waitForSipi;

    /** Interrupts are inhibited for one instruction (after STI, MOV SS, POP SS). */
    public boolean interruptShadow;

    /** An NMI is being handled: further ones wait for IRET. */
    public boolean nmiBlocked;

    /** An NMI waits. */
    public boolean nmiPending;

    /** What is to be delivered before the next instruction; null: nothing. KVM may leave one, nobody else does. */
    public @Nullable InterruptedDelivery interruptedDelivery;

    /**
     * An event that the processor began to deliver, and then had to leave its guest (Intel SDM 3C §25.9.3, "IDT-vectoring
     * information").
     *
     * @param exception a fault or trap, else a maskable interrupt that was acknowledged
     * @param vector 0–255
     * @param errorCode what the exception pushes, if it has an error code
     */
    public record InterruptedDelivery(boolean exception, int vector, int errorCode) {
        /** Checks the range. */
        public InterruptedDelivery {
            if (vector < 0 || vector > (exception ? 31 : 255)) {
                throw new IllegalArgumentException("vector " + vector);
            }
        }
    }

    /** All registers zero; {@link Vcpu#reset} makes it the architectural reset state. */
    public CpuState() {
        for (int i = 0; i < segments.length; i++) {
            segments[i] = new SegmentState();
        }
    }

    /** Current privilege level: the DPL of SS (Intel SDM 3A §5.5; true in every mode but real mode, where it is 0). */
    public int cpl() {
        return (cr0 & 1) == 0 ? 0 : segments[SS].dpl();
    }
}
