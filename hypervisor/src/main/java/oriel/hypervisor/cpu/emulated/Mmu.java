package oriel.hypervisor.cpu.emulated;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import oriel.hypervisor.bus.IoBus;
import oriel.hypervisor.cpu.CpuState;
import oriel.hypervisor.memory.GuestMemory;
import oriel.hypervisor.memory.NativeMemory;

/**
 * Paging and the software TLB. Banks hold translations as the supervisor, the supervisor with RFLAGS.AC set (SMAP
 * open) and the user see them, so that neither a system call nor STAC flushes anything. An entry's tags say what its
 * page may be used for without a further look; MMIO, ROM writes, pages with decoded code and pages whose writes are
 * tracked miss into the slow path.
 */
final class Mmu implements LinearMemory {
    private static final int ENTRIES = 1024;
    private static final int STRIDE = 4;
    static final int INDEX_MASK = (ENTRIES - 1) * STRIDE;
    static final int INDEX_SHIFT = 12 - 2;

    // Parts of an entry.
    static final int READ = 0, WRITE = 1, DELTA = 2, ATTRIBUTES = 3;
    private static final int ATTRIBUTE_GLOBAL = 1, ATTRIBUTE_LARGE = 2;

    private static final int FETCH_ENTRIES = 512;

    /** Never equals a page address. */
    static final long NONE = 1;

    static final long PAGE = ~0xFFFL;

    /** 40 physical address bits: what CPUID reports. */
    private static final long PHYSICAL = 0xFF_FFFF_F000L;

    private static final long ENTRY_RESERVED = 0x000F_FF00_0000_0000L;

    private static final int PRESENT = 1, WRITABLE = 2, USER = 4, ACCESSED = 0x20, DIRTY = 0x40, LARGE = 0x80;
    private static final int GLOBAL = 0x100;
    private static final long NO_EXECUTE = 1L << 63;

    private static final int CR0_WP = 1 << 16;
    private static final int CR4_PSE = 1 << 4, CR4_PAE = 1 << 5, CR4_PGE = 1 << 7;
    private static final int CR4_PCIDE = 1 << 17, CR4_SMEP = 1 << 20, CR4_SMAP = 1 << 21;
    private static final int EFER_LMA = 1 << 10, EFER_NXE = 1 << 11;

    /** What an access wants. */
    static final int ACCESS_READ = 0, ACCESS_WRITE = 1, ACCESS_FETCH = 2;

    private static final int SUPERVISOR = 0, SUPERVISOR_AC = 1, USER_BANK = 2;

    private final CpuState state;
    private final GuestMemory memory;
    private final IoBus bus;
    private final GuestFault fault;

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

    private final long[][] banks = {supervisor, context.supervisorAc, context.user};
    long[] tlb = supervisor;
    private int bank = SUPERVISOR;

    private final MemorySegment[] segments = {
        MemorySegment.ofArray(supervisor), context.supervisorAcSegment, context.userSegment
    };

    // Instruction fetch, by user/supervisor: linear page, then physical page with the global bit.
    private final long[][] fetch = {supervisorFetch, context.fetch};

    // Which 2 MiB regions (hashed) have entries made from a large page: INVLPG must drop all of them.
    private long largeRegions;
    private boolean gigabyteEntries;

    // Results of the last walk.
    private int pageAttributes;
    private boolean pageGlobal;

    private long seenCr0, seenCr3, seenCr4, seenEfer;
    private boolean paging, longMode;

    /** Changes whenever fetch translations of user-half or kernel-half (global) pages are dropped. */
    int userGeneration = 1, globalGeneration = 1;

    // The last generation given to a context.
    private int generations = 1;

    // Global pages (hashed) whose code somebody has linked by linear address since their generation last changed.
    private final long[] linkedGlobalPages = new long[64];

    /** Told when an access reached a device: pending interrupts may have changed. */
    Runnable deviceTouched = () -> {};

    /** The last #GP was for a non-canonical address: #SS if it was a stack access. */
    boolean nonCanonical;

    /** Told about accesses to the pages it covers, of which the TLB then knows nothing. */
    interface Watch {
        /** Whether accesses to a linear page must be reported. */
        boolean covers(long page);

        /** An instruction's access, reported before it is made. */
        void accessed(long linear, int size, boolean write);
    }

    private Watch watch = new Watch() {
        @Override
        public boolean covers(long page) {
            return false;
        }

        @Override
        public void accessed(long linear, int size, boolean write) {}
    };

    Mmu(CpuState state, GuestMemory memory, IoBus bus, GuestFault fault) {
        this.state = state;
        this.memory = memory;
        this.bus = bus;
        this.fault = fault;
        contexts.add(context);
        flush(true);
    }

