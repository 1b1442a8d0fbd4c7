package oriel.hypervisor.machine;

import java.util.Map;
import oriel.hypervisor.bus.StateException;
import oriel.hypervisor.bus.StateReader;
import oriel.hypervisor.bus.StateWriter;
import oriel.hypervisor.cpu.CpuState;
import oriel.hypervisor.cpu.CpuState.InterruptedDelivery;
import oriel.hypervisor.cpu.SegmentState;

/** Writes and reads the architectural state of a processor. Stateless. */
final class ProcessorState {
    private static final int VERSION = 2;
    private static final int GENERAL_REGISTERS = 16;

    /** More MSRs than any processor has: a damaged file. */
    private static final int MOST_MSRS = 4096;

    private ProcessorState() {}

    static void save(CpuState state, StateWriter out) {
        out.version(VERSION);
        longs(out, state.gpr, GENERAL_REGISTERS);
        out.i64(state.rip).i64(state.rflags);
        for (SegmentState segment : state.segments) {
            out.u16(segment.selector).i64(segment.base).i64(segment.limit).i32(segment.access);
        }
        out.i64(state.gdtBase).i64(state.gdtLimit).i64(state.idtBase).i64(state.idtLimit);
        out.i64(state.cr0).i64(state.cr2).i64(state.cr3).i64(state.cr4).i64(state.xcr0);
        longs(out, state.dr, state.dr.length);
        out.i64(state.efer).i64(state.star).i64(state.lstar).i64(state.cstar).i64(state.sfmask);
        out.i64(state.kernelGsBase).i64(state.tscAux);
        out.i64(state.sysenterCs).i64(state.sysenterEsp).i64(state.sysenterEip);
        out.i64(state.pat).i64(state.tscOffset);
        out.i32(state.msrs.size());
        state.msrs.forEach((index, value) -> out.i32(index).i64(value));
        longs(out, state.fpSignificand, state.fpSignificand.length);
        for (int signExponent : state.fpSignExponent) {
            out.u16(signExponent);
        }
        out.u16(state.fpControl).u16(state.fpStatus).u16(state.fpTag).u16(state.fpOpcode);
        out.i64(state.fpInstruction).i64(state.fpData);
        longs(out, state.xmm, state.xmm.length);
        longs(out, state.ymmHigh, state.ymmHigh.length);
        out.i32(state.mxcsr);
        out.bool(state.halted).bool(state.waitForSipi).bool(state.interruptShadow);
        out.bool(state.nmiBlocked).bool(state.nmiPending);
        InterruptedDelivery event = state.interruptedDelivery;
        out.bool(event != null);
        if (event != null) {
            out.bool(event.exception()).u8(event.vector()).i32(event.errorCode());
        }
    }

    /** Reads what {@link #save} wrote; the processor must then be told that its state changed. */
    static void load(CpuState state, StateReader in) {
        int version = in.version(VERSION);
        longs(in, state.gpr, GENERAL_REGISTERS);
        state.rip = in.i64();
        state.rflags = in.i64() | 2;
        for (SegmentState segment : state.segments) {
            segment.set(in.u16(), in.i64(), in.i64(), in.i32());
        }
        state.gdtBase = in.i64();
        state.gdtLimit = in.i64();
        state.idtBase = in.i64();
        state.idtLimit = in.i64();
        state.cr0 = in.i64();
        state.cr2 = in.i64();
        state.cr3 = in.i64();
        state.cr4 = in.i64();
        state.xcr0 = in.i64();
        longs(in, state.dr, state.dr.length);
        state.efer = in.i64();
        state.star = in.i64();
        state.lstar = in.i64();
        state.cstar = in.i64();
        state.sfmask = in.i64();
        state.kernelGsBase = in.i64();
        state.tscAux = in.i64();
        state.sysenterCs = in.i64();
        state.sysenterEsp = in.i64();
        state.sysenterEip = in.i64();
        state.pat = in.i64();
        state.tscOffset = in.i64();
        loadMsrs(state.msrs, in);
        longs(in, state.fpSignificand, state.fpSignificand.length);
        for (int i = 0; i < state.fpSignExponent.length; i++) {
            state.fpSignExponent[i] = in.u16();
        }
        state.fpControl = in.u16();
        state.fpStatus = in.u16();
        state.fpTag = in.u16();
        state.fpOpcode = in.u16();
        state.fpInstruction = in.i64();
        state.fpData = in.i64();
        longs(in, state.xmm, state.xmm.length);
        longs(in, state.ymmHigh, state.ymmHigh.length);
        state.mxcsr = in.i32();
        state.halted = in.bool();
        state.waitForSipi = in.bool();
        state.interruptShadow = in.bool();
        state.nmiBlocked = in.bool();
        state.nmiPending = in.bool();
        boolean interrupted = version >= 2 && in.bool();
        state.interruptedDelivery = interrupted ? interruptedDelivery(in) : null;
    }

    private static InterruptedDelivery interruptedDelivery(StateReader in) {
        boolean exception = in.bool();
        int vector = in.u8();
        if (exception && vector > 31) {
            throw new StateException("saved processor has an impossible exception " + vector);
        }
        return new InterruptedDelivery(exception, vector, in.i32());
    }

    private static void loadMsrs(Map<Integer, Long> msrs, StateReader in) {
        int count = in.i32();
        if (count < 0 || count > MOST_MSRS) {
            throw new StateException("saved processor has an impossible number of registers: " + count);
        }
        msrs.clear();
        for (int i = 0; i < count; i++) {
            msrs.put(in.i32(), in.i64());
        }
    }

    private static void longs(StateWriter out, long[] values, int count) {
        for (int i = 0; i < count; i++) {
            out.i64(values[i]);
        }
    }

    private static void longs(StateReader in, long[] values, int count) {
        for (int i = 0; i < count; i++) {
            values[i] = in.i64();
        }
    }
}
