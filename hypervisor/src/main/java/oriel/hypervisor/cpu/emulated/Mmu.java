package oriel.hypervisor.cpu.emulated;

import oriel.hypervisor.bus.IoBus;
import oriel.hypervisor.cpu.CpuState;
import oriel.hypervisor.memory.GuestMemory;
import oriel.hypervisor.memory.NativeMemory;

/**
 * Accesses to memory by linear addresses: what {@link Tlb} knows goes straight to the host's memory; the rest is looked
 * up by {@link PageWalk}, and reaches memory that somebody watches, or a device.
 */
final class Mmu extends Tlb {
    private static final int CR4_PAE = 1 << 5;

    private final IoBus bus;
    private final GuestFault fault;

    /** Told when an access reached a device: pending interrupts may have changed. */
    Runnable deviceTouched = () -> {};

    /** The last #GP was for a non-canonical address: #SS if it was a stack access. */
    boolean nonCanonical;

    Mmu(CpuState state, GuestMemory memory, IoBus bus, GuestFault fault) {
        super(state, memory, fault);
        this.bus = bus;
        this.fault = fault;
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

    /** Physical address of an instruction if the fetch TLB knows it, else 0: for those who only look. */
    long fetched(long linear) {
        long[] t = fetch[bank == USER_BANK ? 1 : 0];
        int i = ((int) (linear >>> 12) & FETCH_ENTRIES - 1) * 2;
        return t[i] == (linear & PAGE) ? t[i + 1] & PAGE | linear & 0xFFF : 0;
    }

    // ---- translation ------------------------------------------------------------------------------------------------

    private long translate(long linear, int access, int inBank) {
        if (!paging) {
            long physical = linear & 0xFFFF_FFFFL;
            walk.none();
            fill(linear, physical, access, inBank);
            return physical;
        }
        long physical = walk(linear, access, inBank);
        fill(linear, physical, access, inBank);
        return physical;
    }

    private long walk(long linear, int access, int inBank) {
        if (longMode) {
            if (linear << 16 >> 16 != linear) {
                nonCanonical = true;
                throw fault.of(GuestFault.GP, 0);
            }
            return walk.fourLevels(linear, access, inBank);
        }
        if ((state.cr4 & CR4_PAE) != 0) {
            return walk.pae(linear & 0xFFFF_FFFFL, access, inBank);
        }
        return walk.twoLevels(linear & 0xFFFF_FFFFL, access, inBank);
    }
}
