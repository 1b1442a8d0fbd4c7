package oriel.hypervisor.cpu.emulated;

/** MASKMOVQ and MASKMOVDQU: stores of single bytes, all or none of them. */
final class SseMaskedStore {
    private SseMaskedStore() {}

    static void store(LinearMemory memory, long linear, long low, int lowMask, long high, int highMask) {
        int mask = lowMask | highMask << 8;
        if (mask == 0) {
            return;
        }
        int first = Integer.numberOfTrailingZeros(mask);
        int last = 31 - Integer.numberOfLeadingZeros(mask);
        memory.probeWrite(linear + first, last - first + 1);
        for (int i = first; i <= last; i++) {
            if ((mask >> i & 1) != 0) {
                memory.write8(linear + i, (int) ((i < 8 ? low : high) >>> 8 * (i & 7)) & 0xFF);
            }
        }
    }
}
