package oriel.hypervisor.cpu;

/** A segment register with its hidden part (Intel SDM 3A §3.4.3). Mutable: part of {@link CpuState}. */
public final class SegmentState {
    /** Visible selector, 16 bits. */
    public int selector;

    /** Linear base address. */
    public long base;

    /** Limit in bytes, granularity already applied, as an unsigned 32-bit value. */
    public long limit;

    /**
     * Access rights as in descriptor bits 40–47 and 52–55 (VMX layout): type 0–3, S 4, DPL 5–6, P 7, AVL 12, L 13, D/B
     * 14, G 15; bit 16: unusable.
     */
    public int access;

    /** Copies another register into this one. */
    public void set(SegmentState other) {
        set(other.selector, other.base, other.limit, other.access);
    }

    /** Sets all parts. */
    public void set(int newSelector, long newBase, long newLimit, int newAccess) {
        selector = newSelector;
        base = newBase;
        limit = newLimit;
        access = newAccess;
    }

    /** Descriptor privilege level. */
    public int dpl() {
        return (access >> 5) & 3;
    }

    /** D/B: 32-bit default size. */
    public boolean big() {
        return (access & 0x4000) != 0;
    }

    /** L: 64-bit code segment. */
    public boolean longMode() {
        return (access & 0x2000) != 0;
    }

    /** P: present. */
    public boolean present() {
        return (access & 0x80) != 0;
    }

    /** Null selector loaded: any use faults. */
    public boolean unusable() {
        return (access & 0x10000) != 0;
    }
}
