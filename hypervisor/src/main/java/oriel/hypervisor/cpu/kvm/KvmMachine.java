package oriel.hypervisor.cpu.kvm;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import oriel.hypervisor.bus.IoBus;
import oriel.hypervisor.bus.MachineClock;
import oriel.hypervisor.memory.GuestMemory;

/**
 * What a machine's processors by KVM have in common: its memory, as the kernel's slots, and the log of written pages. To be
 * used with the machine's lock held. There is no interrupt controller of the kernel's: ours are asked, so that a machine's
 * state is the same under every back end.
 */
public final class KvmMachine implements AutoCloseable, GuestMemory.Observer {
    /** Below the largest BIOS (256 KiB), as every VMM has them: real mode on old Intel hosts needs these four pages. */
    private static final long IDENTITY_MAP = 0xFFFB_C000L, TASK_STATE = 0xFFFB_D000L;

    /** How late a written page is told at most. */
    private static final long LOG_NANOS = 10_000_000;

    /** The VGA window. Whoever draws there waits for nothing, and accesses to other devices come behind. */
    private static final long VGA_WINDOW = 0xA0000;

    private static final int VGA_SIZE = 0x20000;
    private static final int EXIT_ON_FILTERED = 4, FILTER_READS_AND_WRITES = 3;
    private static final int TSC_DEADLINE = 0x6E0;

    private final Kvm kvm = new Kvm();
    private final Arena arena = Arena.ofShared();
    private final KernelFile file;
    private final GuestMemory memory;
    private final IoBus bus;
    private final MachineClock clock;
    private final MachineClock.Timer logTimer;
    private final MemorySlots slots;
    private final List<KvmCpu> processors = new ArrayList<>();
    private @Nullable CoalescedWrites putOff;
    private final boolean deadlineExits;
    private boolean mapStale = true;
    private boolean entered;

    /**
     * A machine without processors.
     *
     * @param memory closed after this
     * @param deadline whether writes of IA32_TSC_DEADLINE reach us on this host (see {@link KvmHost}): else the
     *     processors haven't that register
     * @throws KvmException if the host's KVM can't be used
     */
    public KvmMachine(GuestMemory memory, IoBus bus, MachineClock clock, boolean deadline) {
        this.memory = memory;
        this.bus = bus;
        this.clock = clock;
        boolean made = false;
        KernelFile created = null;
        try {
            created = kvm.createMachine();
            file = created;
            file.call(Request.SET_TSS_ADDR, TASK_STATE);
            MemorySegment address = arena.allocate(8, 8);
            address.set(JAVA_LONG, 0, IDENTITY_MAP);
            file.tryCall(Request.SET_IDENTITY_MAP_ADDR, address.address()); // Intel's; AMD needs none
            deadlineExits = deadline && exitOnDeadline();
            slots = new MemorySlots(file, memory, arena);
            if (kvm.extension(Kvm.CAP_COALESCED_MMIO) > 0) {
                CoalescedWrites.register(file, VGA_WINDOW, VGA_SIZE);
            }
            made = true;
        } finally {
            if (!made) {
                if (created != null) {
                    created.close();
                }
                kvm.close();
                arena.close();
            }
        }
        logTimer = clock.newTimer("dirty log", this::poll);
        memory.observe(this);
    }

    /**
     * Has accesses to IA32_TSC_DEADLINE end KVM_RUN: without an APIC of its own the kernel would ignore the register. All
     * other registers stay as they are.
     */
    private boolean exitOnDeadline() {
        if (kvm.extension(Kvm.CAP_USER_SPACE_MSR) == 0 || kvm.extension(Kvm.CAP_MSR_FILTER) == 0) {
            return false;
        }
        MemorySegment enable = arena.allocate(104, 8);
        enable.set(JAVA_INT, 0, Kvm.CAP_USER_SPACE_MSR);
        enable.set(JAVA_LONG, 8, EXIT_ON_FILTERED);
        MemorySegment denied = arena.allocate(1);
        denied.set(JAVA_BYTE, 0, (byte) 0);
        MemorySegment filter = arena.allocate(392, 8);
        filter.set(JAVA_INT, 8, FILTER_READS_AND_WRITES);
        filter.set(JAVA_INT, 12, 1);
        filter.set(JAVA_INT, 16, TSC_DEADLINE);
        filter.set(JAVA_LONG, 24, denied.address());
        return file.tryCall(Request.ENABLE_CAP, enable.address()) >= 0
                && file.tryCall(Request.X86_SET_MSR_FILTER, filter.address()) >= 0;
    }

    boolean deadlineExits() {
        return deadlineExits;
    }

    Kvm kvm() {
        return kvm;
    }

    GuestMemory memory() {
        return memory;
    }

    IoBus bus() {
        return bus;
    }

    MachineClock clock() {
        return clock;
    }

    KernelFile createProcessor(int number) {
        return file.create("a KVM processor", Request.CREATE_VCPU, number);
    }

    void add(KvmCpu processor, MemorySegment runPages) {
        processors.add(processor);
        int page = kvm.extension(Kvm.CAP_COALESCED_MMIO);
        if (page > 0 && putOff == null) {
            putOff = new CoalescedWrites(bus, runPages, page);
        }
    }

    /** A processor is about to execute its guest. */
    void entering() {
        if (mapStale) {
            mapStale = false;
            slots.update();
        }
        entered = true;
        if (logTimer.deadline() == Long.MAX_VALUE && (slots.tracking() || putOff != null)) {
            logTimer.armAt(clock.nanos() + LOG_NANOS);
        }
    }

    /** A processor is about to access a device. */
    void flushPutOff() {
        if (putOff != null) {
            putOff.flush();
        }
    }

    /** A machine that sleeps isn't asked: the last look is the one after it fell asleep. */
    private void poll() {
        flushPutOff();
        slots.collect();
        boolean executing = entered;
        entered = false;
        for (KvmCpu processor : processors) {
            executing |= processor.executing();
        }
        if (executing) {
            logTimer.armAt(clock.nanos() + LOG_NANOS);
        }
    }

    @Override
    public void codeWritten(long gpa, int length) {} // the host's processor looks after itself

    /** {@inheritDoc} Processors come out of their guests, and find the new map when they go back. */
    @Override
    public void mapChanged() {
        processors.forEach(KvmCpu::leaveGuest);
        mapStale = true;
    }

    @Override
    public void trackingChanged() {
        mapChanged(); // slots are marked for logging when they are made
    }

    /** Closes what is common; the processors are closed before. */
    @Override
    public void close() {
        logTimer.cancel();
        file.close();
        kvm.close();
        arena.close();
    }
}
