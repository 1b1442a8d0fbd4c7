package oriel.hypervisor.cpu.emulated;

import oriel.hypervisor.cpu.CpuState;

/** PCMPESTRI, PCMPESTRM, PCMPISTRI, PCMPISTRM (Intel SDM 2B §4.1). */
final class SseString {
    private static final int CF = 1, ZF = 0x40, SF = 0x80, OF = 0x800, ARITHMETIC = 0x8D5;

    private final CpuState state;

    SseString(CpuState state) {
        this.state = state;
    }

    /** In elements, up to the first that is zero. */
    private static int implicitLength(long low, long high, int size) {
        int count = 16 / size;
        for (int i = 0; i < count; i++) {
            if (element(low, high, i, size, false) == 0) {
                return i;
            }
        }
        return count;
    }

    private static int explicitLength(long value, boolean wide, int count) {
        long length = wide ? value : (int) value;
        return length < -count || length > count ? count : (int) Math.abs(length);
    }

    private static int element(long low, long high, int index, int size, boolean signed) {
        if (size == 1) {
            byte value = (byte) ((index < 8 ? low : high) >>> 8 * (index & 7));
            return signed ? value : value & 0xFF;
        }
        short value = (short) ((index < 4 ? low : high) >>> 16 * (index & 3));
        return signed ? value : value & 0xFFFF;
    }

    /**
     * @param explicit lengths in RAX and RDX ({@code rexW} picks 64 bits)
     * @param mask result in XMM0 instead of ECX
     */
    void compare(boolean explicit, boolean mask, int register, long low, long high, int control, boolean rexW) {
        long a = state.xmm[2 * register];
        long b = state.xmm[2 * register + 1];
        int size = (control & 1) != 0 ? 2 : 1;
        int count = 16 / size;
        int lengthA = explicit ? explicitLength(state.gpr[CpuState.RAX], rexW, count) : implicitLength(a, b, size);
        int lengthB = explicit ? explicitLength(state.gpr[CpuState.RDX], rexW, count) : implicitLength(low, high, size);
        boolean signed = (control & 2) != 0;
        int result = switch (control >> 2 & 3) {
            case 0 -> equalAny(a, b, lengthA, low, high, lengthB, size, signed);
            case 1 -> ranges(a, b, lengthA, low, high, lengthB, size, signed);
            case 2 -> equalEach(a, b, lengthA, low, high, lengthB, size, signed);
            default -> equalOrdered(a, b, lengthA, low, high, lengthB, size, signed);
        };
        int all = (1 << count) - 1;
        result = switch (control >> 4 & 3) {
            case 1 -> ~result & all;
            case 3 -> result ^ ((1 << lengthB) - 1);
            default -> result;
        };
        if (mask) {
            writeMask(result, count, (control & 0x40) != 0);
        } else {
            int index = result == 0
                    ? count
                    : (control & 0x40) != 0
                            ? 31 - Integer.numberOfLeadingZeros(result)
                            : Integer.numberOfTrailingZeros(result);
            state.gpr[CpuState.RCX] = index;
        }
        long flags = (result != 0 ? CF : 0)
                | (lengthB < count ? ZF : 0)
                | (lengthA < count ? SF : 0)
                | ((result & 1) != 0 ? OF : 0);
        state.rflags = (state.rflags & ~ARITHMETIC) | flags;
    }

    private void writeMask(int result, int count, boolean expand) {
        if (!expand) {
            state.xmm[0] = result;
            state.xmm[1] = 0;
            return;
        }
        int half = count / 2;
        int bits = 64 / half;
        long element = -1L >>> (64 - bits);
        long low = 0;
        long high = 0;
        for (int i = 0; i < half; i++) {
            low |= (result >> i & 1) != 0 ? element << i * bits : 0;
            high |= (result >> (i + half) & 1) != 0 ? element << i * bits : 0;
        }
        state.xmm[0] = low;
        state.xmm[1] = high;
    }

    private static int equalAny(
            long a, long b, int lengthA, long low, long high, int lengthB, int size, boolean signed) {
        int result = 0;
        for (int j = 0; j < lengthB; j++) {
            int value = element(low, high, j, size, signed);
            for (int i = 0; i < lengthA; i++) {
                if (element(a, b, i, size, signed) == value) {
                    result |= 1 << j;
                    break;
                }
            }
        }
        return result;
    }

    private static int ranges(long a, long b, int lengthA, long low, long high, int lengthB, int size, boolean signed) {
        int result = 0;
        for (int j = 0; j < lengthB; j++) {
            int value = element(low, high, j, size, signed);
            for (int i = 0; i + 1 < lengthA; i += 2) {
                if (value >= element(a, b, i, size, signed) && value <= element(a, b, i + 1, size, signed)) {
                    result |= 1 << j;
                    break;
                }
            }
        }
        return result;
    }

    private static int equalEach(
            long a, long b, int lengthA, long low, long high, int lengthB, int size, boolean signed) {
        int result = 0;
        for (int i = 0; i < 16 / size; i++) {
            boolean equal = i < lengthA && i < lengthB
                    ? element(a, b, i, size, signed) == element(low, high, i, size, signed)
                    : i >= lengthA && i >= lengthB;
            result |= equal ? 1 << i : 0;
        }
        return result;
    }

    /** Substring search: bit j if a, as far as it fits, starts at j. */
    private static int equalOrdered(
            long a, long b, int lengthA, long low, long high, int lengthB, int size, boolean signed) {
        int result = 0;
        int count = 16 / size;
        for (int j = 0; j < count; j++) {
            boolean equal = true;
            for (int i = 0; equal && i < lengthA && i + j < count; i++) {
                equal = i + j < lengthB && element(a, b, i, size, signed) == element(low, high, i + j, size, signed);
            }
            result |= equal ? 1 << j : 0;
        }
        return result;
    }
}
