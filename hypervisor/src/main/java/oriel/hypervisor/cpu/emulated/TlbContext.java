package oriel.hypervisor.cpu.emulated;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/** The part of {@link Mmu}'s translations that belongs to one process-context identifier (Intel SDM 3A §4.10.1). */
final class TlbContext {
    /** Entries of the user, and of the supervisor with RFLAGS.AC set, who reaches the user's memory. */
    final long[] user, supervisorAc;

    /** The same for native code. */
    final MemorySegment userSegment, supervisorAcSegment;

    /** The user's instruction fetches. */
    final long[] fetch;

    /** Pages (hashed) whose code somebody has linked by linear address since the generation last changed. */
    final long[] linkedPages = new long[64];

    /** Its identifier. */
    int pcid;

    /** What the jump cache knows for it is tagged with. */
    int generation;

    /** When it was last chosen. */
    long chosen;

    TlbContext(int entries, int fetchEntries) {
        user = new long[entries];
        supervisorAc = new long[entries];
        userSegment = MemorySegment.ofArray(user);
        supervisorAcSegment = MemorySegment.ofArray(supervisorAc);
        fetch = new long[fetchEntries];
        clear();
    }

    /** Entries of its tables together, in longs. */
    int length() {
        return user.length + supervisorAc.length + fetch.length + linkedPages.length;
    }

    /** Forgets everything but the generation, which the owner makes a new one. */
    void clear() {
        Arrays.fill(user, Tlb.NONE);
        Arrays.fill(supervisorAc, Tlb.NONE);
        Arrays.fill(fetch, Tlb.NONE);
        Arrays.fill(linkedPages, 0);
    }
}
