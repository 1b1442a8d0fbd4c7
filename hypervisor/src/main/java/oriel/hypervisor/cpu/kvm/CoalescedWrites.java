package oriel.hypervisor.cpu.kvm;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import oriel.hypervisor.bus.IoBus;

/**
 * Writes to windows whose devices can wait for them, kept by the kernel until a processor leaves its guest for another
 * reason: a page of text is then one exit, not two thousand.
 */
final class CoalescedWrites {
    private static final int PAGE = 4096, FIRST = 0, LAST = 4, ENTRIES = 8, ENTRY = 24;
    private static final int CAPACITY = (PAGE - ENTRIES) / ENTRY;

    private final IoBus bus;
    private final MemorySegment ring;

    /**
     * Over the ring, which lies in a page behind every processor's own.
     *
     * @param page number of that page
     */
    CoalescedWrites(IoBus bus, MemorySegment runPages, int page) {
        this.bus = bus;
        ring = runPages.asSlice((long) page * PAGE, PAGE);
    }

    static void register(KernelFile machine, long base, int size) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment zone = arena.allocate(16, 8);
            zone.set(JAVA_LONG, 0, base);
            zone.set(JAVA_INT, 8, size);
            machine.call(Request.REGISTER_COALESCED_MMIO, zone);
        }
    }

    /** Does what was put off. Before any other access to devices. */
    void flush() {
        int first = ring.get(JAVA_INT, FIRST);
        int last = ring.get(JAVA_INT, LAST);
        if (first == last) {
            return;
        }
        java.lang.invoke.VarHandle.acquireFence(); // entries are there before the index says so
        for (; first != last; first = (first + 1) % CAPACITY) {
            MemorySegment entry = ring.asSlice(ENTRIES + (long) first * ENTRY, ENTRY);
            Accesses.write(bus, entry.get(JAVA_LONG, 0), entry.get(JAVA_INT, 8), entry.get(JAVA_LONG, 16));
        }
        java.lang.invoke.VarHandle.releaseFence(); // the kernel reuses entries behind the index
        ring.set(JAVA_INT, FIRST, first);
    }
}
