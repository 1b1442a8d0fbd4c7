package oriel.hypervisor.cpu.emulated;

import static org.assertj.core.api.Assertions.assertThat;
import static oriel.hypervisor.cpu.emulated.SystemFixture.*;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import oriel.hypervisor.cpu.CpuState;
import oriel.hypervisor.cpu.emulated.SystemUnit.Origin;

class InterruptDeliveryTest {
    private static final long IF = 1 << 9, TF = 1 << 8, RF = 1 << 16;
    private final SystemFixture cpu = new SystemFixture();

    @Test
    void realModePushesThreeWordsAndClearsIfAndTf() {
        cpu.memory.write32(0x21 * 4, 0x1234_5678);
        cpu.state.rflags = 2 | IF | TF;
        cpu.state.segments[CpuState.CS].set(0x100, 0x1000, 0xFFFF, 0x9B);
        cpu.state.segments[CpuState.SS].set(0x200, 0x2000, 0xFFFF, 0x93);
        cpu.state.gpr[CpuState.RSP] = 0x100;

        assertThat(cpu.unit.deliver(0x21, Origin.SOFTWARE, 0x77)).isTrue();

        assertThat(cpu.state.rip).isEqualTo(0x5678);
        assertThat(cpu.state.segments[CpuState.CS].base).isEqualTo(0x12340);
        assertThat(cpu.rsp()).isEqualTo(0xFA);
        assertThat(cpu.stack(0, 2)).isEqualTo(0x77);
        assertThat(cpu.stack(1, 2)).isEqualTo(0x100);
        assertThat(cpu.stack(2, 2)).isEqualTo(2 | IF | TF);
        assertThat(cpu.state.rflags).isEqualTo(2);
    }

    @Test
    void interruptGateSwitchesToTheInnerStackAndClearsIf() {
        cpu.protectedMode(3).idt(0x20, gate(CODE0, 0x1_2345, 14, 0, 0));
        cpu.state.rflags = 2 | IF | 1;

        assertThat(cpu.unit.deliver(0x20, Origin.EXTERNAL, 0x6000)).isTrue();

        assertThat(cpu.state.rip).isEqualTo(0x1_2345);
        assertThat(cpu.cs()).isEqualTo(CODE0);
        assertThat(cpu.ss()).isEqualTo(DATA0);
        assertThat(cpu.state.cpl()).isZero();
        assertThat(cpu.rsp()).isEqualTo(KERNEL_STACK - 20);
        assertThat(cpu.stack(0, 4)).isEqualTo(0x6000);
        assertThat(cpu.stack(1, 4)).isEqualTo(CODE3);
        assertThat(cpu.stack(2, 4)).isEqualTo(2 | IF | 1);
        assertThat(cpu.stack(3, 4)).isEqualTo(USER_STACK);
        assertThat(cpu.stack(4, 4)).isEqualTo(DATA3);
        assertThat(cpu.state.rflags & IF).isZero();
        assertThat(cpu.memory.contextChanges).isPositive();
    }

    @Test
    void trapGateKeepsIfAndStaysOnTheStackOfTheSameLevel() {
        cpu.protectedMode(0).idt(3, gate(CODE0, 0x5000, 15, 0, 0));
        cpu.state.rflags = 2 | IF | TF;

        assertThat(cpu.unit.deliver(3, Origin.BREAKPOINT, 0x6001)).isTrue();

        assertThat(cpu.rsp()).isEqualTo(KERNEL_STACK - 12);
        assertThat(cpu.state.rflags & (IF | TF)).isEqualTo(IF);
    }

    @Test
    void sixteenBitGatePushesWords() {
        cpu.protectedMode(0).idt(0x30, gate(CODE0, 0xF_4000, 6, 0, 0));

        assertThat(cpu.unit.deliver(0x30, Origin.EXTERNAL, 0x6000)).isTrue();

        assertThat(cpu.state.rip).isEqualTo(0x4000);
        assertThat(cpu.rsp()).isEqualTo(KERNEL_STACK - 6);
    }

    @Test
    void softwareInterruptThroughAPrivilegedGateIsAFaultOfTheGate() {
        cpu.protectedMode(3).idt(0x20, gate(CODE0, 0x5000, 14, 0, 0));
        cpu.idt(GuestFault.GP, gate(CODE0, 0x7000, 14, 0, 0));

        assertThat(cpu.unit.deliver(0x20, Origin.SOFTWARE, 0x6002)).isTrue();

        assertThat(cpu.state.rip).isEqualTo(0x7000);
        assertThat(cpu.stack(0, 4)).as("error code: IDT entry 20H, EXT clear").isEqualTo(0x20 << 3 | 2);
        assertThat(cpu.stack(1, 4)).as("returns to the INT itself").isEqualTo(0x6000);
        assertThat(cpu.stack(3, 4) & RF).isEqualTo(RF);
    }

