package oriel.hypervisor.memory;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Guest physical memory. RAM lies at 0 up to 3 GiB and, the rest, from 4 GiB; between them is the window for devices.
 * Confined to the machine's thread.
 *
 * <p>A processor caches translations from this map; it registers as {@link Observer} and is told when the map changes
 * and when a page that it holds decoded code of is written by somebody else (device DMA) or by itself.
 */
public final class GuestMemory implements AutoCloseable {
    /** RAM below this address is contiguous; the rest continues at {@link #HIGH_BASE}. */
    public static final long LOW_LIMIT = 0xC000_0000L;

    /** Where RAM continues above the device window. */
    public static final long HIGH_BASE = 0x1_0000_0000L;

    /** What processors want to know of this memory. */
    public interface Observer {
        /** Bytes of a page marked by {@link #markCode} are about to change: decoded code over them is stale. */
        void codeWritten(long gpa, int length);

        /** Somebody holds decoded code of the page at {@code gpa} from now on: writes to it must not be cached. */
        default void codeMarked(long gpa) {}

        /** Regions came, went or moved: every cached translation is stale. */
        void mapChanged();

        /**
         * Writes to RAM are tracked from now on, or no more. Whoever asked for it has processors drop their write
         * permissions ({@link oriel.hypervisor.cpu.Vcpu#flushWriteTracking}).
         */
        default void trackingChanged() {}
    }

    private final HostMapping ram;
    private final List<MemoryRegion> ramRegions = new ArrayList<>();
    private final List<Observer> observers = new ArrayList<>();
    private MemoryRegion[] regions = new MemoryRegion[0];
    private @Nullable MemoryRegion recent;

    /**
     * Memory of a size.
     *
     * @param ramSize in bytes, whole MiB, ≥ 1 MiB
     */
    public GuestMemory(long ramSize) {
        if (ramSize < 1 << 20 || (ramSize & 0xFFFFF) != 0) {
            throw new IllegalArgumentException("memory must be whole MiB, got " + ramSize + " bytes");
        }
        this(HostMapping.anonymous(ramSize));
    }

    /** Memory that has content already: a saved machine's. It is closed with this. */
    public GuestMemory(HostMapping ram) {
        this.ram = ram;
        long ramSize = ram.size();
        long low = Math.min(ramSize, LOW_LIMIT);
        ramRegions.add(MemoryRegion.ram("ram", 0, low, ram.address()));
        if (ramSize > low) {
            ramRegions.add(MemoryRegion.ram("ram-high", HIGH_BASE, ramSize - low, ram.address() + low));
        }
        ramRegions.forEach(this::add);
    }

    /** The RAM: below 3 GiB, then the rest. */
    public HostMapping ram() {
        return ram;
    }

    /** RAM in bytes. */
    public long ramSize() {
        return ram.size();
    }

    /** Notes which pages of RAM are written from now on, or no more. */
    public void trackWrites(boolean yes) {
        ramRegions.forEach(region -> region.trackWrites(yes));
        observers.forEach(Observer::trackingChanged);
    }

    /**
     * Pages of {@link #ram} written since writes are tracked, or since the last call. The caller then has every processor
     * drop its write permissions, as for {@link MemoryRegion#takeDirty}.
     */
    public BitSet takeWritten() {
        BitSet written = new BitSet();
        for (MemoryRegion region : ramRegions) {
            int first = (int) (region.hostAddress() - ram.address() >> MemoryRegion.PAGE_SHIFT);
            region.takeDirty().stream().forEach(page -> written.set(first + page));
        }
        return written;
    }

    /** Registers an observer. */
    public void observe(Observer observer) {
        observers.add(observer);
    }

    /** Adds a region; later regions win where they overlap earlier ones (ROM shadows over RAM). */
    public void add(MemoryRegion region) {
        MemoryRegion[] next = new MemoryRegion[regions.length + 1];
        next[0] = region;
        System.arraycopy(regions, 0, next, 1, regions.length);
        changeMap(next);
    }

