package oriel.hypervisor.cpu.kvm;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import oriel.hypervisor.cpu.CpuState;
import oriel.hypervisor.cpu.SegmentState;

/** General, segment, control and debug registers between the kernel and a {@link CpuState}. */
final class RegisterFile {
    /** Where {@code struct kvm_regs} has each register of {@link CpuState#gpr}. */
    private static final int[] PLACE = {0, 2, 3, 1, 6, 7, 4, 5, 8, 9, 10, 11, 12, 13, 14, 15};

    private static final int RIP = 16 * 8, RFLAGS = 17 * 8;

    /** Order in {@code struct kvm_sregs}. */
    private static final int[] SEGMENTS = {
        CpuState.CS, CpuState.DS, CpuState.ES, CpuState.FS, CpuState.GS, CpuState.SS, CpuState.TR, CpuState.LDTR
    };

    private static final int SEGMENT_SIZE = 24, GDT = 192, IDT = 208, CR0 = 224, CR2 = 232, CR3 = 240, CR4 = 248;
    private static final int CR8 = 256, EFER = 264, APIC_BASE = 272, PENDING_INTERRUPTS = 280;
    private static final int UNUSABLE = 1 << 16;
    private static final long PAGING = 1L << 31, LONG_MODE = 1 << 10;
    private static final int DR6 = 32, DR7 = 40;

    private final KernelFile processor;
    private final MemorySegment general;
    private final MemorySegment system;
    private final MemorySegment debug;

    RegisterFile(KernelFile processor, Arena arena) {
        this.processor = processor;
        general = arena.allocate(144, 8);
        system = arena.allocate(312, 8);
        debug = arena.allocate(128, 8);
    }

    void read(CpuState state) {
        processor.call(Request.GET_REGS, general);
        for (int i = 0; i < PLACE.length; i++) {
            state.gpr[i] = general.get(JAVA_LONG, PLACE[i] * 8L);
        }
        state.rip = general.get(JAVA_LONG, RIP);
        state.rflags = general.get(JAVA_LONG, RFLAGS);

        processor.call(Request.GET_SREGS, system);
        for (int i = 0; i < SEGMENTS.length; i++) {
            readSegment(system.asSlice((long) i * SEGMENT_SIZE, SEGMENT_SIZE), state.segments[SEGMENTS[i]]);
        }
        state.gdtBase = system.get(JAVA_LONG, GDT);
        state.gdtLimit = system.get(JAVA_SHORT, GDT + 8) & 0xFFFF;
        state.idtBase = system.get(JAVA_LONG, IDT);
        state.idtLimit = system.get(JAVA_SHORT, IDT + 8) & 0xFFFF;
        state.cr0 = system.get(JAVA_LONG, CR0);
        state.cr2 = system.get(JAVA_LONG, CR2);
        state.cr3 = system.get(JAVA_LONG, CR3);
        state.cr4 = system.get(JAVA_LONG, CR4);
        state.efer = system.get(JAVA_LONG, EFER);

        processor.call(Request.GET_DEBUGREGS, debug);
        for (int i = 0; i < 4; i++) {
            state.dr[i] = debug.get(JAVA_LONG, i * 8L);
        }
        state.dr[6] = debug.get(JAVA_LONG, DR6);
        state.dr[7] = debug.get(JAVA_LONG, DR7);
    }