    @Test
    void absentGateDuringAnExternalInterruptSetsExt() {
        cpu.protectedMode(0).idt(0x20, gate(CODE0, 0x5000, 14, 0, 0) & ~(1L << 47));
        cpu.idt(GuestFault.NP, gate(CODE0, 0x7000, 14, 0, 0));

        assertThat(cpu.unit.deliver(0x20, Origin.EXTERNAL, 0x6000)).isTrue();

        assertThat(cpu.state.rip).isEqualTo(0x7000);
        assertThat(cpu.stack(0, 4)).isEqualTo(0x20 << 3 | 3);
    }

    @Test
    void pageFaultSetsCr2AndPushesItsErrorCode() {
        cpu.longMode(3).idt64(GuestFault.PF, gate(CODE64, 0x5000, 14, 0, 0), 0);
        cpu.fault.pageFault(0xABC_D123L, 6);

        assertThat(cpu.unit.deliverFault()).isTrue();

        assertThat(cpu.state.cr2).isEqualTo(0xABC_D123L);
        assertThat(cpu.stack(0, 8)).isEqualTo(6);
        assertThat(cpu.stack(1, 8)).isEqualTo(0x6000);
        assertThat(cpu.stack(2, 8)).isEqualTo(CODE64_3);
        assertThat(cpu.stack(3, 8) & RF).isEqualTo(RF);
        assertThat(cpu.stack(4, 8)).isEqualTo(USER_STACK);
        assertThat(cpu.stack(5, 8)).isEqualTo(DATA3);
        assertThat(cpu.ss()).as("null stack segment with the new level").isZero();
        assertThat(cpu.state.cpl()).isZero();
    }

    @Test
    void longModeAlignsTheStackAndHonoursTheInterruptStackTable() {
        cpu.longMode(0).idt64(2, gate(CODE64, 0x5000, 14, 0, 1), 0);
        cpu.memory.write64(TSS + 0x24, IST_STACK + 9);

        assertThat(cpu.unit.deliver(2, Origin.EXTERNAL, 0x6000)).isTrue();

        assertThat(cpu.rsp()).isEqualTo(IST_STACK - 40);
        assertThat(cpu.stack(3, 8)).isEqualTo(KERNEL_STACK);
        assertThat(cpu.state.nmiBlocked).isTrue();
        assertThat(cpu.ss()).as("same level keeps SS").isEqualTo(DATA0);
    }

    @Test
    void longModeRefuses32BitHandlers() {
        cpu.longMode(0).idt64(0x40, gate(CODE0, 0x5000, 14, 0, 0), 0);
        cpu.idt64(GuestFault.GP, gate(CODE64, 0x7000, 14, 0, 0), 0);

        assertThat(cpu.unit.deliver(0x40, Origin.EXTERNAL, 0x6000)).isTrue();

        assertThat(cpu.state.rip).isEqualTo(0x7000);
        assertThat(cpu.stack(0, 8)).isEqualTo(CODE0 | 1);
    }

    @Test
    void nonCanonicalInnerStackIsAStackFault() {
        cpu.longMode(3).memory.write64(TSS + 4, 0x8000_0000_0100L);
        cpu.idt64(0x40, gate(CODE64, 0x5000, 14, 0, 0), 0);
        cpu.idt64(GuestFault.SS, gate(CODE64, 0x7000, 14, 0, 1), 0);

        assertThat(cpu.unit.deliver(0x40, Origin.EXTERNAL, 0x6000)).isTrue();

        assertThat(cpu.state.rip).isEqualTo(0x7000);
        assertThat(cpu.stack(0, 8)).isEqualTo(1);
    }

    /** Intel SDM 3A table 6-5. */
    @ParameterizedTest
    @CsvSource({
        "0,13,true",
        "13,13,true",
        "10,11,true",
        "12,12,true",
        "13,14,false",
        "14,13,true",
        "14,14,true",
        "14,0,true",
        "1,13,false",
        "6,13,false",
        "6,14,false",
        "17,14,false",
        "3,11,false",
        "13,6,false",
        "14,6,false"
    })
    void doubleFaultTable(int first, int second, boolean makesDouble) {
        assertThat(InterruptDelivery.makesDoubleFault(first, second)).isEqualTo(makesDouble);
    }

    @Test
    void contributoryFaultsEscalateToADoubleFaultWithErrorCodeZero() {
        cpu.protectedMode(0).idt(GuestFault.DF, gate(CODE0, 0x7000, 14, 0, 0));
        cpu.fault.of(GuestFault.GP, 0x18);

        assertThat(cpu.unit.deliverFault()).isTrue();

        assertThat(cpu.state.rip).isEqualTo(0x7000);
        assertThat(cpu.stack(0, 4)).isZero();
    }

