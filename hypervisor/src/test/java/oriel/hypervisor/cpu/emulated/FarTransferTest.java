package oriel.hypervisor.cpu.emulated;

import static org.assertj.core.api.Assertions.assertThat;
import static oriel.hypervisor.cpu.emulated.SystemFixture.*;

import org.junit.jupiter.api.Test;
import oriel.hypervisor.cpu.CpuState;

class FarTransferTest {
    private final SystemFixture cpu = new SystemFixture();

    @Test
    void realModeCallAndReturn() {
        cpu.state.segments[CpuState.SS].set(0, 0, 0xFFFF, 0x93);
        cpu.state.gpr[CpuState.RSP] = 0x1234_8000L;
        cpu.unit.farCall(0x300, 0x40, 2, 0xFFF5);
        assertThat(cpu.state.segments[CpuState.CS].base).isEqualTo(0x3000);
        assertThat(cpu.state.rip).isEqualTo(0x40);
        assertThat(cpu.rsp()).as("upper half of ESP stays").isEqualTo(0x1234_7FFCL);

        cpu.unit.farReturn(2, 6);

        assertThat(cpu.cs()).isEqualTo(0xF000);
        assertThat(cpu.state.rip).isEqualTo(0xFFF5);
        assertThat(cpu.rsp()).isEqualTo(0x1234_8006L);
    }

    @Test
    void entersProtectedModeByAFarJump() {
        cpu.protectedMode(0);
        cpu.state.segments[CpuState.CS].set(0xF000, 0xF0000, 0xFFFF, 0x9B);
        cpu.unit.farJump(CODE0, 0x1_0000, 4);
        assertThat(cpu.state.rip).isEqualTo(0x1_0000);
        assertThat(cpu.state.segments[CpuState.CS].big()).isTrue();
        assertThat(cpu.state.segments[CpuState.CS].limit).isEqualTo(0xFFFF_FFFFL);
    }

    @Test
    void directJumpChecksPrivilegeTypeAndPresence() {
        cpu.protectedMode(3);
        assertThat(cpu.faultOf(() -> cpu.unit.farJump(0, 0, 4))).isEqualTo("GP(0)");
        assertThat(cpu.faultOf(() -> cpu.unit.farJump(CODE0, 0, 4))).isEqualTo("GP(8)");
        assertThat(cpu.faultOf(() -> cpu.unit.farJump(DATA3, 0, 4))).isEqualTo("GP(20)");
        assertThat(cpu.faultOf(() -> cpu.unit.farJump(0x1F8, 0, 4))).isEqualTo("GP(1f8)");
        assertThat(cpu.faultOf(() -> cpu.unit.farJump(0x0C, 0, 4))).as("no LDT").isEqualTo("GP(c)");
        cpu.gdt(CODE3, descriptor(0, 0xFFFFF, 0x7B, 0xC));
        assertThat(cpu.faultOf(() -> cpu.unit.farJump(CODE3, 0, 4))).isEqualTo("NP(18)");
        cpu.unit.farJump(CONFORMING, 0x10, 4);
        assertThat(cpu.cs()).as("a conforming segment keeps the level").isEqualTo(CONFORMING | 3);
        assertThat(cpu.state.cpl()).isEqualTo(3);
    }

    @Test
    void jumpBeyondTheLimitOrToANonCanonicalAddressFaults() {
        cpu.protectedMode(0).gdt(CODE0, descriptor(0, 0xFFF, 0x9B, 4));
        assertThat(cpu.faultOf(() -> cpu.unit.farJump(CODE0, 0x1000, 4))).isEqualTo("GP(0)");
        SystemFixture wide = new SystemFixture().longMode(0);
        assertThat(wide.faultOf(() -> wide.unit.farJump(CODE64, 0x8000_0000_0000L, 8)))
                .isEqualTo("GP(0)");
    }

