package oriel.hypervisor.cpu.kvm;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import oriel.hypervisor.cpu.CpuState;

/** x87, SSE and AVX registers between the kernel's XSAVE area (Intel SDM 1 §13.4) and a {@link CpuState}. */
final class ExtendedState {
    private static final int STATUS = 2, TAGS = 4, OPCODE = 6, INSTRUCTION = 8, DATA = 16, MXCSR = 24, MXCSR_MASK = 28;
    private static final int REGISTERS = 32, XMM = 160, PRESENT = 512, YMM = 576;
    private static final int X87 = 1, SSE = 2, AVX = 4;
    private static final int VALID = 0, ZERO = 1, SPECIAL = 2, EMPTY = 3;
    private static final long INTEGER_BIT = 1L << 63;

    private final KernelFile processor;
    private final MemorySegment area;
    private final MemorySegment control;
    private final boolean hasControl;

    ExtendedState(KernelFile processor, Arena arena, boolean hasControl) {
        this.processor = processor;
        this.hasControl = hasControl;
        area = arena.allocate(4096, 64);
        control = arena.allocate(392, 8);
    }

    void read(CpuState state) {
        processor.call(Request.GET_XSAVE, area);
        long present = area.get(JAVA_LONG, PRESENT);
        if ((present & X87) != 0) {
            readX87(state);
        } else {
            initialX87(state);
        }
        for (int i = 0; i < 32; i++) {
            state.xmm[i] = (present & SSE) == 0 ? 0 : area.get(JAVA_LONG, XMM + i * 8L);
            state.ymmHigh[i] = (present & AVX) == 0 ? 0 : area.get(JAVA_LONG, YMM + i * 8L);
        }
        state.mxcsr = (present & (SSE | AVX)) == 0 ? 0x1F80 : area.get(JAVA_INT, MXCSR);
        if (hasControl) {
            processor.call(Request.GET_XCRS, control);
            for (int i = 0; i < control.get(JAVA_INT, 0); i++) {
                if (control.get(JAVA_INT, 8 + i * 16L) == 0) {
                    state.xcr0 = control.get(JAVA_LONG, 16 + i * 16L);
                }
            }
        }
    }

    private void readX87(CpuState state) {
        state.fpControl = area.get(JAVA_SHORT, 0) & 0xFFFF;
        state.fpStatus = area.get(JAVA_SHORT, STATUS) & 0xFFFF;
        state.fpOpcode = area.get(JAVA_SHORT, OPCODE) & 0x7FF;
        state.fpInstruction = area.get(JAVA_LONG, INSTRUCTION);
        state.fpData = area.get(JAVA_LONG, DATA);
        int used = area.get(JAVA_SHORT, TAGS);
        int top = state.fpStatus >> 11 & 7;
        int tags = 0;
        for (int i = 0; i < 8; i++) {
            int physical = top + i & 7; // the area has them as ST(i)
            long significand = area.get(JAVA_LONG, REGISTERS + i * 16L);
            int signExponent = area.get(JAVA_SHORT, REGISTERS + i * 16L + 8) & 0xFFFF;
            state.fpSignificand[physical] = significand;
            state.fpSignExponent[physical] = signExponent;
            int tag = (used >> physical & 1) == 0 ? EMPTY : tag(significand, signExponent);
            tags |= tag << 2 * physical;
        }
        state.fpTag = tags;
    }

    /** What FXRSTOR makes of a register that isn't empty (Intel SDM 1 table 10-4). */
    private static int tag(long significand, int signExponent) {
        int exponent = signExponent & 0x7FFF;
        if (exponent == 0) {
            return significand == 0 ? ZERO : SPECIAL;
        }
        return exponent == 0x7FFF || (significand & INTEGER_BIT) == 0 ? SPECIAL : VALID;
    }

    private static void initialX87(CpuState state) {
        state.fpControl = 0x37F;
        state.fpStatus = 0;
        state.fpTag = 0xFFFF;
        state.fpOpcode = 0;
        state.fpInstruction = 0;
        state.fpData = 0;
        for (int i = 0; i < 8; i++) {
            state.fpSignificand[i] = 0;
            state.fpSignExponent[i] = 0;
        }
    }

    void write(CpuState state) {
        if (hasControl) {
            control.fill((byte) 0);
            control.set(JAVA_INT, 0, 1);
            control.set(JAVA_LONG, 16, state.xcr0);
            processor.call(Request.SET_XCRS, control);
        }
        int mask = area.get(JAVA_INT, MXCSR_MASK);
        area.fill((byte) 0);
        area.set(JAVA_INT, MXCSR_MASK, mask);
        area.set(JAVA_SHORT, 0, (short) state.fpControl);
        area.set(JAVA_SHORT, STATUS, (short) state.fpStatus);
        area.set(JAVA_SHORT, OPCODE, (short) state.fpOpcode);
        area.set(JAVA_LONG, INSTRUCTION, state.fpInstruction);
        area.set(JAVA_LONG, DATA, state.fpData);
        int top = state.fpStatus >> 11 & 7;
        int used = 0;
        for (int i = 0; i < 8; i++) {
            int physical = top + i & 7;
            area.set(JAVA_LONG, REGISTERS + i * 16L, state.fpSignificand[physical]);
            area.set(JAVA_SHORT, REGISTERS + i * 16L + 8, (short) state.fpSignExponent[physical]);
            used |= (state.fpTag >> 2 * physical & 3) == EMPTY ? 0 : 1 << physical;
        }
        area.set(JAVA_SHORT, TAGS, (short) used);
        area.set(JAVA_INT, MXCSR, state.mxcsr);
        boolean avx = false;
        for (int i = 0; i < 32; i++) {
            area.set(JAVA_LONG, XMM + i * 8L, state.xmm[i]);
            area.set(JAVA_LONG, YMM + i * 8L, state.ymmHigh[i]);
            avx |= state.ymmHigh[i] != 0;
        }
        area.set(JAVA_LONG, PRESENT, X87 | SSE | (avx ? AVX : 0));
        processor.call(Request.SET_XSAVE, area);
    }
}
