package oriel.hypervisor.cpu.emulated;

import static org.assertj.core.api.Assertions.assertThat;
import static oriel.hypervisor.cpu.emulated.SystemFixture.*;

import org.junit.jupiter.api.Test;
import oriel.hypervisor.cpu.CpuState;

class InterruptReturnTest {
    private static final long IF = 1 << 9, IOPL = 3 << 12, VM = 1 << 17;
    private final SystemFixture cpu = new SystemFixture();

    @Test
    void realMode() {
        cpu.state.gpr[CpuState.RSP] = 0x8000;
        cpu.state.nmiBlocked = true;
        cpu.push(2, 0x0AD7, 0x0300, 0x0044);
        cpu.unit.interruptReturn(2);
        assertThat(cpu.state.rip).isEqualTo(0x44);
        assertThat(cpu.state.segments[CpuState.CS].base).isEqualTo(0x3000);
        assertThat(cpu.state.rflags).isEqualTo(0x0AD7);
        assertThat(cpu.state.nmiBlocked).isFalse();
    }

    @Test
    void sameLevelRestoresFlags() {
        cpu.protectedMode(0).push(4, 0x3202 | 1 << 18, CODE0, 0x7000);
        cpu.unit.interruptReturn(4);
        assertThat(cpu.state.rip).isEqualTo(0x7000);
        assertThat(cpu.state.rflags).isEqualTo(0x3202 | 1 << 18);
        assertThat(cpu.rsp()).isEqualTo(KERNEL_STACK);
    }

    @Test
    void toAnOuterLevelPopsTheStackToo() {
        cpu.protectedMode(0).push(4, DATA3, USER_STACK, 0x202, CODE3, 0x7000);
        cpu.unit.interruptReturn(4);
        assertThat(cpu.state.cpl()).isEqualTo(3);
        assertThat(cpu.rsp()).isEqualTo(USER_STACK);
        assertThat(cpu.ss()).isEqualTo(DATA3);
        assertThat(cpu.state.segments[CpuState.DS].unusable()).isTrue();
    }

    @Test
    void userCodeCannotChangeIoplOrIf() {
        cpu.protectedMode(3).push(4, IOPL | IF | 1, CODE3, 0x7000);
        cpu.unit.interruptReturn(4);
        assertThat(cpu.state.rflags).isEqualTo(3);
    }

    @Test
    void toVirtual8086Mode() {
        cpu.protectedMode(0).push(4, 0x105, 0x104, 0x103, 0x100, 0x900, 0x800, VM | 0x202, 0x101, 0x10);
        int changes = cpu.memory.contextChanges;
        cpu.unit.interruptReturn(4);
        assertThat(cpu.state.rip).isEqualTo(0x10);
        assertThat(cpu.state.segments[CpuState.CS].base).isEqualTo(0x1010);
        assertThat(cpu.state.segments[CpuState.GS].selector).isEqualTo(0x105);
        assertThat(cpu.state.segments[CpuState.SS].base).isEqualTo(0x9000);
        assertThat(cpu.rsp()).isEqualTo(0x800);
        assertThat(cpu.state.cpl()).isEqualTo(3);
        assertThat(cpu.memory.contextChanges).isGreaterThan(changes);
    }

    @Test
    void inVirtual8086ModeNeedsIopl3OrVme() {
        cpu.virtual8086(0).push(2, 0x202, 0x101, 0x20);
        assertThat(cpu.faultOf(() -> cpu.unit.interruptReturn(2))).isEqualTo("GP(0)");
        cpu.state.cr4 = 1;
        cpu.state.rflags &= ~IF;
        cpu.unit.interruptReturn(2);
        assertThat(cpu.state.rip).isEqualTo(0x20);
        assertThat(cpu.state.rflags & (IF | 1 << 19)).as("IF goes to VIF").isEqualTo(1 << 19);
        assertThat(cpu.state.rflags & VM).isEqualTo(VM);
    }

    @Test
    void longModeSameLevelAlwaysPopsTheStack() {
        cpu.longMode(0).push(8, DATA0, 0x7777, 0x202, CODE64, 0x7000);
        cpu.unit.interruptReturn(8);
        assertThat(cpu.rsp()).isEqualTo(0x7777);
        assertThat(cpu.state.rip).isEqualTo(0x7000);
    }

    @Test
    void longModeToUserAndToANullKernelStack() {
        cpu.longMode(0).push(8, DATA3, USER_STACK, 0x202, CODE64_3, 0x7000);
        cpu.unit.interruptReturn(8);
        assertThat(cpu.state.cpl()).isEqualTo(3);

        SystemFixture kernel = new SystemFixture().longMode(0);
        kernel.push(8, 0, 0x7F00, 0x2, CODE64, 0x7000);
        kernel.unit.interruptReturn(8);
        assertThat(kernel.ss()).isZero();
        assertThat(kernel.state.cpl()).isZero();
    }

    @Test
    void longModeToCompatibilityMode() {
        cpu.longMode(0).push(8, DATA3, 0x1_0000_C000L, 0x202, CODE3, 0x7000);
        cpu.unit.interruptReturn(8);
        assertThat(cpu.state.segments[CpuState.CS].longMode()).isFalse();
        assertThat(cpu.rsp()).isEqualTo(0xC000);
    }

    @Test
    void invalidFramesFaultAndChangeNothing() {
        cpu.longMode(0).push(8, DATA3, USER_STACK, 0x202, CODE64_3, 0x8000_0000_0000L);
        assertThat(cpu.faultOf(() -> cpu.unit.interruptReturn(8))).isEqualTo("GP(0)");
        cpu.memory.write64(cpu.rsp(), 0x7000);
        cpu.memory.write64(cpu.rsp() + 32, 0);
        assertThat(cpu.faultOf(() -> cpu.unit.interruptReturn(8)))
                .as("null SS at level 3")
                .isEqualTo("GP(0)");
        cpu.memory.write64(cpu.rsp() + 32, ABSENT | 3);
        assertThat(cpu.faultOf(() -> cpu.unit.interruptReturn(8))).isEqualTo("SS(58)");
        cpu.memory.write64(cpu.rsp() + 8, 0);
        assertThat(cpu.faultOf(() -> cpu.unit.interruptReturn(8))).isEqualTo("GP(0)");
        cpu.state.rflags |= 1 << 14;
        assertThat(cpu.faultOf(() -> cpu.unit.interruptReturn(8)))
                .as("NT in IA-32e mode")
                .isEqualTo("GP(0)");
    }

    @Test
    void sixteenBitStackKeepsTheUpperHalfOfEsp() {
        cpu.protectedMode(0).gdt(DATA3, descriptor(0, 0xFFFF, 0xF3, 0));
        cpu.push(4, DATA3, 0xAAAA_C000L, 0x202, CODE3, 0x7000);
        cpu.unit.interruptReturn(4);
        assertThat(cpu.rsp() & 0xFFFF).isEqualTo(0xC000);
        assertThat(cpu.rsp() >>> 16).as("the kernel's upper half").isZero();
    }
}
