package oriel.hypervisor.cpu.emulated;

import oriel.hypervisor.cpu.CpuState;

/**
 * DR0–DR7 and the breakpoints they make (Intel SDM 3B §18.2, §18.3). While a breakpoint is enabled the processor runs one
 * instruction at a time, and pages with watched bytes have no place in the TLB, so that {@link Mmu} reports each access
 * to them.
 */
final class DebugRegisters implements Tlb.Watch {
    static final long DR6_FIXED = 0xFFFF_0FF0L, DR7_FIXED = 0x400;
    private static final long DR6_BD = 1 << 13, DR6_BS = 1 << 14, DR6_WRITABLE = 0xE00F;
    private static final long DR7_ENABLED = 0xFF, DR7_GD = 1 << 13, DR7_WRITABLE = 0xFFFF_23FFL;
    private static final int BREAKPOINTS = 4;

    /** R/W fields of DR7. */
    private static final int EXECUTE = 0, WRITE = 1, PORT = 2, READ_WRITE = 3;

    private final CpuContext cpu;
    private final CpuState state;

    /** Breakpoints that the present instruction met; reported behind it. */
    private int met;

    /** The present instruction loaded SS: traps wait until the next one is done (SDM 3A §6.8.3). */
    private boolean blocked;

    DebugRegisters(CpuContext cpu) {
        this.cpu = cpu;
        this.state = cpu.state;
    }

    long read(int register) {
        return state.dr[check(register)];
    }

    void write(int register, long value) {
        int index = check(register);
        if (index >= 6 && value >>> 32 != 0) {
            throw cpu.generalProtection();
        }
        boolean before = active();
        state.dr[index] = switch (index) {
            case 6 -> value & DR6_WRITABLE | DR6_FIXED;
            case 7 -> value & DR7_WRITABLE | DR7_FIXED;
            default -> value;
        };
        if (index != 6 && (before || active())) {
            cpu.memory.flush(true);
            state.rflags &= ~CpuContext.RF; // blocks of many instructions don't clear it behind each of them
            blocked = false; // the same
        }
    }

    private int check(int register) {
        int index = register;
        if (register == 4 || register == 5) {
            if ((state.cr4 & CpuContext.CR4_DE) != 0) {
                throw cpu.undefined();
            }
            index += 2;
        }
        cpu.requirePrivilege();
        if ((state.dr[7] & DR7_GD) != 0) {
            state.dr[6] |= DR6_BD;
            throw cpu.fault(GuestFault.DB);
        }
        return index;
    }

    /** Whether any breakpoint is enabled. */
    boolean active() {
        return (state.dr[7] & DR7_ENABLED) != 0;
    }

    private boolean enabled(int breakpoint) {
        return (state.dr[7] >> 2 * breakpoint & 3) != 0;
    }

    private int kind(int breakpoint) {
        return (int) (state.dr[7] >> 16 + 4 * breakpoint) & 3;
    }

    /** Bytes watched: the LEN field counts 1, 2, 8, 4. */
    private long length(int breakpoint) {
        return switch ((int) (state.dr[7] >> 18 + 4 * breakpoint) & 3) {
            case 0 -> 1;
            case 1 -> 2;
            case 2 -> 8;
            default -> 4;
        };
    }

    private boolean overlaps(int breakpoint, long address, int size) {
        long length = length(breakpoint);
        long start = state.dr[breakpoint] & -length;
        return start - address < size && address - start < length;
    }

    /** An instruction begins: what the one before met is forgotten, unless it loaded SS. */
    void begin() {
        if (!blocked) {
            met = 0;
        }
        blocked = false;
    }

    /** The present instruction loads SS. */
    void block() {
        blocked = true;
    }

    /** Whether the instruction at a linear address is one to stop before; DR6 says then which breakpoint it was. */
    boolean stopsAt(long linear) {
        if (blocked || (state.rflags & CpuContext.RF) != 0) {
            return false;
        }
        int hits = 0;
        for (int i = 0; i < BREAKPOINTS; i++) {
            if (enabled(i) && kind(i) == EXECUTE && state.dr[i] == linear) {
                hits |= 1 << i;
            }
        }
        if (hits != 0) {
            state.dr[6] = state.dr[6] & ~15L | hits;
        }
        return hits != 0;
    }

    /** A debug exception is delivered for another reason: it reports what else was met. */
    void merge() {
        if (met != 0) {
            state.dr[6] = state.dr[6] & ~15L | met;
            met = 0;
        }
    }

    /** Whether traps are due behind an instruction that is done; DR6 says then which. */
    boolean traps(boolean singleStep) {
        if (blocked || (met == 0 && !singleStep)) {
            return false;
        }
        merge();
        state.dr[6] |= singleStep ? DR6_BS : 0;
        return true;
    }

    @Override
    public boolean covers(long page) {
        for (int i = 0; i < BREAKPOINTS; i++) {
            if (enabled(i) && (kind(i) & WRITE) != 0 && (state.dr[i] & -0x1000L) == page) {
                return true;
            }
        }
        return false;
    }

    @Override
    public void accessed(long linear, int size, boolean write) {
        if (!active()) {
            return;
        }
        for (int i = 0; i < BREAKPOINTS; i++) {
            boolean kindMatches = kind(i) == READ_WRITE || (kind(i) == WRITE && write);
            if (enabled(i) && kindMatches && overlaps(i, linear, size)) {
                met |= 1 << i;
            }
        }
    }

    /** A port is accessed. */
    void portAccessed(int port, int size) {
        if (!active() || (state.cr4 & CpuContext.CR4_DE) == 0) {
            return;
        }
        for (int i = 0; i < BREAKPOINTS; i++) {
            if (enabled(i) && kind(i) == PORT && overlaps(i, port, size)) {
                met |= 1 << i;
            }
        }
    }
}
