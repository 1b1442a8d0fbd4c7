package oriel.hypervisor.cpu.kvm;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import oriel.hypervisor.cpu.CpuState;
import oriel.hypervisor.cpu.CpuState.InterruptedDelivery;

/** Exceptions, interrupts and NMIs that are on their way, between the kernel and a {@link CpuState}. */
final class EventState {
    private static final int EXCEPTION = 0, INTERRUPT = 8, SHADOW = 11, NMI_INJECTED = 12, NMI_PENDING = 13;
    private static final int NMI_MASKED = 14, FLAGS = 20;
    private static final int SETS_NMI_PENDING = 1, SETS_SHADOW = 4;
    private static final int BY_STI = 2;
    private static final int BREAKPOINT = 3, OVERFLOW = 4;

    private final KernelFile processor;
    private final MemorySegment events;

    EventState(KernelFile processor, Arena arena) {
        this.processor = processor;
        events = arena.allocate(64, 8);
    }

    private boolean is(int offset) {
        return events.get(JAVA_BYTE, offset) != 0;
    }

    private int vector(int offset) {
        return events.get(JAVA_BYTE, offset) & 0xFF;
    }

    private void set(int offset, int value) {
        events.set(JAVA_BYTE, offset, (byte) value);
    }

    void read(CpuState state) {
        processor.call(Request.GET_VCPU_EVENTS, events);
        state.interruptShadow = is(SHADOW);
        // One that is being delivered was never seen by the guest: it waits again, and blocks nothing yet.
        boolean nmiUnderWay = is(NMI_INJECTED);
        state.nmiPending |= nmiUnderWay || is(NMI_PENDING);
        state.nmiBlocked = is(NMI_MASKED) && !nmiUnderWay;
        state.interruptedDelivery = interrupted();
    }

    /**
     * Events of INT instructions are left out: RIP is still at the instruction, which is then executed again.
     */
    private @org.jspecify.annotations.Nullable InterruptedDelivery interrupted() {
        int exception = vector(EXCEPTION + 1);
        if (is(EXCEPTION) && exception != BREAKPOINT && exception != OVERFLOW) {
            int error = is(EXCEPTION + 2) ? events.get(JAVA_INT, EXCEPTION + 4) : 0;
            return new InterruptedDelivery(true, exception & 31, error);
        }
        boolean software = is(INTERRUPT + 2);
        return is(INTERRUPT) && !software ? new InterruptedDelivery(false, vector(INTERRUPT + 1), 0) : null;
    }

    void write(CpuState state) {
        events.fill((byte) 0);
        InterruptedDelivery event = state.interruptedDelivery;
        if (event != null && event.exception()) {
            set(EXCEPTION, 1);
            set(EXCEPTION + 1, event.vector());
            set(EXCEPTION + 2, hasErrorCode(event.vector()) ? 1 : 0);
            events.set(JAVA_INT, EXCEPTION + 4, event.errorCode());
        } else if (event != null) {
            set(INTERRUPT, 1);
            set(INTERRUPT + 1, event.vector());
        }
        set(SHADOW, state.interruptShadow ? BY_STI : 0);
        set(NMI_MASKED, state.nmiBlocked ? 1 : 0);
        events.set(
                JAVA_INT, FLAGS, SETS_NMI_PENDING | SETS_SHADOW); // no NMI pending: that is our state, not the kernel's
        processor.call(Request.SET_VCPU_EVENTS, events);
    }

    private static boolean hasErrorCode(int vector) {
        return vector == 8 || vector >= 10 && vector <= 14 || vector == 17;
    }
}
