package oriel.hypervisor.memory;

import java.util.BitSet;
import org.jspecify.annotations.Nullable;

/**
 * A range of guest physical addresses backed by host memory: RAM, video memory, a ROM. Confined to the machine's thread.
 */
public final class MemoryRegion {
    static final int PAGE_SHIFT = 12;

    private final String name;
    private final long base;
    private final long size;
    private final long hostAddress;
    private final boolean writable;
    /** By page: how many processors hold decoded code of it. */
    private final byte[] codeHolders;

    private @Nullable BitSet dirty;
    private final @Nullable Runnable becameDirty;
    private @Nullable Runnable log;

    /** The log is being read: whoever takes pages needn't be told that there are some. */
    private boolean taking;

    private MemoryRegion(
            String name,
            long base,
            long size,
            long hostAddress,
            boolean writable,
            @Nullable BitSet dirty,
            @Nullable Runnable becameDirty) {
        if (((base | size) & 0xFFF) != 0 || size <= 0) {
            throw new IllegalArgumentException(name + ": not whole pages");
        }
        this.name = name;
        this.base = base;
        this.size = size;
        this.hostAddress = hostAddress;
        this.writable = writable;
        this.codeHolders = new byte[Math.toIntExact(size >> PAGE_SHIFT)];
        this.dirty = dirty;
        this.becameDirty = becameDirty;
    }

    /** Ordinary RAM. */
    public static MemoryRegion ram(String name, long base, long size, long hostAddress) {
        return new MemoryRegion(name, base, size, hostAddress, true, null, null);
    }

    /** A ROM: guest writes vanish. */
    public static MemoryRegion rom(String name, long base, long size, long hostAddress) {
        return new MemoryRegion(name, base, size, hostAddress, false, null, null);
    }

    /** Nothing: hides the memory beneath, so that accesses go to the bus (the VGA window, a ROM that is switched off). */
    public static MemoryRegion hole(String name, long base, long size) {
        return new MemoryRegion(name, base, size, 0, false, null, null);
    }

    /**
     * RAM whose written pages are tracked (video memory).
     *
     * @param becameDirty called when the first page becomes dirty after {@link #takeDirty}
     */
    public static MemoryRegion tracked(String name, long base, long size, long hostAddress, Runnable becameDirty) {
        return new MemoryRegion(name, base, size, hostAddress, true, new BitSet(), becameDirty);
    }

    /** For error messages. */
    public String name() {
        return name;
    }

    /** First guest physical address. */
    public long base() {
        return base;
    }

    /** Size in bytes. */
    public long size() {
        return size;
    }

    /** Host address of the first byte. */
    public long hostAddress() {
        return hostAddress;
    }

    /** Whether guest writes take effect. */
    public boolean writable() {
        return writable;
    }

    /** Tracks writes from now on, beginning with none; or no more. */
    void trackWrites(boolean yes) {
        dirty = yes ? new BitSet() : null;
    }

    /** Whether writes are tracked. */
    public boolean tracksWrites() {
        return dirty != null;
    }

    boolean isHole() {
        return hostAddress == 0;
    }

    boolean contains(long gpa) {
        return gpa - base >= 0 && gpa - base < size;
    }

    boolean isCode(long gpa) {
        return codeHolders[(int) ((gpa - base) >> PAGE_SHIFT)] != 0;
    }

    void addCodeHolder(long gpa) {
        codeHolders[(int) ((gpa - base) >> PAGE_SHIFT)]++;
    }

    void removeCodeHolder(long gpa) {
        codeHolders[(int) ((gpa - base) >> PAGE_SHIFT)]--;
    }

    /**
     * Says who else knows of written pages: called before they are taken, to {@link #written report} those that it knows
     * of. Null: nobody does.
     */
    public void logBy(@Nullable Runnable writeLog) {
        log = writeLog;
    }

    /** Says that somebody wrote to the page of an address without asking this. */
    public void written(long gpa) {
        if (!contains(gpa)) {
            throw new IllegalArgumentException(name + " has no address " + Long.toHexString(gpa));
        }
        markDirty(gpa);
    }

    void markDirty(long gpa) {
        if (dirty == null) {
            return;
        }
        boolean first = dirty.isEmpty();
        dirty.set((int) ((gpa - base) >> PAGE_SHIFT));
        if (first && becameDirty != null && !taking) {
            becameDirty.run();
        }
    }

    /**
     * Page numbers written since the last call, which clears them. The caller must then have every processor drop its
     * cached write permissions ({@link oriel.hypervisor.cpu.Vcpu#flushWriteTracking}), or later writes go unseen.
     */
    public BitSet takeDirty() {
        if (dirty == null) {
            return new BitSet();
        }
        if (log != null) {
            taking = true;
            log.run();
            taking = false;
        }
        BitSet taken = (BitSet) dirty.clone();
        dirty.clear();
        return taken;
    }
}