    @Test
    void callGateCopiesParametersToTheInnerStackAndRetReleasesBoth() {
        cpu.protectedMode(3).gdt(GATE, gate(CODE0, 0x1_1111, 12, 3, 2));
        cpu.push(4, 0xAAAA, 0xBBBB);

        cpu.unit.farCall(GATE | 3, 0xDEAD, 4, 0x6007);

        assertThat(cpu.state.rip).isEqualTo(0x1_1111);
        assertThat(cpu.cs()).isEqualTo(CODE0);
        assertThat(cpu.rsp()).isEqualTo(KERNEL_STACK - 24);
        assertThat(cpu.stack(0, 4)).isEqualTo(0x6007);
        assertThat(cpu.stack(1, 4)).isEqualTo(CODE3);
        assertThat(cpu.stack(2, 4)).isEqualTo(0xBBBB);
        assertThat(cpu.stack(3, 4)).isEqualTo(0xAAAA);
        assertThat(cpu.stack(4, 4)).isEqualTo(USER_STACK - 8);
        assertThat(cpu.stack(5, 4)).isEqualTo(DATA3);

        cpu.state.segments[CpuState.DS].set(DATA0, 0, 0xFFFF_FFFFL, 0xC093);
        cpu.unit.farReturn(4, 8);

        assertThat(cpu.state.rip).isEqualTo(0x6007);
        assertThat(cpu.state.cpl()).isEqualTo(3);
        assertThat(cpu.rsp()).isEqualTo(USER_STACK);
        assertThat(cpu.state.segments[CpuState.DS].unusable())
                .as("level 0 data is taken away")
                .isTrue();
        assertThat(cpu.state.segments[CpuState.ES].selector).isEqualTo(DATA3);
    }

    @Test
    void sixteenBitCallGateToLevelOne() {
        cpu.protectedMode(3).gdt(GATE, gate(CODE1, 0x4444, 4, 3, 0));
        cpu.unit.farCall(GATE, 0, 4, 0x6007);
        assertThat(cpu.cs()).isEqualTo(CODE1 | 1);
        assertThat(cpu.ss()).isEqualTo(DATA1 | 1);
        assertThat(cpu.rsp()).isEqualTo(0x7000 - 8);
        assertThat(cpu.state.cpl()).isEqualTo(1);
    }

    @Test
    void callGateWithoutPrivilegeFaults() {
        cpu.protectedMode(3).gdt(GATE, gate(CODE0, 0x1111, 12, 0, 0));
        assertThat(cpu.faultOf(() -> cpu.unit.farCall(GATE, 0, 4, 0))).isEqualTo("GP(60)");
        cpu.gdt(GATE, gate(CODE0, 0x1111, 12, 3, 0) & ~(1L << 47));
        assertThat(cpu.faultOf(() -> cpu.unit.farCall(GATE, 0, 4, 0))).isEqualTo("NP(60)");
        cpu.gdt(GATE, gate(CODE0, 0x1111, 12, 3, 0));
        assertThat(cpu.faultOf(() -> cpu.unit.farJump(GATE, 0, 4)))
                .as("a jump can't gain privilege")
                .isEqualTo("GP(8)");
        cpu.memory.write16(TSS + 8, DATA3);
        assertThat(cpu.faultOf(() -> cpu.unit.farCall(GATE, 0, 4, 0))).isEqualTo("TS(20)");
        cpu.memory.write16(TSS + 8, 0);
        assertThat(cpu.faultOf(() -> cpu.unit.farCall(GATE, 0, 4, 0))).isEqualTo("TS(0)");
    }

    @Test
    void innerStackWithoutRoomIsAStackFaultThatChangesNothing() {
        cpu.protectedMode(3).gdt(GATE, gate(CODE0, 0x1111, 12, 3, 0));
        cpu.memory.write16(TSS + 8, SMALL_DATA);
        cpu.memory.write32(TSS + 4, 8);
        assertThat(cpu.faultOf(() -> cpu.unit.farCall(GATE, 0, 4, 0))).isEqualTo("SS(90)");
    }

    @Test
    void pageFaultOnTheInnerStackChangesNothing() {
        cpu.protectedMode(3).gdt(GATE, gate(CODE0, 0x1111, 12, 3, 0));
        cpu.memory.absentPage = (KERNEL_STACK - 1) >> 12;
        assertThat(cpu.faultOf(() -> cpu.unit.farCall(GATE, 0, 4, 0))).isEqualTo("PF(2)");
    }

    @Test
    void longModeCallGateIsSixteenBytes() {
        cpu.longMode(3).gdt(GATE, gate(CODE64, 0x1_2345, 12, 3, 0));
        cpu.gdt(GATE_UPPER, 0);
        cpu.unit.farCall(GATE, 0, 4, 0x6007);
        assertThat(cpu.state.rip).isEqualTo(0x1_2345);
        assertThat(cpu.rsp()).isEqualTo(KERNEL_STACK - 32);
        assertThat(cpu.stack(3, 8)).isEqualTo(DATA3);
        assertThat(cpu.ss()).isZero();

        cpu.unit.farReturn(8, 0);
        assertThat(cpu.state.cpl()).isEqualTo(3);
        assertThat(cpu.ss()).isEqualTo(DATA3);

        cpu.gdt(GATE_UPPER, 1L << 40);
        assertThat(cpu.faultOf(() -> cpu.unit.farCall(GATE, 0, 4, 0))).isEqualTo("GP(60)");
    }