    /** Read-only memory over part of the RAM, which a guest reads there but doesn't change until it is removed. */
    public MemoryRegion writeProtected(String name, long base, long size) {
        if (base < 0 || size <= 0 || base + size > Math.min(ramSize(), LOW_LIMIT)) {
            throw new IllegalArgumentException(name + " isn't within low memory");
        }
        return MemoryRegion.rom(name, base, size, ram.address() + base);
    }

    /** Removes a region (a BAR that moves or is switched off). */
    public void remove(MemoryRegion region) {
        changeMap(java.util.Arrays.stream(regions).filter(r -> r != region).toArray(MemoryRegion[]::new));
    }

    private void changeMap(MemoryRegion[] next) {
        regions = next;
        recent = null;
        observers.forEach(Observer::mapChanged);
    }

    /**
     * A range in which one region is what the guest sees.
     *
     * @param base first guest physical address
     * @param size in bytes, whole pages
     * @param region whose memory it is, never a hole
     */
    public record Visible(long base, long size, MemoryRegion region) {
        /** Host address of the first byte. */
        public long hostAddress() {
            return region.hostAddress() + (base - region.base());
        }
    }

    /** What the guest sees, from low addresses to high, where regions cover each other the one that wins. */
    public List<Visible> visible() {
        TreeSet<Long> edges = new TreeSet<>();
        for (MemoryRegion region : regions) {
            edges.add(region.base());
            edges.add(region.base() + region.size());
        }
        List<Visible> all = new ArrayList<>();
        for (long edge : edges) {
            Long end = edges.higher(edge);
            MemoryRegion region = end == null ? null : region(edge);
            if (region == null || end == null) {
                continue;
            }
            Visible last = all.isEmpty() ? null : all.getLast();
            if (last != null && last.region == region && last.base + last.size == edge) {
                all.removeLast();
                all.add(new Visible(last.base, end - last.base, region));
            } else {
                all.add(new Visible(edge, end - edge, region));
            }
        }
        return all;
    }

    /** The region at an address, or null where there is no memory (MMIO or nothing). */
    public @Nullable MemoryRegion region(long gpa) {
        MemoryRegion last = recent;
        if (last != null && regions[0] == last && last.contains(gpa)) {
            return last;
        }
        for (MemoryRegion region : regions) {
            if (region.contains(gpa)) {
                if (region.isHole()) {
                    return null;
                }
                recent = region;
                return region;
            }
        }
        return null;
    }

    /**
     * Host address for reading.
     *
     * @return the host address of the byte at {@code gpa}, valid to the end of its 4 KiB page; 0 where there is no
     *     memory
     */
    public long readable(long gpa) {
        MemoryRegion region = region(gpa);
        return region == null ? 0 : region.hostAddress() + (gpa - region.base());
    }

    /**
     * Host address for writing, for a processor that caches it: marks the page dirty. A page that holds code, or a ROM,
     * gives 0: write through {@link #store}.
     *
     * @return the host address of the byte at {@code gpa}, valid to the end of its page; 0 if it can't be cached
     */
    public long cacheableForWrite(long gpa) {
        MemoryRegion region = region(gpa);
        if (region == null || !region.writable() || region.isCode(gpa)) {
            return 0;
        }
        region.markDirty(gpa);
        return region.hostAddress() + (gpa - region.base());
    }

    /** Whether there is memory (not MMIO) at an address. */
    public boolean isMemory(long gpa) {
        return region(gpa) != null;
    }

    /**
     * Says that a processor holds decoded code of the page at {@code gpa}: later writes to it are told to observers,
     * until as many {@link #unmarkCode} came.
     */
    public void markCode(long gpa) {
        MemoryRegion region = region(gpa);
        if (region != null) {
            region.addCodeHolder(gpa);
            observers.forEach(observer -> observer.codeMarked(gpa));
        }
    }

    /** Takes one {@link #markCode} back. */
    public void unmarkCode(long gpa) {
        MemoryRegion region = region(gpa);
        if (region != null) {
            region.removeCodeHolder(gpa);
        }
    }

