package oriel.hypervisor.cpu.emulated;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import oriel.hypervisor.cpu.CpuState;

/** DR0–DR7 (Intel SDM 3B §18.2, §18.3) and single step, seen by a handler that halts. */
class BreakpointTest {
    private static final int DB = 1, RAX = CpuState.RAX, RCX = CpuState.RCX, RSI = CpuState.RSI, RDI = CpuState.RDI;
    private static final long HANDLERS = 0x53_0000, TABLE = 0x52_0000, SEGMENTS = 0x54_0000;
    private static final long TF = 1 << 8, RF = 1 << 16;
    private static final long BS = 1 << 14;
    private static final long WRITE4 = 0xD_0000, ANY1 = 0x3_0000, PORT1 = 0x2_0000, GLOBAL0 = 2;

    private final TestMachine machine = TestMachine.longMode(false);
    private final CpuState state = machine.state;

    @BeforeEach
    void handlersThatHalt() {
        for (int vector = 0; vector < 32; vector++) {
            long handler = HANDLERS + vector * 16L;
            machine.memory.write(
                    TABLE + vector * 16L, 8, handler & 0xFFFF | 0x10L << 16 | 0x8E00L << 32 | (handler >> 16) << 48);
            machine.memory.write(TABLE + vector * 16L + 8, 8, 0);
            machine.memory.write(handler, 1, 0xF4);
        }
        machine.memory.write(SEGMENTS + 0x10, 8, 0x00AF_9B00_0000_FFFFL);
        machine.memory.write(SEGMENTS + 0x18, 8, 0x00CF_9300_0000_FFFFL);
        state.gdtBase = SEGMENTS;
        state.gdtLimit = 0x1F;
        state.idtBase = TABLE;
        state.idtLimit = 32 * 16 - 1;
        state.dr[6] = DebugRegisters.DR6_FIXED;
        state.dr[7] = DebugRegisters.DR7_FIXED;
    }

    @AfterEach
    void close() {
        machine.close();
    }

    private void stoppedAt(long offset, long dr6) {
        assertThat((state.rip - HANDLERS) / 16).as("vector").isEqualTo(DB);
        assertThat(savedRip()).isEqualTo(TestMachine.CODE + offset);
        assertThat(state.dr[6]).isEqualTo(DebugRegisters.DR6_FIXED | dr6);
    }

    private long savedRip() {
        return machine.memory.read(state.gpr[CpuState.RSP], 8);
    }

    private long savedFlags() {
        return machine.memory.read(state.gpr[CpuState.RSP] + 16, 8);
    }

    @Test
    void stopsBeforeAnInstruction() {
        state.dr[0] = TestMachine.CODE + 4;
        state.dr[7] |= GLOBAL0;
        machine.code(0xFF, 0xC0, 0xFF, 0xC0, 0xFF, 0xC0).run(); // inc eax, three times
        stoppedAt(4, 1);
        assertThat(machine.register(RAX)).isEqualTo(2);
        assertThat(savedFlags() & RF).as("the handler says whether to go on").isZero();
    }

    @Test
    void resumeFlagPassesABreakpointOnce() {
        state.dr[0] = TestMachine.CODE;
        state.dr[7] |= GLOBAL0;
        state.rflags |= RF;
        machine.code(0xFF, 0xC0, 0xFF, 0xC8, 0x74, 0xFA).run(); // again: inc eax; dec eax; jz again
        stoppedAt(0, 1);
        assertThat(machine.register(RAX)).isZero();
        assertThat(machine.cpu.instructions()).isEqualTo(3 + 1 + 1);
    }

    @Test
    void resumeFlagLastsForAWholeRepeatedString() {
        state.dr[0] = TestMachine.CODE;
        state.dr[7] |= GLOBAL0;
        state.rflags |= RF;
        state.gpr[RCX] = 5000;
        state.gpr[RSI] = TestMachine.DATA;
        state.gpr[RDI] = TestMachine.DATA + 0x2800;
        machine.code(0xF3, 0xA4, 0xFF, 0xC0).run(); // rep movsb; inc eax
        assertThat(machine.register(RAX)).isEqualTo(1);
        assertThat(machine.register(RCX)).isZero();
    }

