package oriel.hypervisor.cpu.emulated;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import oriel.hypervisor.cpu.CpuState;
import oriel.hypervisor.memory.GuestMemory;

/**
 * The translations that {@link Mmu} looks up, and when they go. Banks hold them as the supervisor, the supervisor with
 * RFLAGS.AC set (SMAP open) and the user see them, so that neither a system call nor STAC flushes anything. An entry's
 * tags say what its page may be used for without a further look; MMIO, ROM writes, pages with decoded code and pages whose
 * writes are tracked miss.
 */
abstract class Tlb implements LinearMemory {
    private static final int ENTRIES = 1024;
    private static final int STRIDE = 4;
    static final int INDEX_MASK = (ENTRIES - 1) * STRIDE;
    static final int INDEX_SHIFT = 12 - 2;

    // Parts of an entry.
    static final int READ = 0, WRITE = 1, DELTA = 2, ATTRIBUTES = 3;
    private static final int ATTRIBUTE_GLOBAL = 1, ATTRIBUTE_LARGE = 2;

    static final int FETCH_ENTRIES = 512;

    /** Never equals a page address. */
    static final long NONE = 1;

    static final long PAGE = ~0xFFFL;

    private static final int EFER_LMA = 1 << 10, CR4_PCIDE = 1 << 17;

    /** What an access wants. */
    static final int ACCESS_READ = 0, ACCESS_WRITE = 1, ACCESS_FETCH = 2;

    static final int SUPERVISOR = 0, SUPERVISOR_AC = 1, USER_BANK = 2;

    final CpuState state;
    final GuestMemory memory;
    final PageWalk walk;

    /** As many as Linux uses at a time, and one for what has none. */
    private static final int CONTEXTS = 8;

    // All contexts, and the one in use. Others wait until their process runs again.
    private final List<TlbContext> contexts = new ArrayList<>();
    private TlbContext context = new TlbContext(ENTRIES * STRIDE, FETCH_ENTRIES * 2);
    private long choices;

    // The supervisor's own bank is shared by all contexts: the kernel's pages are global. Else they are dropped
    // between.
    private final long[] supervisor = new long[ENTRIES * STRIDE];
    private final long[] supervisorFetch = new long[FETCH_ENTRIES * 2];
    private boolean supervisorHasOthers;

    final long[][] banks = {supervisor, context.supervisorAc, context.user};
    long[] tlb = supervisor;
    int bank = SUPERVISOR;

    private final MemorySegment[] segments = {
        MemorySegment.ofArray(supervisor), context.supervisorAcSegment, context.userSegment
    };

    // Instruction fetch, by user/supervisor: linear page, then physical page with the global bit.
    final long[][] fetch = {supervisorFetch, context.fetch};

    // Which 2 MiB regions (hashed) have entries made from a large page: INVLPG must drop all of them.
    private long largeRegions;
    private boolean gigabyteEntries;

    private long seenCr0, seenCr3, seenCr4, seenEfer;
    boolean paging, longMode;

    /** Changes whenever fetch translations of user-half or kernel-half (global) pages are dropped. */
    int userGeneration = 1, globalGeneration = 1;

    // The last generation given to a context.
    private int generations = 1;

    // Global pages (hashed) whose code somebody has linked by linear address since their generation last changed.
    private final long[] linkedGlobalPages = new long[64];

    /** Told about accesses to the pages it covers, of which the TLB then knows nothing. */
    interface Watch {
        /** Whether accesses to a linear page must be reported. */
        boolean covers(long page);

        /** An instruction's access, reported before it is made. */
        void accessed(long linear, int size, boolean write);
    }

    Watch watch = new Watch() {
        @Override
        public boolean covers(long page) {
            return false;
        }

        @Override
        public void accessed(long linear, int size, boolean write) {}
    };

    Tlb(CpuState state, GuestMemory memory, GuestFault fault) {
        this.state = state;
        this.memory = memory;
        walk = new PageWalk(state, memory, fault);
        contexts.add(context);
        flush(true);
    }

    // ---- entries ----------------------------------------------------------------------------------------------------

    /** Enters what {@link #walk} has just found. */
    final void fill(long linear, long physical, int access, int inBank) {
        long page = linear & PAGE;
        if (access == ACCESS_FETCH) {
            long[] t = fetch[inBank == USER_BANK ? 1 : 0];
            int i = ((int) (linear >>> 12) & FETCH_ENTRIES - 1) * 2;
            t[i] = page;
            t[i + 1] = physical & PAGE | (walk.global ? ATTRIBUTE_GLOBAL : 0) | (walk.large ? ATTRIBUTE_LARGE : 0);
            supervisorHasOthers |= inBank != USER_BANK && !walk.global;
            noteLarge(linear);
            return;
        }
        long host = memory.readable(physical & PAGE);
        if (host == 0 || watch.covers(page)) {
            return;
        }
        long[] t = banks[inBank];
        int i = (int) (linear >>> INDEX_SHIFT) & INDEX_MASK;
        if (t[i] != page) {
            t[i] = page;
            t[i + WRITE] = NONE;
        }
        if (access == ACCESS_WRITE) {
            t[i + WRITE] = memory.cacheableForWrite(physical & PAGE) == 0 ? NONE : page;
        }
        t[i + DELTA] = host - page;
        t[i + ATTRIBUTES] = (walk.global ? ATTRIBUTE_GLOBAL : 0) | (walk.large ? ATTRIBUTE_LARGE : 0);
        supervisorHasOthers |= inBank == SUPERVISOR && !walk.global;
        noteLarge(linear);
    }

