package oriel.hypervisor.cpu.emulated;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import oriel.hypervisor.cpu.CpuState;

/** What the comparison with the host processor does not reach: environment images, faults, pending exceptions. */
class X87UnitTest {
    private static final long AT = ArrayMemory.BASE + 16;

    private CpuState state;
    private ArrayMemory memory;
    private X87Unit unit;

    @BeforeEach
    void reset() {
        state = new CpuState();
        state.cr0 = 0x80000033L;
        GuestFault fault = new GuestFault();
        memory = new ArrayMemory(512, fault);
        unit = new X87Unit(state, memory, fault);
    }

    private void register(int opcode, int modrm) {
        unit.execute(opcode, modrm, 0, 4);
    }

    private void memory(int opcode, int reg, int operandSize) {
        unit.execute(opcode, reg << 3, AT, operandSize);
    }

    private void assertFault(int vector, Runnable instruction) {
        assertThatThrownBy(instruction::run)
                .isInstanceOfSatisfying(
                        GuestFault.class, fault -> assertThat(fault.vector).isEqualTo(vector));
    }

    @Test
    void theUnitMayBeUnavailable() {
        state.cr0 = 0x80000031L | 8;
        assertFault(GuestFault.NM, () -> register(0xD9, 0xE8));
        unit.waitForPending(); // MP and TS needed together
        state.cr0 |= 2;
        assertFault(GuestFault.NM, unit::waitForPending);
        state.cr0 = 0x80000031L | 4;
        assertFault(GuestFault.NM, () -> register(0xD9, 0xE8));
    }

    @Test
    void anUnmaskedExceptionWaitsForTheNextInstruction() {
        state.fpControl = 0x37B; // divide by zero
        register(0xD9, 0xE8); // FLD1
        register(0xD9, 0xEE); // FLDZ
        register(0xD8, 0xF1); // FDIV ST, ST(1): 0 / 1
        register(0xD9, 0xC9); // FXCH
        register(0xD8, 0xF1); // 1 / 0
        assertThat(state.fpStatus & 0x84).isEqualTo(0x84);
        assertFault(GuestFault.MF, unit::waitForPending);
        assertFault(GuestFault.MF, () -> register(0xD9, 0xE8));
        register(0xDF, 0xE0); // FNSTSW does not wait
        assertThat(state.gpr[CpuState.RAX] & 0x84).isEqualTo(0x84);
        register(0xDB, 0xE2); // FNCLEX
        unit.waitForPending();
    }

    @Test
    void saveAndRestoreInAllSizes() {
        for (int size : new int[] {2, 4}) {
            for (boolean protectedMode : new boolean[] {true, false}) {
                reset();
                if (!protectedMode) {
                    state.cr0 &= ~1L;
                }
                register(0xD9, 0xEB); // FLDPI
                register(0xD9, 0xEE); // FLDZ
                state.rip = 0x9876;
                register(0xD9, 0xE0); // FCHS
                int status = state.fpStatus;
                memory(0xDD, 6, size); // FNSAVE
                assertThat(state.fpTag).isEqualTo(0xFFFF);
                assertThat(memory.read16(AT)).isEqualTo(0x37F);
                assertThat(memory.read16(AT + size)).isEqualTo(status);
                assertThat(memory.read16(AT + 2L * size))
                        .as("ST(0) is zero, ST(1) valid")
                        .isEqualTo(0x1FFF);
                assertThat(memory.read16(AT + 3L * size)).isEqualTo(0x9876);
                assertThat(memory.read64(AT + 7L * size + 10)).isEqualTo(0xC90FDAA22168C235L);
                memory(0xDD, 4, size); // FRSTOR
                assertThat(state.fpStatus).isEqualTo(status);
                assertThat(state.fpInstruction).isEqualTo(0x9876);
                assertThat(state.fpSignificand[7]).isEqualTo(0xC90FDAA22168C235L);
                assertThat(state.fpSignExponent[6]).isEqualTo(0x8000);
                if (!protectedMode || size == 4) {
                    assertThat(state.fpOpcode).isEqualTo(0x1E0);
                }
            }
        }
    }

    @Test
    void storingTheEnvironmentMasksExceptions() {
        state.fpControl = 0x340;
        state.fpStatus = 0x8081;
        memory(0xD9, 6, 4); // FNSTENV
        assertThat(memory.read16(AT)).isEqualTo(0x340);
        assertThat(memory.read16(AT + 4)).isEqualTo(0x8081);
        assertThat(state.fpControl).isEqualTo(0x37F);
        memory(0xD9, 4, 4); // FLDENV brings the pending exception back
        assertFault(GuestFault.MF, unit::waitForPending);
    }

    @Test
    void aFaultingStoreDoesNotPop() {
        register(0xD9, 0xE8);
        int status = state.fpStatus;
        assertFault(GuestFault.PF, () -> unit.execute(0xDB, 0x38, ArrayMemory.BASE + 504, 4));
        assertFault(GuestFault.PF, () -> unit.execute(0xDD, 0x18, ArrayMemory.BASE + 505, 4));
        assertThat(state.fpStatus).isEqualTo(status);
        assertThat(memory.read64(ArrayMemory.BASE + 504)).isZero();
    }

    @Test
    void tellsWhichInstructionsTouchFlags() {
        assertThat(X87Unit.writesFlags(0xDB, 0xF1)).isTrue();
        assertThat(X87Unit.writesFlags(0xDF, 0xE9)).isTrue();
        assertThat(X87Unit.writesFlags(0xD8, 0xD1)).isFalse();
        assertThat(X87Unit.readsFlags(0xDA, 0xC1)).isTrue();
        assertThat(X87Unit.readsFlags(0xDA, 0xE9)).isFalse();
    }
}