    /**
     * Writes all of them.
     *
     * @param taskPriority CR8
     * @param apicBase IA32_APIC_BASE
     */
    void write(CpuState state, int taskPriority, long apicBase) {
        for (int i = 0; i < SEGMENTS.length; i++) {
            writeSegment(system.asSlice((long) i * SEGMENT_SIZE, SEGMENT_SIZE), state.segments[SEGMENTS[i]]);
        }
        system.set(JAVA_LONG, GDT, state.gdtBase);
        system.set(JAVA_SHORT, GDT + 8, (short) state.gdtLimit);
        system.set(JAVA_LONG, IDT, state.idtBase);
        system.set(JAVA_SHORT, IDT + 8, (short) state.idtLimit);
        system.set(JAVA_LONG, CR0, state.cr0);
        system.set(JAVA_LONG, CR2, state.cr2);
        system.set(JAVA_LONG, CR3, state.cr3);
        system.set(JAVA_LONG, CR4, state.cr4);
        system.set(JAVA_LONG, CR8, taskPriority);
        system.set(JAVA_LONG, EFER, state.efer);
        system.set(JAVA_LONG, APIC_BASE, apicBase);
        system.asSlice(PENDING_INTERRUPTS).fill((byte) 0); // they go with the events
        processor.call(Request.SET_SREGS, system);
        if ((state.cr0 & PAGING) != 0 && (state.efer & LONG_MODE) == 0) {
            requireLegacyPaging();
        }

        for (int i = 0; i < PLACE.length; i++) {
            general.set(JAVA_LONG, PLACE[i] * 8L, state.gpr[i]);
        }
        general.set(JAVA_LONG, RIP, state.rip);
        general.set(JAVA_LONG, RFLAGS, state.rflags | 2);
        processor.call(Request.SET_REGS, general);

        debug.fill((byte) 0);
        for (int i = 0; i < 4; i++) {
            debug.set(JAVA_LONG, i * 8L, state.dr[i]);
        }
        debug.set(JAVA_LONG, DR6, state.dr[6]);
        debug.set(JAVA_LONG, DR7, state.dr[7]);
        processor.call(Request.SET_DEBUGREGS, debug);
    }

    /** There are hosts whose KVM drops the bit, and a guest would run on without. */
    private void requireLegacyPaging() {
        processor.call(Request.GET_SREGS, system);
        if ((system.get(JAVA_LONG, CR0) & PAGING) == 0) {
            throw new KvmException("this host's KVM has no 32-bit paging: use --accel emulated");
        }
    }

    private static void readSegment(MemorySegment from, SegmentState to) {
        int access = from.get(JAVA_BYTE, 14)
                | from.get(JAVA_BYTE, 18) << 4
                | from.get(JAVA_BYTE, 16) << 5
                | from.get(JAVA_BYTE, 15) << 7
                | from.get(JAVA_BYTE, 21) << 12
                | from.get(JAVA_BYTE, 19) << 13
                | from.get(JAVA_BYTE, 17) << 14
                | from.get(JAVA_BYTE, 20) << 15
                | from.get(JAVA_BYTE, 22) << 16;
        to.set(
                from.get(JAVA_SHORT, 12) & 0xFFFF,
                from.get(JAVA_LONG, 0),
                Integer.toUnsignedLong(from.get(JAVA_INT, 8)),
                access);
    }

    private static void writeSegment(MemorySegment to, SegmentState from) {
        int access = from.access;
        boolean unusable = (access & UNUSABLE) != 0 || !from.present();
        to.set(JAVA_LONG, 0, from.base);
        to.set(JAVA_INT, 8, (int) from.limit);
        to.set(JAVA_SHORT, 12, (short) from.selector);
        to.set(JAVA_BYTE, 14, (byte) (access & 0xF));
        to.set(JAVA_BYTE, 15, (byte) (unusable ? 0 : 1));
        to.set(JAVA_BYTE, 16, (byte) (access >> 5 & 3));
        to.set(JAVA_BYTE, 17, (byte) (access >> 14 & 1));
        to.set(JAVA_BYTE, 18, (byte) (access >> 4 & 1));
        to.set(JAVA_BYTE, 19, (byte) (access >> 13 & 1));
        to.set(JAVA_BYTE, 20, (byte) (access >> 15 & 1));
        to.set(JAVA_BYTE, 21, (byte) (access >> 12 & 1));
        to.set(JAVA_BYTE, 22, (byte) (unusable ? 1 : 0));
        to.set(JAVA_BYTE, 23, (byte) 0);
    }
}