    private void noteLarge(long linear) {
        if (walk.large) {
            largeRegions |= 1L << (linear >>> 21);
            gigabyteEntries |= walk.gigabyte;
        }
    }

    /** Whether the page that {@link Mmu#fetchAddress} was asked for last is global. */
    boolean fetchedGlobal(long linear) {
        return (fetch[bank == USER_BANK ? 1 : 0][((int) (linear >>> 12) & FETCH_ENTRIES - 1) * 2 + 1] & 1) != 0;
    }

    /** Notes that somebody remembers code by its linear address until the generation changes. */
    void noteLinked(long linear, boolean global) {
        int hash = pageHash(linear);
        long[] pages = global ? linkedGlobalPages : context.linkedPages;
        pages[hash >> 6] |= 1L << hash;
    }

    private static int pageHash(long linear) {
        long page = linear >>> 12;
        return (int) (page ^ page >>> 12 ^ page >>> 24) & 0xFFF;
    }

    // ---- invalidation -----------------------------------------------------------------------------------------------

    @Override
    public void invalidatePage(long linear) {
        if (gigabyteEntries && (largeRegions & 1L << (linear >>> 21)) != 0) {
            flush(true);
            return;
        }
        boolean large = (largeRegions & 1L << (linear >>> 21)) != 0;
        invalidatePage(supervisor, supervisorFetch, linear, large);
        // Global pages go from all contexts; that others go too does no harm.
        for (TlbContext each : contexts) {
            invalidatePage(each.user, each.fetch, linear, large);
            invalidatePage(each.supervisorAc, each.fetch, linear, large);
        }
        int hash = pageHash(linear);
        if (large || (context.linkedPages[hash >> 6] & 1L << hash) != 0) {
            newGeneration(context);
        }
        if (large || (linkedGlobalPages[hash >> 6] & 1L << hash) != 0) {
            newGlobalGeneration();
        }
    }

    private static void invalidatePage(long[] t, long[] fetched, long linear, boolean large) {
        drop(t, (int) (linear >>> INDEX_SHIFT) & INDEX_MASK, linear);
        int at = ((int) (linear >>> 12) & FETCH_ENTRIES - 1) * 2;
        if (fetched[at] == (linear & PAGE)) {
            fetched[at] = NONE;
        }
        if (!large) {
            return;
        }
        // A 4 MiB page (32-bit PSE) has both 2 MiB halves: the index covers 4 MiB.
        for (int i = 0; i < t.length; i += STRIDE) {
            if ((t[i + ATTRIBUTES] & ATTRIBUTE_LARGE) != 0 && ((t[i] ^ linear) & ~0x3F_FFFFL) == 0) {
                t[i] = NONE;
                t[i + WRITE] = NONE;
            }
        }
        for (int i = 0; i < fetched.length; i += 2) {
            if ((fetched[i + 1] & ATTRIBUTE_LARGE) != 0 && ((fetched[i] ^ linear) & ~0x3F_FFFFL) == 0) {
                fetched[i] = NONE;
            }
        }
    }

    private static void drop(long[] t, int i, long linear) {
        if (t[i] == (linear & PAGE)) {
            t[i] = NONE;
            t[i + WRITE] = NONE;
        }
    }

    private void newGeneration(TlbContext of) {
        of.generation = ++generations;
        Arrays.fill(of.linkedPages, 0);
        if (of == context) {
            userGeneration = of.generation;
        }
    }

    private void newGlobalGeneration() {
        globalGeneration++;
        Arrays.fill(linkedGlobalPages, 0);
    }

    /** Whether generations must begin anew: the jump cache's tags have 20 bits for them. */
    boolean generationsUsedUp() {
        return (generations | globalGeneration) >= 1 << 20;
    }

    /** Begins generations anew; nobody remembers an old one. */
    void restartGenerations() {
        generations = 0;
        globalGeneration = 1;
        contexts.forEach(this::newGeneration);
    }

    @Override
    public void flush(boolean global) {
        if (global) {
            Arrays.fill(supervisor, NONE);
            Arrays.fill(supervisorFetch, NONE);
            supervisorHasOthers = false;
            largeRegions = 0;
            gigabyteEntries = false;
            for (TlbContext each : contexts) {
                each.clear();
                newGeneration(each);
            }
            newGlobalGeneration();
            return;
        }
        dropSupervisorsOthers();
        dropNotGlobal(context.user, context.fetch);
        dropNotGlobal(context.supervisorAc, context.fetch);
        newGeneration(context);
    }

