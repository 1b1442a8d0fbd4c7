package oriel.hypervisor.cpu.emulated;

import oriel.hypervisor.cpu.CpuState;
import oriel.hypervisor.memory.GuestMemory;
import oriel.hypervisor.memory.NativeMemory;

/**
 * Walks page tables (Intel SDM 3A chapter 4): checks rights, sets accessed and dirty bits, or faults. Accesses are
 * {@link Tlb#ACCESS_READ} and so on, as one of {@link Tlb}'s banks makes them. Linear addresses are canonical, or have 32
 * bits.
 */
final class PageWalk {
    /** 40 physical address bits: what CPUID reports. */
    private static final long PHYSICAL = 0xFF_FFFF_F000L;

    private static final long ENTRY_RESERVED = 0x000F_FF00_0000_0000L;

    private static final int PRESENT = 1, WRITABLE = 2, USER = 4, ACCESSED = 0x20, DIRTY = 0x40, LARGE = 0x80;
    private static final int GLOBAL = 0x100;
    private static final long NO_EXECUTE = 1L << 63;

    private static final int CR0_WP = 1 << 16;
    private static final int CR4_PSE = 1 << 4, CR4_PAE = 1 << 5, CR4_PGE = 1 << 7;
    private static final int CR4_SMEP = 1 << 20, CR4_SMAP = 1 << 21;
    private static final int EFER_NXE = 1 << 11;

    private final CpuState state;
    private final GuestMemory memory;
    private final GuestFault fault;

    /** Of the page that the last walk found: global, larger than 4 KiB, of 1 GiB. */
    boolean global, large, gigabyte;

    PageWalk(CpuState state, GuestMemory memory, GuestFault fault) {
        this.state = state;
        this.memory = memory;
        this.fault = fault;
    }

    /** There is no paging: nothing is known of the page. */
    void none() {
        global = false;
        large = false;
        gigabyte = false;
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
        if (access == Tlb.ACCESS_WRITE) {
            code |= 2;
        }
        if (inBank == Tlb.USER_BANK) {
            code |= 4;
        }
        boolean reportsFetch =
                (state.cr4 & CR4_SMEP) != 0 || ((state.efer & EFER_NXE) != 0 && (state.cr4 & CR4_PAE) != 0);
        if (access == Tlb.ACCESS_FETCH && reportsFetch) {
            code |= 0x10;
        }
        return fault.pageFault(linear, code);
    }

    /** Throws unless the combined rights allow the access (Intel SDM 3A §4.6.1). */
    private void check(long linear, int access, int inBank, boolean user, boolean writable, boolean noExecute) {
        boolean allowed;
        if (inBank == Tlb.USER_BANK) {
            allowed = user && (access != Tlb.ACCESS_WRITE || writable) && (access != Tlb.ACCESS_FETCH || !noExecute);
        } else if (access == Tlb.ACCESS_FETCH) {
            allowed = !noExecute && !(user && (state.cr4 & CR4_SMEP) != 0);
        } else {
            allowed = (access != Tlb.ACCESS_WRITE || writable || (state.cr0 & CR0_WP) == 0)
                    && !(user && inBank == Tlb.SUPERVISOR && (state.cr4 & CR4_SMAP) != 0);
        }
        if (!allowed) {
            throw pageFault(linear, access, inBank, 1);
        }
    }

    /** 4-level paging (Intel SDM 3A §4.5). */
    long fourLevels(long linear, int access, int inBank) {
        return walk(linear, access, inBank, state.cr3 & PHYSICAL, 39);
    }

    /** PAE and 4-level tables share everything below the root. */
    private long walk(long linear, int access, int inBank, long root, int topShift) {
        long reserved = ENTRY_RESERVED | ((state.efer & EFER_NXE) == 0 ? NO_EXECUTE : 0);
        if (topShift != 39) {
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
            mark(address, 8, entry, access == Tlb.ACCESS_WRITE ? ACCESSED | DIRTY : ACCESSED);
            global = (entry & GLOBAL) != 0 && (state.cr4 & CR4_PGE) != 0;
            large = shift > 12;
            gigabyte = shift == 30;
            long offset = (1L << shift) - 1;
            return entry & PHYSICAL & ~offset | linear & offset;
        }
    }

    /** PAE paging (§4.4). */
    long pae(long linear, int access, int inBank) {
        long pointer = entryAt((state.cr3 & 0xFFFF_FFE0L) + (linear >>> 30) * 8, 8);
        if ((pointer & PRESENT) == 0) {
            throw pageFault(linear, access, inBank, 0);
        }
        return walk(linear, access, inBank, pointer & PHYSICAL, 21);
    }

    /** 32-bit paging (§4.3). */
    long twoLevels(long linear, int access, int inBank) {
        long directoryAddress = (state.cr3 & 0xFFFF_F000L) + (linear >>> 22) * 4;
        long directory = entryAt(directoryAddress, 4);
        if ((directory & PRESENT) == 0) {
            throw pageFault(linear, access, inBank, 0);
        }
        boolean user = (directory & USER) != 0;
        boolean writable = (directory & WRITABLE) != 0;
        int leafBits = access == Tlb.ACCESS_WRITE ? ACCESSED | DIRTY : ACCESSED;
        if ((directory & LARGE) != 0 && (state.cr4 & CR4_PSE) != 0) {
            if ((directory & 1 << 21) != 0) {
                throw pageFault(linear, access, inBank, 9);
            }
            check(linear, access, inBank, user, writable, false);
            mark(directoryAddress, 4, directory, leafBits);
            global = (directory & GLOBAL) != 0 && (state.cr4 & CR4_PGE) != 0;
            large = true;
            gigabyte = false;
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
        global = (entry & GLOBAL) != 0 && (state.cr4 & CR4_PGE) != 0;
        large = false;
        gigabyte = false;
        return entry & 0xFFFF_F000L | linear & 0xFFF;
    }
}