    /** Has accesses watched; {@link #flush} when the watched pages change. */
    void watchedBy(Watch newWatch) {
        watch = newWatch;
    }

    // ---- fast paths -------------------------------------------------------------------------------------------------

    // The last byte's page is compared with the tag found by the first byte's: an access that crosses pages misses,
    // because neighbouring pages never share an index.

    @Override
    public int read8(long linear) {
        long[] t = tlb;
        int i = (int) (linear >>> INDEX_SHIFT) & INDEX_MASK;
        if (t[i] == (linear & PAGE)) {
            return NativeMemory.get8(linear + t[i + DELTA]) & 0xFF;
        }
        return (int) slowRead(linear, 1);
    }

    @Override
    public int read16(long linear) {
        long[] t = tlb;
        int i = (int) (linear >>> INDEX_SHIFT) & INDEX_MASK;
        if (t[i] == (linear + 1 & PAGE)) {
            return NativeMemory.get16(linear + t[i + DELTA]) & 0xFFFF;
        }
        return (int) slowRead(linear, 2);
    }

    @Override
    public int read32(long linear) {
        long[] t = tlb;
        int i = (int) (linear >>> INDEX_SHIFT) & INDEX_MASK;
        if (t[i] == (linear + 3 & PAGE)) {
            return NativeMemory.get32(linear + t[i + DELTA]);
        }
        return (int) slowRead(linear, 4);
    }

    @Override
    public long read64(long linear) {
        long[] t = tlb;
        int i = (int) (linear >>> INDEX_SHIFT) & INDEX_MASK;
        if (t[i] == (linear + 7 & PAGE)) {
            return NativeMemory.get64(linear + t[i + DELTA]);
        }
        return slowRead(linear, 8);
    }

    @Override
    public void write8(long linear, int value) {
        long[] t = tlb;
        int i = (int) (linear >>> INDEX_SHIFT) & INDEX_MASK;
        if (t[i + WRITE] == (linear & PAGE)) {
            NativeMemory.put8(linear + t[i + DELTA], (byte) value);
        } else {
            slowWrite(linear, 1, value);
        }
    }

    @Override
    public void write16(long linear, int value) {
        long[] t = tlb;
        int i = (int) (linear >>> INDEX_SHIFT) & INDEX_MASK;
        if (t[i + WRITE] == (linear + 1 & PAGE)) {
            NativeMemory.put16(linear + t[i + DELTA], (short) value);
        } else {
            slowWrite(linear, 2, value);
        }
    }

    @Override
    public void write32(long linear, int value) {
        long[] t = tlb;
        int i = (int) (linear >>> INDEX_SHIFT) & INDEX_MASK;
        if (t[i + WRITE] == (linear + 3 & PAGE)) {
            NativeMemory.put32(linear + t[i + DELTA], value);
        } else {
            slowWrite(linear, 4, value);
        }
    }

    @Override
    public void write64(long linear, long value) {
        long[] t = tlb;
        int i = (int) (linear >>> INDEX_SHIFT) & INDEX_MASK;
        if (t[i + WRITE] == (linear + 7 & PAGE)) {
            NativeMemory.put64(linear + t[i + DELTA], value);
        } else {
            slowWrite(linear, 8, value);
        }
    }

    /** Zero-extended read of 1, 2, 4 or 8 bytes. */
    long read(long linear, int size) {
        return switch (size) {
            case 1 -> read8(linear);
            case 2 -> read16(linear);
            case 4 -> read32(linear) & 0xFFFF_FFFFL;
            default -> read64(linear);
        };
    }

    /** Write of 1, 2, 4 or 8 bytes. */
    void write(long linear, int size, long value) {
        switch (size) {
            case 1 -> write8(linear, (int) value);
            case 2 -> write16(linear, (int) value);
            case 4 -> write32(linear, (int) value);
            default -> write64(linear, value);
        }
    }

    /** Reads what the same instruction is going to write: faults as the write would. */
    long readForWrite(long linear, int size) {
        long[] t = tlb;
        int i = (int) (linear >>> INDEX_SHIFT) & INDEX_MASK;
        if (t[i + WRITE] != (linear + size - 1 & PAGE)) {
            probeWrite(linear, size);
        }
        return read(linear, size);
    }

    /**
     * Host address for a bulk read up to the end of the page, filling the TLB.
     *
     * @return 0 if the page isn't plain memory
     */
    long hostForRead(long linear) {
        long[] t = tlb;
        int i = (int) (linear >>> INDEX_SHIFT) & INDEX_MASK;
        if (t[i] != (linear & PAGE)) {
            translate(linear, ACCESS_READ, bank);
            if (t[i] != (linear & PAGE)) {
                return 0;
            }
        }
        return linear + t[i + DELTA];
    }

