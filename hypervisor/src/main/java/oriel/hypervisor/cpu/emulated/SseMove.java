package oriel.hypervisor.cpu.emulated;

import static oriel.hypervisor.cpu.emulated.SseOperation.*;

import oriel.hypervisor.cpu.CpuState;

/** Loads, stores and moves of XMM registers. */
final class SseMove {
    private final CpuState state;
    private final long[] xmm;
    private final LinearMemory memory;
    private final GuestFault fault;

    SseMove(CpuState state, LinearMemory memory, GuestFault fault) {
        this.state = state;
        this.xmm = state.xmm;
        this.memory = memory;
        this.fault = fault;
    }

    void execute(int operation, int reg, int rm, boolean isMemory, long linear, int immediate) {
        int at = 2 * reg;
        int from = 2 * rm;
        switch (operation) {
            case MOVAPS, MOVNTDQA -> {
                if (isMemory) {
                    requireAligned(linear);
                    load(at, linear);
                } else {
                    set(at, xmm[from], xmm[from + 1]);
                }
            }
            case MOVUPS, LDDQU -> {
                if (isMemory) {
                    load(at, linear);
                } else {
                    set(at, xmm[from], xmm[from + 1]);
                }
            }
            case STORE_ALIGNED, MOVNTPS -> {
                if (isMemory) {
                    requireAligned(linear);
                    store(linear, xmm[at], xmm[at + 1]);
                } else {
                    set(from, xmm[at], xmm[at + 1]);
                }
            }
            case STORE_UNALIGNED -> {
                if (isMemory) {
                    store(linear, xmm[at], xmm[at + 1]);
                } else {
                    set(from, xmm[at], xmm[at + 1]);
                }
            }
            case MOVSS_LOAD -> {
                if (isMemory) {
                    set(at, memory.read32(linear) & 0xFFFFFFFFL, 0);
                } else {
                    xmm[at] = (xmm[at] & 0xFFFFFFFF00000000L) | (xmm[from] & 0xFFFFFFFFL);
                }
            }
            case MOVSD_LOAD -> {
                if (isMemory) {
                    set(at, memory.read64(linear), 0);
                } else {
                    xmm[at] = xmm[from];
                }
            }
            case MOVQ_LOAD -> set(at, isMemory ? memory.read64(linear) : xmm[from], 0);
            case MOVSS_STORE -> {
                if (isMemory) {
                    memory.write32(linear, (int) xmm[at]);
                } else {
                    xmm[from] = (xmm[from] & 0xFFFFFFFF00000000L) | (xmm[at] & 0xFFFFFFFFL);
                }
            }
            case MOVSD_STORE -> {
                if (isMemory) {
                    memory.write64(linear, xmm[at]);
                } else {
                    xmm[from] = xmm[at];
                }
            }
            case MOVQ_STORE -> {
                if (isMemory) {
                    memory.write64(linear, xmm[at]);
                } else {
                    set(from, xmm[at], 0);
                }
            }
            case MOVLPS_LOAD, MOVLPS_OR_MOVHLPS -> xmm[at] = memory.read64(linear);
            case MOVHPS_LOAD, MOVHPS_OR_MOVLHPS -> xmm[at + 1] = memory.read64(linear);
            case MOVHLPS -> xmm[at] = xmm[from + 1];
            case MOVLHPS -> xmm[at + 1] = xmm[from];
            case MOVLPS_STORE -> memory.write64(linear, xmm[at]);
            case MOVHPS_STORE -> memory.write64(linear, xmm[at + 1]);
            default -> executeGeneral(operation, reg, rm, isMemory, linear, immediate);
        }
    }

