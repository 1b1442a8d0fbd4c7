package oriel.hypervisor.cpu.emulated;

/**
 * Loads and stores at linear addresses through paging, as one processor sees them. Every access may throw {@link
 * GuestFault} (page fault) and then has changed nothing, also when it crosses pages. Values are zero-extended.
 */
public interface LinearMemory {
    /** With the current privilege level. */
    int read8(long linear);

    /** With the current privilege level. */
    int read16(long linear);

    /** With the current privilege level. */
    int read32(long linear);

    /** With the current privilege level. */
    long read64(long linear);

    /** With the current privilege level. */
    void write8(long linear, int value);

    /** With the current privilege level. */
    void write16(long linear, int value);

    /** With the current privilege level. */
    void write32(long linear, int value);

    /** With the current privilege level. */
    void write64(long linear, long value);

    /**
     * Faults unless {@code length} bytes (≤ 4096) can be written with the current privilege level; changes nothing but
     * accessed and dirty bits.
     */
    void probeWrite(long linear, int length);

    /** Like {@link #probeWrite}, for reading. */
    void probeRead(long linear, int length);

    /** Implicit supervisor access (descriptor tables, TSS, inner stacks): as if at privilege level 0. */
    long readSystem(long linear, int size);

    /** Implicit supervisor access: as if at privilege level 0. */
    void writeSystem(long linear, int size, long value);

    /** INVLPG: drops translations of one page, global ones too. */
    void invalidatePage(long linear);

    /** Drops translations; global ones only if {@code global}. */
    void flush(boolean global);

    /**
     * CR3 was written: takes the translations of the process-context identifier that it names, if CR4.PCIDE is set.
     *
     * @param keep whether they are still good; else all but the global ones are dropped
     */
    void switchContext(boolean keep);

    /** Drops translations of a process-context identifier but the global ones. */
    void flushContext(int pcid);

    /** Drops translations of all process-context identifiers but the global ones. */
    void flushContexts();

    /** CR0, CR3, CR4, EFER or the privilege level changed: translations and decoded code are looked up anew. */
    void contextChanged();
}