    /**
     * Slow-path store of 1, 2, 4 or 8 bytes within one page: dirty tracking and code observers included. Writes to a ROM
     * vanish.
     *
     * @return false if there is no memory there (then it is MMIO)
     */
    public boolean store(long gpa, int size, long value) {
        MemoryRegion region = region(gpa);
        if (region == null) {
            return false;
        }
        if (!region.writable()) {
            return true;
        }
        aboutToWrite(region, gpa, size);
        long host = region.hostAddress() + (gpa - region.base());
        switch (size) {
            case 1 -> NativeMemory.put8(host, (byte) value);
            case 2 -> NativeMemory.put16(host, (short) value);
            case 4 -> NativeMemory.put32(host, (int) value);
            case 8 -> NativeMemory.put64(host, value);
            default -> throw new IllegalArgumentException("size " + size);
        }
        return true;
    }

    private void aboutToWrite(MemoryRegion region, long gpa, int length) {
        region.markDirty(gpa);
        if (region.isCode(gpa)) {
            for (Observer observer : observers) {
                observer.codeWritten(gpa, length);
            }
        }
    }

    /**
     * Device read (DMA), across pages and regions.
     *
     * @throws GuestMemoryException if a byte of the range isn't memory
     */
    public void read(long gpa, byte[] to, int offset, int length) {
        while (length > 0) {
            int part = pagePart(gpa, length);
            long host = readable(gpa);
            if (host == 0) {
                throw new GuestMemoryException(gpa);
            }
            NativeMemory.read(host, to, offset, part);
            gpa += part;
            offset += part;
            length -= part;
        }
    }

    /**
     * Device write (DMA), across pages and regions; tells observers of code that is overwritten.
     *
     * @throws GuestMemoryException if a byte of the range isn't memory; bytes before it may have been written
     */
    public void write(long gpa, byte[] from, int offset, int length) {
        while (length > 0) {
            int part = pagePart(gpa, length);
            MemoryRegion region = region(gpa);
            if (region == null) {
                throw new GuestMemoryException(gpa);
            }
            if (region.writable()) {
                aboutToWrite(region, gpa, part);
                NativeMemory.write(region.hostAddress() + (gpa - region.base()), from, offset, part);
            }
            gpa += part;
            offset += part;
            length -= part;
        }
    }

    /**
     * The guest has no use for what is in a range, and the host gets it back: whole pages of RAM within it are zero
     * afterwards, or as in the saved machine that this one was made from. What isn't RAM is left alone.
     */
    public void discard(long gpa, long length) {
        long end = gpa + length & -HostMapping.PAGE;
        long at = gpa + HostMapping.PAGE - 1 & -HostMapping.PAGE;
        if (gpa < 0 || length < 0 || end < 0) {
            return; // beyond any address that a processor has
        }
        while (at < end) {
            MemoryRegion region = region(at);
            if (region == null || !region.writable()) {
                return;
            }
            long offset = region.hostAddress() + (at - region.base()) - ram.address();
            long run = 0; // as far as no other region lies over this one
            while (at + run < end && region(at + run) == region) {
                aboutToWrite(region, at + run, HostMapping.PAGE);
                run += HostMapping.PAGE;
            }
            if (offset < 0 || offset + run > ram.size()) {
                return; // memory of a device
            }
            ram.discard(offset, run);
            at += run;
        }
    }

    private static int pagePart(long gpa, int length) {
        return (int) Math.min(length, 0x1000 - (gpa & 0xFFF));
    }

    /** Device read of a little-endian number of 1, 2, 4 or 8 bytes, zero-extended. */
    public long read(long gpa, int size) {
        byte[] bytes = new byte[size];
        read(gpa, bytes, 0, size);
        long value = 0;
        for (int i = size - 1; i >= 0; i--) {
            value = value << 8 | (bytes[i] & 0xFF);
        }
        return value;
    }

    /** Device write of a little-endian number of 1, 2, 4 or 8 bytes. */
    public void write(long gpa, int size, long value) {
        byte[] bytes = new byte[size];
        for (int i = 0; i < size; i++) {
            bytes[i] = (byte) (value >>> (8 * i));
        }
        write(gpa, bytes, 0, size);
    }

    /** Gives the host memory back. Nothing may touch this object or an address from it afterwards. */
    @Override
    public void close() {
        ram.close();
    }
}