    /**
     * Host address for a bulk write up to the end of the page, filling the TLB.
     *
     * @return 0 if writes to the page must be seen
     */
    long hostForWrite(long linear) {
        long[] t = tlb;
        int i = (int) (linear >>> INDEX_SHIFT) & INDEX_MASK;
        if (t[i + WRITE] != (linear & PAGE)) {
            translate(linear, ACCESS_WRITE, bank);
            if (t[i + WRITE] != (linear & PAGE)) {
                return 0;
            }
        }
        return linear + t[i + DELTA];
    }

    // ---- slow paths -------------------------------------------------------------------------------------------------

    private static boolean crosses(long linear, int size) {
        return (linear & 0xFFF) + size > 0x1000;
    }

    private long slowRead(long linear, int size) {
        watch.accessed(linear, size, false);
        return slowRead(linear, size, bank);
    }

    private long slowRead(long linear, int size, int inBank) {
        if (crosses(linear, size)) {
            int first = (int) (0x1000 - (linear & 0xFFF));
            translate(linear, ACCESS_READ, inBank);
            translate(next(linear, first), ACCESS_READ, inBank);
            long value = 0;
            for (int k = size - 1; k >= 0; k--) {
                value = value << 8 | slowRead(next(linear, k), 1, inBank);
            }
            return value;
        }
        long physical = translate(linear, ACCESS_READ, inBank);
        long host = memory.readable(physical);
        if (host == 0) {
            deviceTouched.run();
            long value = bus.readMmio(physical, size);
            return size == 8 ? value : value & (1L << size * 8) - 1;
        }
        return switch (size) {
            case 1 -> NativeMemory.get8(host) & 0xFF;
            case 2 -> NativeMemory.get16(host) & 0xFFFF;
            case 4 -> NativeMemory.get32(host) & 0xFFFF_FFFFL;
            default -> NativeMemory.get64(host);
        };
    }

    private void slowWrite(long linear, int size, long value) {
        watch.accessed(linear, size, true);
        slowWrite(linear, size, value, bank);
    }

    private void slowWrite(long linear, int size, long value, int inBank) {
        if (crosses(linear, size)) {
            int first = (int) (0x1000 - (linear & 0xFFF));
            translate(linear, ACCESS_WRITE, inBank);
            translate(next(linear, first), ACCESS_WRITE, inBank);
            for (int k = 0; k < size; k++) {
                slowWrite(next(linear, k), 1, value >>> 8 * k & 0xFF, inBank);
            }
            return;
        }
        long physical = translate(linear, ACCESS_WRITE, inBank);
        if (!memory.store(physical, size, value)) {
            deviceTouched.run();
            bus.writeMmio(physical, size, size == 8 ? value : value & (1L << size * 8) - 1);
        }
    }

    private long next(long linear, int bytes) {
        return longMode ? linear + bytes : linear + bytes & 0xFFFF_FFFFL;
    }

    @Override
    public void probeWrite(long linear, int length) {
        probe(linear, length, ACCESS_WRITE);
    }

    @Override
    public void probeRead(long linear, int length) {
        probe(linear, length, ACCESS_READ);
    }

    private void probe(long linear, int length, int access) {
        if (length <= 0) {
            return;
        }
        int part = access == ACCESS_WRITE ? WRITE : READ;
        int i = (int) (linear >>> INDEX_SHIFT) & INDEX_MASK;
        if (tlb[i + part] != (linear & PAGE)) {
            translate(linear, access, bank);
        }
        if (crosses(linear, length)) {
            translate(next(linear, length - 1) & PAGE, access, bank);
        }
    }

    @Override
    public long readSystem(long linear, int size) {
        long[] t = banks[SUPERVISOR];
        int i = (int) (linear >>> INDEX_SHIFT) & INDEX_MASK;
        if (t[i] == (linear + size - 1 & PAGE)) {
            long host = linear + t[i + DELTA];
            return switch (size) {
                case 1 -> NativeMemory.get8(host) & 0xFF;
                case 2 -> NativeMemory.get16(host) & 0xFFFF;
                case 4 -> NativeMemory.get32(host) & 0xFFFF_FFFFL;
                default -> NativeMemory.get64(host);
            };
        }
        return slowRead(linear, size, SUPERVISOR);
    }

    @Override
    public void writeSystem(long linear, int size, long value) {
        slowWrite(linear, size, value, SUPERVISOR);
    }