    @Test
    void trapsBehindAWriteToWatchedBytes() {
        state.dr[0] = TestMachine.DATA + 4;
        state.dr[7] |= GLOBAL0 | WRITE4;
        state.gpr[RDI] = TestMachine.DATA;
        // mov rax, [rdi]; mov [rdi], eax; mov [rdi+6], al; inc eax
        machine.code(0x48, 0x8B, 0x07, 0x89, 0x07, 0x88, 0x47, 0x06, 0xFF, 0xC0).run();
        stoppedAt(8, 1);
        assertThat(machine.register(RAX)).isZero();
    }

    @Test
    void trapsBehindAReadOfWatchedBytes() {
        machine.memory.write(TestMachine.DATA, 8, 77);
        state.dr[0] = TestMachine.DATA;
        state.dr[7] |= GLOBAL0 | ANY1;
        state.gpr[RDI] = TestMachine.DATA;
        machine.code(0x8B, 0x47, 0x01, 0x8B, 0x07, 0x90).run(); // mov eax, [rdi+1]; mov eax, [rdi]; nop
        stoppedAt(5, 1);
        assertThat(machine.register(RAX)).isEqualTo(77);
    }

    @Test
    void trapsBehindAPortWhereExtensionsAreOn() {
        state.cr4 |= 8;
        machine.cpu.stateChanged();
        state.dr[0] = 0x80;
        state.dr[7] |= GLOBAL0 | PORT1;
        machine.code(0xE6, 0x81, 0xE6, 0x80, 0x90).run(); // out 81h, al; out 80h, al; nop
        stoppedAt(4, 1);
    }

    @Test
    void loadOfTheStackSegmentHoldsTrapsForOneInstruction() {
        state.rflags |= TF;
        state.gpr[RAX] = 0x18;
        machine.code(0x8E, 0xD0, 0x90, 0x90).run(); // mov ss, eax; nop; nop
        stoppedAt(3, BS);
    }

    @Test
    void programLoadsBreakpointsItself() {
        // lea rax, [rip+9]; mov dr0, rax; push 402h; pop rax; mov dr7, rax … with 5 bytes between
        machine.code(
                        0x48, 0x8D, 0x05, 0x0C, 0, 0, 0, 0x0F, 0x23, 0xC0, 0x68, 0x02, 0x04, 0, 0, 0x58, 0x0F, 0x23,
                        0xF8, 0x90, 0x90)
                .run();
        stoppedAt(19, 1);
    }

    /** A load of SS holds traps for one instruction, not until somebody sets breakpoints. */
    @Test
    void programLoadsBreakpointsAfterItsStackSegment() {
        state.gpr[RAX] = 0x18;
        machine.code(
                        0x8E, 0xD0, 0x48, 0x8D, 0x05, 0x0C, 0, 0, 0, 0x0F, 0x23, 0xC0, 0x68, 0x02, 0x04, 0, 0, 0x58,
                        0x0F, 0x23, 0xF8, 0x90, 0x90)
                .run();
        stoppedAt(21, 1);
    }

    @Test
    void jumpToANonCanonicalAddressFaultsItself() {
        state.gpr[RAX] = 0x8000_0000_0000_0000L;
        long stack = state.gpr[CpuState.RSP];
        machine.code(0x90, 0xFF, 0xD0).run(); // nop; call rax
        assertThat((state.rip - HANDLERS) / 16).as("vector").isEqualTo(GuestFault.GP);
        assertThat(machine.memory.read(state.gpr[CpuState.RSP] + 8, 8)).isEqualTo(TestMachine.CODE + 1);
        assertThat(machine.memory.read(state.gpr[CpuState.RSP] + 32, 8)).isEqualTo(stack);
    }
}
