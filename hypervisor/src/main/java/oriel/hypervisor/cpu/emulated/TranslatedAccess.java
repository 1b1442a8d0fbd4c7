package oriel.hypervisor.cpu.emulated;

import oriel.hypervisor.memory.NativeMemory;

/**
 * Memory as translated code sees it: the fast paths of {@link Mmu}, with {@link TlbMiss} in place of the slow ones.
 * Loads are zero-extended.
 */
final class TranslatedAccess {
    private static final int WRITE = Mmu.WRITE, DELTA = Mmu.DELTA;

    private TranslatedAccess() {}

    static long read8(long[] t, long linear) {
        int i = (int) (linear >>> Mmu.INDEX_SHIFT) & Mmu.INDEX_MASK;
        if (t[i] != (linear & Mmu.PAGE)) {
            throw TlbMiss.INSTANCE;
        }
        return NativeMemory.get8(linear + t[i + DELTA]) & 0xFFL;
    }

    static long read16(long[] t, long linear) {
        int i = (int) (linear >>> Mmu.INDEX_SHIFT) & Mmu.INDEX_MASK;
        if (t[i] != (linear + 1 & Mmu.PAGE)) {
            throw TlbMiss.INSTANCE;
        }
        return NativeMemory.get16(linear + t[i + DELTA]) & 0xFFFFL;
    }

    static long read32(long[] t, long linear) {
        int i = (int) (linear >>> Mmu.INDEX_SHIFT) & Mmu.INDEX_MASK;
        if (t[i] != (linear + 3 & Mmu.PAGE)) {
            throw TlbMiss.INSTANCE;
        }
        return NativeMemory.get32(linear + t[i + DELTA]) & 0xFFFF_FFFFL;
    }

    static long read64(long[] t, long linear) {
        int i = (int) (linear >>> Mmu.INDEX_SHIFT) & Mmu.INDEX_MASK;
        if (t[i] != (linear + 7 & Mmu.PAGE)) {
            throw TlbMiss.INSTANCE;
        }
        return NativeMemory.get64(linear + t[i + DELTA]);
    }

    /** Loads what the same instruction stores to: misses as the store would. */
    static long modify8(long[] t, long linear) {
        int i = (int) (linear >>> Mmu.INDEX_SHIFT) & Mmu.INDEX_MASK;
        if (t[i + WRITE] != (linear & Mmu.PAGE)) {
            throw TlbMiss.INSTANCE;
        }
        return NativeMemory.get8(linear + t[i + DELTA]) & 0xFFL;
    }

    static long modify16(long[] t, long linear) {
        int i = (int) (linear >>> Mmu.INDEX_SHIFT) & Mmu.INDEX_MASK;
        if (t[i + WRITE] != (linear + 1 & Mmu.PAGE)) {
            throw TlbMiss.INSTANCE;
        }
        return NativeMemory.get16(linear + t[i + DELTA]) & 0xFFFFL;
    }

    static long modify32(long[] t, long linear) {
        int i = (int) (linear >>> Mmu.INDEX_SHIFT) & Mmu.INDEX_MASK;
        if (t[i + WRITE] != (linear + 3 & Mmu.PAGE)) {
            throw TlbMiss.INSTANCE;
        }
        return NativeMemory.get32(linear + t[i + DELTA]) & 0xFFFF_FFFFL;
    }

    static long modify64(long[] t, long linear) {
        int i = (int) (linear >>> Mmu.INDEX_SHIFT) & Mmu.INDEX_MASK;
        if (t[i + WRITE] != (linear + 7 & Mmu.PAGE)) {
            throw TlbMiss.INSTANCE;
        }
        return NativeMemory.get64(linear + t[i + DELTA]);
    }

    static void write8(long[] t, long linear, long value) {
        int i = (int) (linear >>> Mmu.INDEX_SHIFT) & Mmu.INDEX_MASK;
        if (t[i + WRITE] != (linear & Mmu.PAGE)) {
            throw TlbMiss.INSTANCE;
        }
        NativeMemory.put8(linear + t[i + DELTA], (byte) value);
    }

    static void write16(long[] t, long linear, long value) {
        int i = (int) (linear >>> Mmu.INDEX_SHIFT) & Mmu.INDEX_MASK;
        if (t[i + WRITE] != (linear + 1 & Mmu.PAGE)) {
            throw TlbMiss.INSTANCE;
        }
        NativeMemory.put16(linear + t[i + DELTA], (short) value);
    }

    static void write32(long[] t, long linear, long value) {
        int i = (int) (linear >>> Mmu.INDEX_SHIFT) & Mmu.INDEX_MASK;
        if (t[i + WRITE] != (linear + 3 & Mmu.PAGE)) {
            throw TlbMiss.INSTANCE;
        }
        NativeMemory.put32(linear + t[i + DELTA], (int) value);
    }

    static void write64(long[] t, long linear, long value) {
        int i = (int) (linear >>> Mmu.INDEX_SHIFT) & Mmu.INDEX_MASK;
        if (t[i + WRITE] != (linear + 7 & Mmu.PAGE)) {
            throw TlbMiss.INSTANCE;
        }
        NativeMemory.put64(linear + t[i + DELTA], value);
    }
}
