package oriel.hypervisor.cpu.emulated;

import oriel.hypervisor.cpu.CpuState;
import oriel.hypervisor.cpu.SegmentState;

/** What the parts of {@link SystemUnit} share: the state, linear memory, the mode the processor is in, its faults. */
final class CpuContext {
    static final long CF = 1, TF = 1 << 8, IF = 1 << 9, IOPL = 3 << 12, NT = 1 << 14, RF = 1 << 16, VM = 1 << 17;
    static final long AC = 1 << 18, VIF = 1 << 19, VIP = 1 << 20, ID = 1 << 21;

    /** Arithmetic flags and DF. */
    static final long STATUS_FLAGS = 0xCD5;

    static final long CR0_PE = 1, CR0_MP = 2, CR0_TS = 8, CR0_ET = 16, CR0_NW = 1 << 29, CR0_CD = 1 << 30;
    static final long CR0_PG = 1L << 31, CR0_WP = 1 << 16;
    static final long CR4_VME = 1, CR4_PVI = 2, CR4_TSD = 4, CR4_DE = 8, CR4_PSE = 16, CR4_PAE = 32, CR4_MCE = 64;
    static final long CR4_PGE = 128, CR4_PCE = 256, CR4_OSFXSR = 512, CR4_OSXMMEXCPT = 1024, CR4_FSGSBASE = 1 << 16;
    static final long CR4_PCIDE = 1 << 17, CR4_SMEP = 1 << 20, CR4_SMAP = 1 << 21;
    static final long EFER_SCE = 1, EFER_LME = 1 << 8, EFER_LMA = 1 << 10, EFER_NXE = 1 << 11;

    final CpuState state;
    final LinearMemory memory;
    private final GuestFault fault;

    /** The EXT bit of error codes: 1 while an event is delivered that the program did not ask for (SDM 3A §6.13). */
    int external;

    CpuContext(CpuState state, LinearMemory memory, GuestFault fault) {
        this.state = state;
        this.memory = memory;
        this.fault = fault;
    }

    boolean protectedMode() {
        return (state.cr0 & CR0_PE) != 0 && (state.rflags & VM) == 0;
    }

    boolean virtual8086() {
        return (state.cr0 & CR0_PE) != 0 && (state.rflags & VM) != 0;
    }

    /** IA-32e mode: 64-bit or compatibility. */
    boolean longMode() {
        return (state.efer & EFER_LMA) != 0;
    }

    /** 64-bit code runs. */
    boolean code64() {
        return longMode() && state.segments[CpuState.CS].longMode();
    }

    int iopl() {
        return (int) (state.rflags >> 12) & 3;
    }

    SegmentState segment(int index) {
        return state.segments[index];
    }

    /** 48-bit linear addresses: bits 63–47 are equal. */
    static boolean canonical(long address) {
        return address << 16 >> 16 == address;
    }

    /** Linear addresses have 32 bits outside IA-32e mode. */
    long linear(long address) {
        return longMode() ? address : address & 0xFFFF_FFFFL;
    }

    static long truncate(long value, int size) {
        return switch (size) {
            case 2 -> value & 0xFFFF;
            case 4 -> value & 0xFFFF_FFFFL;
            default -> value;
        };
    }

    GuestFault fault(int vector) {
        return fault.of(vector, 0);
    }

    /** A fault about a selector (or 0): RPL gives way to EXT. */
    GuestFault fault(int vector, int selector) {
        return fault.of(vector, selector & 0xFFFC | external);
    }

    /** A fault about an IDT entry. */
    GuestFault gateFault(int vector, int interrupt) {
        return fault.of(vector, interrupt << 3 | 2 | external);
    }

    GuestFault generalProtection() {
        return fault(GuestFault.GP, 0);
    }

    GuestFault undefined() {
        return fault.of(GuestFault.UD, 0);
    }

    /** #GP(0) unless the privilege level is 0. */
    void requirePrivilege() {
        if (state.cpl() != 0) {
            throw generalProtection();
        }
    }

    /** #UD in real and virtual-8086 mode. */
    void requireProtectedMode() {
        if (!protectedMode()) {
            throw undefined();
        }
    }

    /** Replaces RFLAGS; SMAP looks at AC, so memory is told when that changes. */
    void setFlags(long flags) {
        long changed = flags ^ state.rflags;
        state.rflags = flags & ~0x8028L | 2;
        if ((changed & VM) != 0 || ((changed & AC) != 0 && (state.cr4 & CR4_SMAP) != 0)) {
            memory.contextChanged();
        }
    }

    /** Loads CS and tells memory if the privilege level ({@code previousLevel} before) or the code size changed. */
    void setCode(int selector, long base, long limit, int access) {
        SegmentState cs = state.segments[CpuState.CS];
        boolean changed = ((cs.access ^ access) & 0x6000) != 0;
        cs.set(selector, base, limit, access);
        if (changed) {
            memory.contextChanged();
        }
    }
}
