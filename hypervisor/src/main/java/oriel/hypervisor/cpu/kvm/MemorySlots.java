package oriel.hypervisor.cpu.kvm;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import oriel.hypervisor.memory.GuestMemory;
import oriel.hypervisor.memory.GuestMemory.Visible;
import oriel.hypervisor.memory.MemoryRegion;

/**
 * Guest physical memory as the kernel's memory slots, one for each range that the guest sees: the same host memory that
 * devices and the emulated processor use. A write to a ROM, and any access where there is no slot, comes to us as MMIO.
 */
final class MemorySlots {
    private static final int LOG_DIRTY = 1, READ_ONLY = 2;

    /** Slots of at most so many pages are asked for their log in one go. */
    private static final long MOST_PAGES = 1L << 24;

    private final KernelFile machine;
    private final GuestMemory memory;
    private final MemorySegment argument;
    private final MemorySegment logArgument;
    private final Arena arena;
    private final List<Slot> slots = new ArrayList<>();
    private final TreeSet<Integer> freeNumbers = new TreeSet<>();
    private int numbers;

    /** Where the kernel puts logs, by the size of a slot: one is read out before the next is asked for. */
    private final Map<Long, MemorySegment> logs = new HashMap<>();

    private record Slot(int number, Visible range, int flags, MemorySegment log) {}

    MemorySlots(KernelFile machine, GuestMemory memory, Arena arena) {
        this.machine = machine;
        this.memory = memory;
        this.arena = arena;
        argument = arena.allocate(32, 8);
        logArgument = arena.allocate(16, 8);
    }

    /** Makes the slots what memory is now. No processor may be in its guest. */
    void update() {
        List<Visible> wanted = new ArrayList<>(memory.visible());
        for (Iterator<Slot> old = slots.iterator(); old.hasNext(); ) {
            Slot slot = old.next();
            boolean same = slot.flags == flags(slot.range.region());
            if (!same || !wanted.remove(slot.range)) {
                collect(slot);
                slot.range.region().logBy(null);
                set(slot.number, slot.range, 0, 0);
                freeNumbers.add(slot.number);
                old.remove();
            }
        }
        for (Visible range : wanted) {
            Integer free = freeNumbers.pollFirst();
            int number = free == null ? numbers++ : free;
            MemoryRegion region = range.region();
            int flags = flags(region);
            set(number, range, range.size(), flags);
            MemorySegment log =
                    region.tracksWrites() ? logs.computeIfAbsent(range.size(), this::newLog) : MemorySegment.NULL;
            slots.add(new Slot(number, range, flags, log));
            if (region.tracksWrites()) {
                region.logBy(this::collect);
            }
        }
    }

    private static int flags(MemoryRegion region) {
        return (region.writable() ? 0 : READ_ONLY) | (region.tracksWrites() ? LOG_DIRTY : 0);
    }

    private MemorySegment newLog(long size) {
        long pages = size >> 12;
        if (pages > MOST_PAGES) {
            throw new IllegalArgumentException("%d MiB are too much to be tracked".formatted(size >> 20));
        }
        return arena.allocate((pages + 63 & -64L) / 8, 8);
    }

    private void set(int number, Visible range, long size, int flags) {
        argument.set(JAVA_INT, 0, number);
        argument.set(JAVA_INT, 4, flags);
        argument.set(JAVA_LONG, 8, range.base());
        argument.set(JAVA_LONG, 16, size);
        argument.set(JAVA_LONG, 24, range.hostAddress());
        machine.call(Request.SET_USER_MEMORY_REGION, argument);
    }

    /** Whether writes to any memory are tracked. */
    boolean tracking() {
        for (Slot slot : slots) {
            if ((slot.flags & LOG_DIRTY) != 0) {
                return true;
            }
        }
        return false;
    }

    /** Tells tracked regions which of their pages guests have written since the last time. */
    void collect() {
        slots.forEach(this::collect);
    }

    private void collect(Slot slot) {
        if ((slot.flags & LOG_DIRTY) == 0) {
            return;
        }
        logArgument.set(JAVA_INT, 0, slot.number);
        logArgument.set(JAVA_LONG, 8, slot.log.address());
        machine.call(Request.GET_DIRTY_LOG, logArgument);
        for (long at = 0; at < slot.log.byteSize(); at += Long.BYTES) {
            for (long bits = slot.log.get(JAVA_LONG, at); bits != 0; bits &= bits - 1) {
                long page = at * 8 + Long.numberOfTrailingZeros(bits);
                slot.range.region().written(slot.range.base() + (page << 12));
            }
        }
    }
}
