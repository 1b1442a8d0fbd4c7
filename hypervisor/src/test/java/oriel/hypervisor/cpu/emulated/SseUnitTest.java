package oriel.hypervisor.cpu.emulated;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.SplittableRandom;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import oriel.hypervisor.cpu.CpuState;
import oriel.hypervisor.cpu.SegmentState;

/** What the comparison with the host processor cannot reach: faults by control register, state images, approximations. */
class SseUnitTest {
    private static final long AT = ArrayMemory.BASE + 64;
    private static final int ADDPS = SseUnit.lookup(1, 0x58, 0, 0xC0, false);
    private static final int PADDB_MMX = SseUnit.lookup(1, 0xFC, 0, 0xC0, false);
    private static final int FXSAVE = SseUnit.lookup(1, 0xAE, 0, 0x00, false);
    private static final int FXSAVE64 = SseUnit.lookup(1, 0xAE, 0, 0x00, true);
    private static final int FXRSTOR = SseUnit.lookup(1, 0xAE, 0, 0x08, false);

    private CpuState state;
    private ArrayMemory memory;
    private SseUnit unit;

    @BeforeEach
    void reset() {
        state = new CpuState();
        state.cr0 = 0x80000033L;
        state.cr4 = 0x620;
        state.efer = 0x500;
        state.segments[CpuState.CS] = new SegmentState();
        state.segments[CpuState.CS].set(8, 0, 0xFFFFFFFFL, 0xA09B);
        GuestFault fault = new GuestFault();
        memory = new ArrayMemory(4096, fault);
        unit = new SseUnit(state, memory, fault);
    }

    private void assertFault(int vector, int operation, boolean isMemory, long linear) {
        assertThatThrownBy(() -> unit.execute(operation, 1, 2, isMemory, linear, 0))
                .isInstanceOfSatisfying(
                        GuestFault.class, fault -> assertThat(fault.vector).isEqualTo(vector));
    }

    @Test
    void controlRegistersDisableSse() {
        state.cr4 = 0x420;
        assertFault(GuestFault.UD, ADDPS, false, 0);
        state.cr4 = 0x620;
        state.cr0 |= 8;
        assertFault(GuestFault.NM, ADDPS, false, 0);
        assertFault(GuestFault.NM, PADDB_MMX, false, 0);
        assertFault(GuestFault.NM, FXSAVE, true, AT);
        state.cr0 |= 4;
        assertFault(GuestFault.UD, ADDPS, false, 0);
        assertFault(GuestFault.UD, PADDB_MMX, false, 0);
    }

    @Test
    void anUnmaskedExceptionIsUndefinedWithoutOsSupport() {
        state.mxcsr = 0;
        state.xmm[2] = 0x7F800001L; // signaling NaN
        assertFault(GuestFault.XM, ADDPS, false, 0);
        state.cr4 &= ~0x400;
        assertFault(GuestFault.UD, ADDPS, false, 0);
    }

    @Test
    void mmxWaitsForPendingX87Exceptions() {
        state.fpStatus = 0x80;
        assertFault(GuestFault.MF, PADDB_MMX, false, 0);
    }

    @Test
    void aFaultingStoreWritesNothing() {
        int movups = SseUnit.lookup(1, 0x11, 0, 0x00, false);
        state.xmm[2] = -1;
        long linear = ArrayMemory.BASE + 4096 - 8;
        assertFault(GuestFault.PF, movups, true, linear);
        assertThat(memory.read64(linear)).isZero();
    }