    /** Those with general registers. */
    private void executeGeneral(int operation, int reg, int rm, boolean isMemory, long linear, int immediate) {
        int at = 2 * reg;
        switch (operation) {
            case MOVD_TO_XMM ->
                set(at, isMemory ? memory.read32(linear) & 0xFFFFFFFFL : state.gpr[rm] & 0xFFFFFFFFL, 0);
            case MOVQ_TO_XMM -> set(at, isMemory ? memory.read64(linear) : state.gpr[rm], 0);
            case MOVD_FROM_XMM -> store32(xmm[at], rm, isMemory, linear);
            case MOVQ_FROM_XMM -> store64(xmm[at], rm, isMemory, linear);
            case MOVMSKPS -> state.gpr[reg] = singleSigns(xmm[2 * rm]) | singleSigns(xmm[2 * rm + 1]) << 2;
            case MOVMSKPD -> state.gpr[reg] = xmm[2 * rm] >>> 63 | xmm[2 * rm + 1] >>> 63 << 1;
            case PMOVMSKB -> state.gpr[reg] = byteSigns(xmm[2 * rm]) | byteSigns(xmm[2 * rm + 1]) << 8;
            case PINSRB -> insert(at, isMemory ? memory.read8(linear) : state.gpr[rm], immediate & 15, 8);
            case PINSRW -> insert(at, isMemory ? memory.read16(linear) : state.gpr[rm], immediate & 7, 16);
            case PINSRD -> insert(at, isMemory ? memory.read32(linear) : state.gpr[rm], immediate & 3, 32);
            case PINSRQ -> xmm[at + (immediate & 1)] = isMemory ? memory.read64(linear) : state.gpr[rm];
            case PEXTRB -> {
                long value = extract(at, immediate & 15, 8);
                if (isMemory) {
                    memory.write8(linear, (int) value);
                } else {
                    state.gpr[rm] = value;
                }
            }
            case PEXTRW -> {
                long value = extract(at, immediate & 7, 16);
                if (isMemory) {
                    memory.write16(linear, (int) value);
                } else {
                    state.gpr[rm] = value;
                }
            }
            case PEXTRW_REG -> state.gpr[reg] = extract(2 * rm, immediate & 7, 16);
            case PEXTRD, EXTRACTPS -> store32(extract(at, immediate & 3, 32), rm, isMemory, linear);
            case PEXTRQ -> store64(xmm[at + (immediate & 1)], rm, isMemory, linear);
            case MOVNTI -> memory.write32(linear, (int) state.gpr[reg]);
            case MOVNTIQ -> memory.write64(linear, state.gpr[reg]);
            case MASKMOVDQU -> storeMasked(reg, 2 * rm);
            default -> throw new IllegalArgumentException("move " + operation);
        }
    }

    private void storeMasked(int reg, int mask) {
        long base = state.segments[CpuState.DS].base + state.gpr[CpuState.RDI];
        SseMaskedStore.store(
                memory, base, xmm[2 * reg], byteSigns(xmm[mask]), xmm[2 * reg + 1], byteSigns(xmm[mask + 1]));
    }

    void requireAligned(long linear) {
        if ((linear & 15) != 0) {
            throw fault.of(GuestFault.GP, 0);
        }
    }

    private void load(int at, long linear) {
        long low = memory.read64(linear);
        long high = memory.read64(linear + 8);
        set(at, low, high);
    }

    /** Two writes, but all or nothing: the second page is tried first. */
    private void store(long linear, long low, long high) {
        if ((linear & 0xFFF) > 0xFF0) {
            memory.probeWrite(linear, 16);
        }
        memory.write64(linear, low);
        memory.write64(linear + 8, high);
    }

    private void set(int at, long low, long high) {
        xmm[at] = low;
        xmm[at + 1] = high;
    }

    private void store32(long value, int rm, boolean isMemory, long linear) {
        if (isMemory) {
            memory.write32(linear, (int) value);
        } else {
            state.gpr[rm] = value & 0xFFFFFFFFL;
        }
    }

    private void store64(long value, int rm, boolean isMemory, long linear) {
        if (isMemory) {
            memory.write64(linear, value);
        } else {
            state.gpr[rm] = value;
        }
    }

    private void insert(int at, long value, int index, int bits) {
        int position = index * bits;
        int target = at + (position >> 6);
        long mask = -1L >>> (64 - bits) << position;
        xmm[target] = (xmm[target] & ~mask) | (value << position & mask);
    }

    private long extract(int at, int index, int bits) {
        int position = index * bits;
        return xmm[at + (position >> 6)] >>> position & (-1L >>> (64 - bits));
    }

    private static long singleSigns(long pair) {
        return (pair >>> 31 & 1) | (pair >>> 63 << 1);
    }

    /** The top bits of eight bytes, gathered by a multiplication. */
    static int byteSigns(long a) {
        return (int) ((a >>> 7 & 0x0101010101010101L) * 0x0102040810204080L >>> 56);
    }
}
