package oriel.hypervisor.cpu.emulated;

import java.nio.ByteBuffer;
import oriel.hypervisor.cpu.CpuState;
import oriel.hypervisor.cpu.SegmentState;

/** Moves a record of {@link HostProcessor} into the emulated processor's state and back. */
final class EmulatedRecord {
    final CpuState state = new CpuState();
    final GuestFault fault = new GuestFault();
    final ArrayMemory memory = new ArrayMemory(HostProcessor.MEMORY_SIZE, fault);
    final SseUnit sse = new SseUnit(state, memory, fault);
    final X87Unit x87 = new X87Unit(state, memory, fault);

    EmulatedRecord() {
        state.cr0 = 0x80000033L;
        state.cr4 = 0x620;
        state.efer = 0x500;
        state.segments[CpuState.CS].set(8, 0, 0xFFFFFFFFL, 0xA09B);
        for (SegmentState segment : new SegmentState[] {state.segments[CpuState.DS]}) {
            segment.set(0, 0, 0xFFFFFFFFL, 0xC093);
        }
    }

    void load(ByteBuffer batch, int at) {
        loadFloating(state, batch, at);
        for (int i = 0; i < HostProcessor.REGISTERS.length; i++) {
            state.gpr[HostProcessor.REGISTERS[i]] = batch.getLong(at + HostProcessor.GPR + 8 * i);
        }
        state.gpr[CpuState.RSI] = ArrayMemory.BASE;
        state.gpr[CpuState.RDI] = ArrayMemory.BASE + 16;
        state.rflags = batch.getLong(at + HostProcessor.FLAGS);
        batch.get(at + HostProcessor.MEMORY, memory.bytes.array());
    }

    /** Takes x87, MMX and SSE state over from an image of FXSAVE64. */
    static void loadFloating(CpuState state, ByteBuffer batch, int at) {
        state.fpControl = batch.getShort(at) & 0xFFFF;
        state.fpStatus = batch.getShort(at + 2) & 0xFFFF;
        int tag = batch.get(at + 4);
        state.mxcsr = batch.getInt(at + 24);
        int top = state.fpStatus >> 11 & 7;
        state.fpTag = 0;
        for (int i = 0; i < 8; i++) {
            state.fpSignificand[top + i & 7] = batch.getLong(at + 32 + 16 * i);
            state.fpSignExponent[top + i & 7] = batch.getShort(at + 40 + 16 * i) & 0xFFFF;
            state.fpTag |= (tag >> i & 1) != 0 ? 0 : 3 << 2 * i;
        }
        for (int i = 0; i < 32; i++) {
            state.xmm[i] = batch.getLong(at + 160 + 8 * i);
        }
    }

    /** Writes what the host program would write. */
    void store(ByteBuffer batch, int at, int signal) {
        storeFloating(state, batch, at);
        for (int i = 0; i < HostProcessor.REGISTERS.length; i++) {
            batch.putLong(at + HostProcessor.GPR + 8 * i, state.gpr[HostProcessor.REGISTERS[i]]);
        }
        batch.putLong(at + HostProcessor.FLAGS, state.rflags);
        batch.putLong(at + HostProcessor.SIGNAL, signal);
        batch.put(at + HostProcessor.MEMORY, memory.bytes.array());
    }

    /** Makes an image of FXSAVE64, without the addresses of the last x87 instruction and operand. */
    static void storeFloating(CpuState state, ByteBuffer batch, int at) {
        batch.putShort(at, (short) state.fpControl);
        batch.putShort(at + 2, (short) state.fpStatus);
        int tag = 0;
        for (int i = 0; i < 8; i++) {
            tag |= (state.fpTag >> 2 * i & 3) == 3 ? 0 : 1 << i;
        }
        batch.put(at + 4, (byte) tag);
        batch.putInt(at + 24, state.mxcsr);
        int top = state.fpStatus >> 11 & 7;
        for (int i = 0; i < 8; i++) {
            batch.putLong(at + 32 + 16 * i, state.fpSignificand[top + i & 7]);
            batch.putShort(at + 40 + 16 * i, (short) state.fpSignExponent[top + i & 7]);
        }
        for (int i = 0; i < 32; i++) {
            batch.putLong(at + 160 + 8 * i, state.xmm[i]);
        }
    }
}