    @Test
    void longModeToCompatibilityModeAndBack() {
        cpu.longMode(0).unit.farJump(CODE0, 0x5000, 4);
        assertThat(cpu.state.segments[CpuState.CS].longMode()).isFalse();
        cpu.unit.farJump(CODE64, 0x6000, 4);
        assertThat(cpu.state.segments[CpuState.CS].longMode()).isTrue();
    }

    @Test
    void returnToAnInnerLevelFaults() {
        cpu.protectedMode(3).push(4, CODE0, 0x1000);
        assertThat(cpu.faultOf(() -> cpu.unit.farReturn(4, 0))).isEqualTo("GP(8)");
    }

    @Test
    void jumpToATaskSavesOneAndLoadsTheOther() {
        cpu.protectedMode(0);
        prepareTask(0x7000, 0x202);
        cpu.state.gpr[CpuState.RBX] = 0x1111;

        cpu.unit.farJump(TSS2_SELECTOR, 0, 4, 0x6007);

        assertThat(cpu.memory.read32(TSS + 0x20)).isEqualTo(0x6007);
        assertThat(cpu.memory.read32(TSS + 0x34)).isEqualTo(0x1111);
        assertThat(cpu.memory.read8(GDT + TSS_SELECTOR + 5)).as("not busy").isEqualTo(0x89);
        assertThat(cpu.memory.read8(GDT + TSS2_SELECTOR + 5)).as("busy").isEqualTo(0xEB);
        assertThat(cpu.state.rip).isEqualTo(0x7000);
        assertThat(cpu.state.gpr[CpuState.RBX]).isEqualTo(0x2222);
        assertThat(cpu.state.rflags).isEqualTo(0x202);
        assertThat(cpu.cs()).isEqualTo(CODE3);
        assertThat(cpu.state.cpl()).isEqualTo(3);
        assertThat(cpu.state.cr0 & 8).as("TS").isEqualTo(8);
        assertThat(cpu.state.segments[CpuState.TR].selector).isEqualTo(TSS2_SELECTOR);
    }

    @Test
    void callToATaskNestsAndIretGoesBack() {
        cpu.protectedMode(0);
        prepareTask(0x7000, 2);
        cpu.unit.farCall(TSS2_SELECTOR, 0, 4, 0x6007);
        assertThat(cpu.memory.read16(TSS2)).as("back link").isEqualTo(TSS_SELECTOR);
        assertThat(cpu.state.rflags & 1 << 14).as("NT").isNotZero();

        cpu.unit.interruptReturn(4, 0x7001);

        assertThat(cpu.state.rip).isEqualTo(0x6007);
        assertThat(cpu.cs()).isEqualTo(CODE0);
        assertThat(cpu.memory.read32(TSS2 + 0x20)).isEqualTo(0x7001);
        assertThat(cpu.memory.read32(TSS2 + 0x24) & 1 << 14).isZero();
        assertThat(cpu.memory.read8(GDT + TSS2_SELECTOR + 5)).isEqualTo(0xE9);
    }

    @Test
    void taskWithABadStackSegmentFaultsInTheNewTask() {
        cpu.protectedMode(0);
        prepareTask(0x7000, 2);
        cpu.memory.write16(TSS2 + 0x50, DATA0);
        try {
            cpu.unit.farJump(TSS2_SELECTOR, 0, 4, 0x6007);
        } catch (GuestFault e) {
            assertThat(e.vector).isEqualTo(GuestFault.TS);
            assertThat(e.errorCode).isEqualTo(DATA0);
        }
        assertThat(cpu.state.rip).isEqualTo(0x7000);
        assertThat(cpu.state.segments[CpuState.TR].selector).isEqualTo(TSS2_SELECTOR);
    }

    private void prepareTask(int eip, int flags) {
        cpu.memory.write32(TSS2 + 0x20, eip);
        cpu.memory.write32(TSS2 + 0x24, flags);
        cpu.memory.write32(TSS2 + 0x34, 0x2222);
        cpu.memory.write32(TSS2 + 0x38, USER_STACK);
        cpu.memory.write16(TSS2 + 0x48, DATA3);
        cpu.memory.write16(TSS2 + 0x4C, CODE3);
        cpu.memory.write16(TSS2 + 0x50, DATA3);
    }
}