    @Test
    void faultWhileDeliveringADoubleFaultShutsDown() {
        cpu.protectedMode(0);
        cpu.fault.of(GuestFault.GP, 0);
        assertThat(cpu.unit.deliverFault()).isFalse();
    }

    @Test
    void taskGateForTheDoubleFaultSwitchesTasks() {
        cpu.protectedMode(0).idt(GuestFault.DF, gate(TSS2_SELECTOR, 0, 5, 0, 0));
        cpu.memory.write32(TSS2 + 0x20, 0x7000);
        cpu.memory.write32(TSS2 + 0x24, 2);
        cpu.memory.write32(TSS2 + 0x38, IST_STACK);
        cpu.memory.write16(TSS2 + 0x4C, CODE0);
        cpu.memory.write16(TSS2 + 0x50, DATA0);
        cpu.fault.of(GuestFault.TS, 0);

        assertThat(cpu.unit.deliverFault()).isTrue();

        assertThat(cpu.state.rip).isEqualTo(0x7000);
        assertThat(cpu.rsp()).isEqualTo(IST_STACK - 4);
        assertThat(cpu.stack(0, 4)).isZero();
        assertThat(cpu.memory.read32(TSS + 0x20)).as("old task's EIP").isEqualTo(0x6000);
    }

    @Test
    void virtual8086InterruptPushesAllSegmentsAndClearsThem() {
        cpu.virtual8086(3).idt(0x21, gate(CODE0, 0x5000, 14, 3, 0));

        assertThat(cpu.unit.deliver(0x21, Origin.SOFTWARE, 0x12)).isTrue();

        assertThat(cpu.rsp()).isEqualTo(KERNEL_STACK - 36);
        assertThat(cpu.stack(0, 4)).isEqualTo(0x12);
        assertThat(cpu.stack(1, 4)).isEqualTo(0x101);
        assertThat(cpu.stack(2, 4) & 1 << 17).isNotZero();
        assertThat(cpu.stack(3, 4)).isEqualTo(0x800);
        assertThat(cpu.stack(4, 4)).isEqualTo(0x900);
        assertThat(cpu.stack(5, 4)).as("ES").isEqualTo(0x100);
        assertThat(cpu.stack(6, 4)).as("DS").isEqualTo(0x103);
        assertThat(cpu.stack(7, 4)).as("FS").isEqualTo(0x104);
        assertThat(cpu.stack(8, 4)).as("GS").isEqualTo(0x105);
        assertThat(cpu.state.segments[CpuState.DS].unusable()).isTrue();
        assertThat(cpu.state.rflags & 1 << 17).isZero();
        assertThat(cpu.state.cpl()).isZero();
    }

    @Test
    void virtual8086SoftwareInterruptNeedsIopl3() {
        cpu.virtual8086(0).idt(0x21, gate(CODE0, 0x5000, 14, 3, 0));
        cpu.idt(GuestFault.GP, gate(CODE0, 0x7000, 14, 0, 0));

        assertThat(cpu.unit.deliver(0x21, Origin.SOFTWARE, 0x12)).isTrue();

        assertThat(cpu.state.rip).isEqualTo(0x7000);
        assertThat(cpu.stack(0, 4)).isZero();
    }

    @Test
    void vmeRedirectsToTheProgramsOwnHandler() {
        cpu.virtual8086(0);
        cpu.state.cr4 = 1;
        cpu.state.rflags |= 1 << 19;
        cpu.memory.write32(0x21 * 4, 0x0300_0444);

        assertThat(cpu.unit.deliver(0x21, Origin.SOFTWARE, 0x12)).isTrue();

        assertThat(cpu.state.rip).isEqualTo(0x444);
        assertThat(cpu.cs()).isEqualTo(0x300);
        assertThat(cpu.stack(2, 2) & (IF | 3 << 12))
                .as("IF shows VIF, IOPL reads 3")
                .isEqualTo(IF | 3 << 12);
        assertThat(cpu.state.rflags & 1 << 19).as("VIF").isZero();
        assertThat(cpu.state.rflags & IF).isEqualTo(IF);
    }

    @Test
    void debugExceptionClearsGeneralDetect() {
        cpu.protectedMode(0).idt(1, gate(CODE0, 0x5000, 14, 0, 0));
        cpu.state.dr[7] |= 1 << 13;

        assertThat(cpu.unit.deliverTraps(true)).isTrue();

        assertThat(cpu.state.dr[6] & 1 << 14).isNotZero();
        assertThat(cpu.state.dr[7] & 1 << 13).isZero();
        assertThat(cpu.stack(2, 4) & RF).isZero();
    }
}