    /**
     * Physical address of an instruction, through the fetch TLB.
     *
     * @throws GuestFault page fault, or general protection for a non-canonical address
     */
    long fetchAddress(long linear) {
        long[] t = fetch[bank == USER_BANK ? 1 : 0];
        int i = ((int) (linear >>> 12) & FETCH_ENTRIES - 1) * 2;
        if (t[i] != (linear & PAGE)) {
            translate(linear, ACCESS_FETCH, bank == USER_BANK ? USER_BANK : SUPERVISOR);
        }
        return t[i + 1] & PAGE | linear & 0xFFF;
    }

    /** Whether the page that {@link #fetchAddress} was asked for last is global. */
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

    // ---- translation ------------------------------------------------------------------------------------------------

    private long translate(long linear, int access, int inBank) {
        if (!paging) {
            long physical = linear & 0xFFFF_FFFFL;
            pageGlobal = false;
            pageAttributes = 0;
            fill(linear, physical, access, inBank);
            return physical;
        }
        long physical = walk(linear, access, inBank);
        fill(linear, physical, access, inBank);
        return physical;
    }

    private void fill(long linear, long physical, int access, int inBank) {
        long page = linear & PAGE;
        if (access == ACCESS_FETCH) {
            long[] t = fetch[inBank == USER_BANK ? 1 : 0];
            int i = ((int) (linear >>> 12) & FETCH_ENTRIES - 1) * 2;
            t[i] = page;
            t[i + 1] = physical & PAGE | (pageGlobal ? 1 : 0) | pageAttributes & ATTRIBUTE_LARGE;
            supervisorHasOthers |= inBank != USER_BANK && !pageGlobal;
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
        t[i + ATTRIBUTES] = pageAttributes | (pageGlobal ? ATTRIBUTE_GLOBAL : 0);
        supervisorHasOthers |= inBank == SUPERVISOR && !pageGlobal;
        noteLarge(linear);
    }

    private void noteLarge(long linear) {
        if ((pageAttributes & ATTRIBUTE_LARGE) != 0) {
            largeRegions |= 1L << (linear >>> 21);
        }
    }

    private long walk(long linear, int access, int inBank) {
        if (longMode) {
            if (linear << 16 >> 16 != linear) {
                nonCanonical = true;
                throw fault.of(GuestFault.GP, 0);
            }
            return walk64(linear, access, inBank, state.cr3 & PHYSICAL, 39);
        }
        if ((state.cr4 & CR4_PAE) != 0) {
            return walkPae(linear & 0xFFFF_FFFFL, access, inBank);
        }
        return walk32(linear & 0xFFFF_FFFFL, access, inBank);
    }

    private long entryAt(long physical, int size) {
        long host = memory.readable(physical);
        if (host == 0) {
            return 0;
        }
        return size == 8 ? NativeMemory.get64(host) : NativeMemory.get32(host) & 0xFFFF_FFFFL;
    }

    private void mark(long physical, int size, long entry, int bits) {
        if ((entry & bits) != bits) {
            memory.store(physical, size, entry | bits);
        }
    }

    private GuestFault pageFault(long linear, int access, int inBank, int bits) {
        int code = bits;
        if (access == ACCESS_WRITE) {
            code |= 2;
        }
        if (inBank == USER_BANK) {
            code |= 4;
        }
        boolean reportsFetch =
                (state.cr4 & CR4_SMEP) != 0 || ((state.efer & EFER_NXE) != 0 && (state.cr4 & CR4_PAE) != 0);
        if (access == ACCESS_FETCH && reportsFetch) {
            code |= 0x10;
        }
        return fault.pageFault(linear, code);
    }

    /** Throws unless the combined rights allow the access (Intel SDM 3A §4.6.1). */
    private void check(long linear, int access, int inBank, boolean user, boolean writable, boolean noExecute) {
        boolean allowed;
        if (inBank == USER_BANK) {
            allowed = user && (access != ACCESS_WRITE || writable) && (access != ACCESS_FETCH || !noExecute);
        } else if (access == ACCESS_FETCH) {
            allowed = !noExecute && !(user && (state.cr4 & CR4_SMEP) != 0);
        } else {
            allowed = (access != ACCESS_WRITE || writable || (state.cr0 & CR0_WP) == 0)
                    && !(user && inBank == SUPERVISOR && (state.cr4 & CR4_SMAP) != 0);
        }
        if (!allowed) {
            throw pageFault(linear, access, inBank, 1);
        }
    }

    /** PAE and 4-level tables share everything below the root. */
    private long walk64(long linear, int access, int inBank, long root, int topShift) {
        long reserved = ENTRY_RESERVED | ((state.efer & EFER_NXE) == 0 ? NO_EXECUTE : 0);
        if (!longMode) {
            reserved |= 0x7FF0_0000_0000_0000L;
        }
        boolean user = true;
        boolean writable = true;
        boolean noExecute = false;
        long a1 = 0;
        long e1 = 0;
        long a2 = 0;
        long e2 = 0;
        long a3 = 0;
        long e3 = 0;
        long table = root;
        for (int shift = topShift; ; shift -= 9) {
            long address = table + (linear >>> shift & 0x1FF) * 8;
            long entry = entryAt(address, 8);
            if ((entry & PRESENT) == 0) {
                throw pageFault(linear, access, inBank, 0);
            }
            boolean leaf = shift == 12 || (entry & LARGE) != 0;
            long bad = reserved;
            if (shift == 39) {
                bad |= LARGE;
            } else if (leaf && shift > 12) {
                bad |= (1L << shift) - 1 & ~0x1FFFL;
            }
            if ((entry & bad) != 0) {
                throw pageFault(linear, access, inBank, 9);
            }
            user &= (entry & USER) != 0;
            writable &= (entry & WRITABLE) != 0;
            noExecute |= (entry & NO_EXECUTE) != 0;
            if (!leaf) {
                a1 = a2;
                e1 = e2;
                a2 = a3;
                e2 = e3;
                a3 = address;
                e3 = entry;
                table = entry & PHYSICAL;
                continue;
            }
            check(linear, access, inBank, user, writable, noExecute);
            if (a1 != 0) {
                mark(a1, 8, e1, ACCESSED);
            }
            if (a2 != 0) {
                mark(a2, 8, e2, ACCESSED);
            }
            if (a3 != 0) {
                mark(a3, 8, e3, ACCESSED);
            }
            mark(address, 8, entry, access == ACCESS_WRITE ? ACCESSED | DIRTY : ACCESSED);
            pageGlobal = (entry & GLOBAL) != 0 && (state.cr4 & CR4_PGE) != 0;
            pageAttributes = shift > 12 ? ATTRIBUTE_LARGE : 0;
            gigabyteEntries |= shift == 30;
            long offset = (1L << shift) - 1;
            return entry & PHYSICAL & ~offset | linear & offset;
        }
    }

    private long walkPae(long linear, int access, int inBank) {
        long pointer = entryAt((state.cr3 & 0xFFFF_FFE0L) + (linear >>> 30) * 8, 8);
        if ((pointer & PRESENT) == 0) {
            throw pageFault(linear, access, inBank, 0);
        }
        return walk64(linear, access, inBank, pointer & PHYSICAL, 21);
    }

    private long walk32(long linear, int access, int inBank) {
        long directoryAddress = (state.cr3 & 0xFFFF_F000L) + (linear >>> 22) * 4;
        long directory = entryAt(directoryAddress, 4);
        if ((directory & PRESENT) == 0) {
            throw pageFault(linear, access, inBank, 0);
        }
        boolean user = (directory & USER) != 0;
        boolean writable = (directory & WRITABLE) != 0;
        int leafBits = access == ACCESS_WRITE ? ACCESSED | DIRTY : ACCESSED;
        if ((directory & LARGE) != 0 && (state.cr4 & CR4_PSE) != 0) {
            if ((directory & 1 << 21) != 0) {
                throw pageFault(linear, access, inBank, 9);
            }
            check(linear, access, inBank, user, writable, false);
            mark(directoryAddress, 4, directory, leafBits);
            pageGlobal = (directory & GLOBAL) != 0 && (state.cr4 & CR4_PGE) != 0;
            pageAttributes = ATTRIBUTE_LARGE;
            // PSE-36 (Intel SDM 3A §4.3): address bits 32–39 in entry bits 13–20.
            return (directory >>> 13 & 0xFF) << 32 | directory & 0xFFC0_0000L | linear & 0x3F_FFFF;
        }
        long tableAddress = (directory & 0xFFFF_F000L) + (linear >>> 12 & 0x3FF) * 4;
        long entry = entryAt(tableAddress, 4);
        if ((entry & PRESENT) == 0) {
            throw pageFault(linear, access, inBank, 0);
        }
        user &= (entry & USER) != 0;
        writable &= (entry & WRITABLE) != 0;
        check(linear, access, inBank, user, writable, false);
        mark(directoryAddress, 4, directory, ACCESSED);
        mark(tableAddress, 4, entry, leafBits);
        pageGlobal = (entry & GLOBAL) != 0 && (state.cr4 & CR4_PGE) != 0;
        pageAttributes = 0;
        return entry & 0xFFFF_F000L | linear & 0xFFF;
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
