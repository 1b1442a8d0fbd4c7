package oriel.hypervisor.cpu.emulated;

import oriel.hypervisor.cpu.CpuState;
import oriel.hypervisor.cpu.SegmentState;

/** What decoded code depends on beside its bytes: part of a block's key. At most 12 bits. */
final class CpuMode {
    /** Stack pointer is ESP. */
    static final int STACK32 = 4;

    /** ES, SS and DS are flat: base 0, limit 4 GiB, readable and writable. Always in 64-bit mode. */
    static final int FLAT = 8;

    /** One instruction to a block. */
    static final int SINGLE = 16;

    /** Neither real nor virtual-8086 mode. */
    static final int PROTECTED = 32;

    private CpuMode() {}

    /** Log2 of the default address size in bytes: 1, 2 or 3 (64-bit mode). */
    static int codeSize(int mode) {
        return mode & 3;
    }

    static int of(CpuState state) {
        boolean isProtected = (state.cr0 & 1) != 0 && (state.rflags & Flags.VM) == 0;
        int mode = isProtected ? PROTECTED : 0;
        SegmentState code = state.segments[CpuState.CS];
        if ((state.efer & 1 << 10) != 0 && code.longMode()) {
            return mode | 3 | FLAT;
        }
        mode |= code.big() ? 2 : 1;
        if (state.segments[CpuState.SS].big()) {
            mode |= STACK32;
        }
        if (isFlat(state.segments[CpuState.ES])
                && isFlat(state.segments[CpuState.SS])
                && isFlat(state.segments[CpuState.DS])) {
            mode |= FLAT;
        }
        return mode;
    }

    static boolean isFlat(SegmentState segment) {
        // Type: data, expand-up, writable.
        return segment.base == 0 && segment.limit == 0xFFFF_FFFFL && (segment.access & 0x1008E) == 0x82;
    }
}