    private void dropSupervisorsOthers() {
        if (supervisorHasOthers) {
            supervisorHasOthers = false;
            dropNotGlobal(supervisor, supervisorFetch);
        }
    }

    private static void dropNotGlobal(long[] t, long[] fetched) {
        for (int i = 0; i < t.length; i += STRIDE) {
            if ((t[i + ATTRIBUTES] & ATTRIBUTE_GLOBAL) == 0) {
                t[i] = NONE;
                t[i + WRITE] = NONE;
            }
        }
        for (int i = 0; i < fetched.length; i += 2) {
            if ((fetched[i + 1] & 1) == 0) {
                fetched[i] = NONE;
            }
        }
    }

    @Override
    public void switchContext(boolean keep) {
        seenCr3 = state.cr3;
        select((state.cr4 & CR4_PCIDE) != 0 ? (int) state.cr3 & 0xFFF : 0);
        if (!keep) {
            flush(false);
        }
    }

    /** Takes the context of an identifier, which may be a new one. */
    private void select(int pcid) {
        if (context.pcid == pcid) {
            return;
        }
        dropSupervisorsOthers();
        TlbContext chosen = contextOf(pcid);
        if (chosen == null) {
            chosen = contexts.size() < CONTEXTS ? added() : reused();
            chosen.pcid = pcid;
            newGeneration(chosen);
        }
        chosen.chosen = ++choices;
        context = chosen;
        userGeneration = chosen.generation;
        banks[SUPERVISOR_AC] = chosen.supervisorAc;
        banks[USER_BANK] = chosen.user;
        segments[SUPERVISOR_AC] = chosen.supervisorAcSegment;
        segments[USER_BANK] = chosen.userSegment;
        fetch[1] = chosen.fetch;
        tlb = banks[bank];
    }

    private @Nullable TlbContext contextOf(int pcid) {
        for (TlbContext each : contexts) {
            if (each.pcid == pcid) {
                return each;
            }
        }
        return null;
    }

    private TlbContext added() {
        TlbContext more = new TlbContext(ENTRIES * STRIDE, FETCH_ENTRIES * 2);
        contexts.add(more);
        return more;
    }

    private TlbContext reused() {
        TlbContext oldest = context;
        for (TlbContext each : contexts) {
            if (each != context && (oldest == context || each.chosen < oldest.chosen)) {
                oldest = each;
            }
        }
        oldest.clear();
        return oldest;
    }

    @Override
    public void flushContext(int pcid) {
        TlbContext flushed = contextOf(pcid);
        if (flushed == context) {
            flush(false);
        } else if (flushed != null) {
            flushed.clear();
            newGeneration(flushed);
        }
    }

    @Override
    public void flushContexts() {
        flush(false);
        for (TlbContext each : contexts) {
            if (each != context) {
                each.clear();
                newGeneration(each);
            }
        }
    }

    @Override
    public void contextChanged() {
        if (state.cr0 != seenCr0 || state.cr4 != seenCr4 || state.efer != seenEfer) {
            seenCr0 = state.cr0;
            seenCr4 = state.cr4;
            seenEfer = state.efer;
            paging = (state.cr0 & 1L << 31) != 0;
            longMode = (state.efer & EFER_LMA) != 0;
            flush(true);
            switchContext(true);
        } else if (state.cr3 != seenCr3) {
            switchContext(false);
        }
        selectBank();
    }

    /** After the privilege level or RFLAGS.AC changed. */
    void selectBank() {
        int next = state.cpl() == 3 ? USER_BANK : (state.rflags & Flags.AC) != 0 ? SUPERVISOR_AC : SUPERVISOR;
        bank = next;
        tlb = banks[next];
    }

    /** Bytes of all tables. */
    long tlbBytes() {
        return 8L * (supervisor.length + supervisorFetch.length + contexts.size() * context.length());
    }

    /** {@link #tlb}, for translated code. */
    MemorySegment segment() {
        return segments[bank];
    }

    /** Whether code runs with user rights. */
    boolean user() {
        return bank == USER_BANK;
    }

    /** Drops every cached right to write. */
    void dropWrites() {
        dropWrites(supervisor);
        for (TlbContext each : contexts) {
            dropWrites(each.supervisorAc);
            dropWrites(each.user);
        }
    }

    private static void dropWrites(long[] t) {
        for (int i = 0; i < t.length; i += STRIDE) {
            t[i + WRITE] = NONE;
        }
    }

    /** Drops cached rights to write one physical page, by its host address: it holds code now. */
    void dropWrites(long hostPage) {
        dropWrites(supervisor, hostPage);
        for (TlbContext each : contexts) {
            dropWrites(each.supervisorAc, hostPage);
            dropWrites(each.user, hostPage);
        }
    }

    private static void dropWrites(long[] t, long hostPage) {
        for (int i = 0; i < t.length; i += STRIDE) {
            if (t[i] != NONE && t[i] + t[i + DELTA] == hostPage) {
                t[i + WRITE] = NONE;
            }
        }
    }
}