    @Test
    void anImageRestoresWhatItSaved() {
        SplittableRandom random = new SplittableRandom(1);
        for (int i = 0; i < 32; i++) {
            state.xmm[i] = random.nextLong();
        }
        for (int i = 0; i < 8; i++) {
            state.fpSignificand[i] = random.nextLong();
            state.fpSignExponent[i] = random.nextInt(0x10000);
        }
        state.mxcsr = 0x5FA1;
        state.fpControl = 0x27F;
        state.fpStatus = 0x2A01;
        state.fpTag = 0xFF03;
        state.fpInstruction = 0x123456789AL;
        unit.execute(FXSAVE64, 0, 0, true, AT, 0);
        assertThat(memory.read8(AT + 4)).as("abridged tag").isEqualTo(0x0E);
        assertThat(memory.read64(AT + 8)).isEqualTo(0x123456789AL);
        assertThat(memory.read64(AT + 32)).as("ST(0) first").isEqualTo(state.fpSignificand[5]);
        assertThat(memory.read64(AT + 160 + 8 * 31)).isEqualTo(state.xmm[31]);
        CpuState saved = state;
        reset64From(memory);
        unit.execute(SseUnit.lookup(1, 0xAE, 0, 0x08, true), 0, 0, true, AT, 0);
        assertThat(state.xmm).isEqualTo(saved.xmm);
        assertThat(state.fpSignificand).isEqualTo(saved.fpSignificand);
        assertThat(state.fpSignExponent).isEqualTo(saved.fpSignExponent);
        assertThat(state.mxcsr).isEqualTo(saved.mxcsr);
        assertThat(state.fpControl).isEqualTo(saved.fpControl);
        assertThat(state.fpStatus).isEqualTo(saved.fpStatus);
        assertThat(state.fpTag).isEqualTo(saved.fpTag);
        assertThat(state.fpInstruction).isEqualTo(saved.fpInstruction);
    }

    private void reset64From(ArrayMemory source) {
        byte[] image = source.bytes.array().clone();
        reset();
        memory.bytes.put(0, image);
    }

    @Test
    void outside64BitModeTheUpperRegistersStay() {
        state.segments[CpuState.CS].set(8, 0, 0xFFFFFFFFL, 0xC09B);
        state.xmm[16] = 5;
        unit.execute(FXSAVE, 0, 0, true, AT, 0);
        assertThat(memory.read64(AT + 160 + 8 * 16)).isZero();
        unit.execute(FXRSTOR, 0, 0, true, AT, 0);
        assertThat(state.xmm[16]).isEqualTo(5);
    }

    @Test
    void imagesAreChecked() {
        assertFault(GuestFault.GP, FXSAVE, true, AT + 8);
        memory.write32(AT + 24, 0x10000);
        assertFault(GuestFault.GP, FXRSTOR, true, AT);
    }

    @Test
    void approximationsAreWithinTheDocumentedError() {
        SplittableRandom random = new SplittableRandom(7);
        int rcpss = SseUnit.lookup(1, 0x53, 2, 0xC0, false);
        int rsqrtss = SseUnit.lookup(1, 0x52, 2, 0xC0, false);
        for (int i = 0; i < 20_000; i++) {
            float value = Float.intBitsToFloat(0x20000000 + random.nextInt(0x40000000));
            state.xmm[2] = Float.floatToRawIntBits(value);
            unit.execute(rcpss, 0, 1, false, 0, 0);
            assertThat(Math.abs(Float.intBitsToFloat((int) state.xmm[0]) * (double) value - 1))
                    .isLessThanOrEqualTo(1.5 * 0x1p-12);
            unit.execute(rsqrtss, 0, 1, false, 0, 0);
            assertThat(Math.abs(Float.intBitsToFloat((int) state.xmm[0]) * Math.sqrt(value) - 1))
                    .isLessThanOrEqualTo(1.5 * 0x1p-12);
        }
    }

    @Test
    void unknownOpcodesAreNotFound() {
        assertThat(SseUnit.lookup(1, 0x10, 0, 0xC0, false)).isNotNegative();
        assertThat(SseUnit.lookup(1, 0x0B, 0, 0xC0, false)).isEqualTo(-1);
        assertThat(SseUnit.lookup(1, 0xAE, 0, 0x20, false)).as("XSAVE").isEqualTo(-1);
        assertThat(SseUnit.lookup(1, 0xAE, 0, 0xE8, false)).as("LFENCE").isEqualTo(-1);
        assertThat(SseUnit.lookup(2, 0xF1, 3, 0xC0, false)).as("CRC32").isEqualTo(-1);
        assertThat(SseUnit.lookup(1, 0x2B, 0, 0xC0, false))
                .as("MOVNTPS to a register")
                .isEqualTo(-1);
    }
}
