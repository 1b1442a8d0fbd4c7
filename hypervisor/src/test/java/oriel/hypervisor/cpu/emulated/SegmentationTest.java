package oriel.hypervisor.cpu.emulated;

import static org.assertj.core.api.Assertions.assertThat;
import static oriel.hypervisor.cpu.CpuState.*;
import static oriel.hypervisor.cpu.emulated.SystemFixture.*;

import org.junit.jupiter.api.Test;
import oriel.hypervisor.cpu.CpuState;

class SegmentationTest {
    private static final long IF = 1 << 9;
    private final SystemFixture cpu = new SystemFixture();

    @Test
    void realModeKeepsBigLimits() {
        cpu.state.segments[DS].limit = 0xFFFF_FFFFL;
        cpu.unit.loadSegment(DS, 0x1234);
        assertThat(cpu.state.segments[DS].base).isEqualTo(0x12340);
        assertThat(cpu.state.segments[DS].limit).isEqualTo(0xFFFF_FFFFL);
    }

    @Test
    void dataSegmentChecks() {
        cpu.protectedMode(3);
        assertThat(cpu.faultOf(() -> cpu.unit.loadSegment(DS, DATA0))).isEqualTo("GP(10)");
        assertThat(cpu.faultOf(() -> cpu.unit.loadSegment(DS, TSS_SELECTOR))).isEqualTo("GP(38)");
        assertThat(cpu.faultOf(() -> cpu.unit.loadSegment(DS, ABSENT))).isEqualTo("NP(58)");
        assertThat(cpu.faultOf(() -> cpu.unit.loadSegment(DS, 0x100)))
                .as("beyond the GDT")
                .isEqualTo("GP(100)");
        cpu.unit.loadSegment(DS, CONFORMING);
        cpu.unit.loadSegment(ES, 3);
        assertThat(cpu.state.segments[ES].unusable()).isTrue();
        assertThat(cpu.state.segments[ES].base).isZero();
    }

    @Test
    void loadSetsTheAccessedBit() {
        cpu.protectedMode(0).gdt(DATA0, descriptor(0x1234, 0xFFF, 0x92, 4));
        cpu.unit.loadSegment(FS, DATA0);
        assertThat(cpu.memory.read8(GDT + DATA0 + 5)).isEqualTo(0x93);
        assertThat(cpu.state.segments[FS].base).isEqualTo(0x1234);
        assertThat(cpu.state.segments[FS].access).isEqualTo(0x4093);
    }

    @Test
    void stackSegmentChecks() {
        cpu.protectedMode(0);
        assertThat(cpu.faultOf(() -> cpu.unit.loadSegment(SS, 0))).isEqualTo("GP(0)");
        assertThat(cpu.faultOf(() -> cpu.unit.loadSegment(SS, DATA3))).isEqualTo("GP(20)");
        assertThat(cpu.faultOf(() -> cpu.unit.loadSegment(SS, CODE0))).isEqualTo("GP(8)");
        cpu.gdt(DATA0, descriptor(0, 0xFFFFF, 0x13, 0xC));
        assertThat(cpu.faultOf(() -> cpu.unit.loadSegment(SS, DATA0))).isEqualTo("SS(10)");
        SystemFixture wide = new SystemFixture().longMode(0);
        wide.unit.loadSegment(SS, 0);
        assertThat(wide.state.interruptShadow).isTrue();
        assertThat(wide.state.cpl()).isZero();
    }

    @Test
    void localDescriptorTable() {
        cpu.protectedMode(0).unit.lldt(LDT_SELECTOR);
        cpu.memory.write64(LDT_BASE + 8, descriptor(0x777, 0xFF, 0x93, 4));
        cpu.unit.loadSegment(GS, 0x0C);
        assertThat(cpu.state.segments[GS].base).isEqualTo(0x777);
        assertThat(cpu.faultOf(() -> cpu.unit.lldt(0x0C))).isEqualTo("GP(c)");
        assertThat(cpu.faultOf(() -> cpu.unit.lldt(DATA0))).isEqualTo("GP(10)");
        cpu.unit.lldt(0);
        assertThat(cpu.faultOf(() -> cpu.unit.loadSegment(GS, 0x0C))).isEqualTo("GP(c)");
    }

    @Test
    void taskRegister() {
        cpu.protectedMode(0);
        assertThat(cpu.faultOf(() -> cpu.unit.ltr(0))).isEqualTo("GP(0)");
        assertThat(cpu.faultOf(() -> cpu.unit.ltr(TSS_SELECTOR))).as("busy").isEqualTo("GP(38)");
        cpu.unit.ltr(TSS2_SELECTOR);
        assertThat(cpu.memory.read8(GDT + TSS2_SELECTOR + 5)).isEqualTo(0xEB);
        SystemFixture real = new SystemFixture();
        assertThat(real.faultOf(() -> real.unit.ltr(8))).isEqualTo("UD(0)");
    }

    @Test
    void longModeSystemDescriptorsHave64BitBases() {
        cpu.longMode(0).memory.write64(GDT + TSS2_SELECTOR + 8, 0xFFFF_8000L);
        cpu.unit.ltr(TSS2_SELECTOR);
        assertThat(cpu.state.segments[TR].base).isEqualTo(0xFFFF_8000_0000_5000L);
        assertThat(cpu.memory.read8(GDT + TSS2_SELECTOR + 5)).isEqualTo(0xEB);
    }

    @Test
    void descriptorTableRegisters() {
        cpu.protectedMode(0).memory.write16(0x9000, 0x1FF);
        cpu.memory.write32(0x9002, 0x7F12_3456);
        cpu.unit.loadDescriptorTable(true, 0x9000, 2);
        assertThat(cpu.state.idtBase).isEqualTo(0x12_3456);
        cpu.unit.loadDescriptorTable(true, 0x9000, 4);
        assertThat(cpu.state.idtBase).isEqualTo(0x7F12_3456);
        cpu.unit.storeDescriptorTable(true, 0x9100, 4);
        assertThat(cpu.memory.read16(0x9100)).isEqualTo(0x1FF);
        assertThat(cpu.memory.read32(0x9102)).isEqualTo(0x7F12_3456);
        cpu.memory.write64(0x9002, 0x1234_0000_0000_0000L);
        assertThat(cpu.faultOf(() -> cpu.unit.loadDescriptorTable(false, 0x9000, 8)))
                .isEqualTo("GP(0)");
    }

    @Test
    void larLslVerrVerw() {
        cpu.protectedMode(3);
        assertThat(cpu.unit.loadAccessRights(CODE3)).isEqualTo(0xC0_FB00);
        assertThat(cpu.unit.loadSegmentLimit(CODE3)).isEqualTo(0xFFFF_FFFFL);
        assertThat(cpu.unit.loadAccessRights(CODE0)).isEqualTo(-1);
        assertThat(cpu.unit.loadAccessRights(CONFORMING)).isNotEqualTo(-1);
        assertThat(cpu.unit.loadSegmentLimit(0)).isEqualTo(-1);
        assertThat(cpu.unit.loadSegmentLimit(TSS2_SELECTOR)).isEqualTo(0x67);
        cpu.gdt(GATE, gate(CODE0, 0, 12, 3, 0));
        assertThat(cpu.unit.loadAccessRights(GATE)).isNotEqualTo(-1);
        assertThat(cpu.unit.loadSegmentLimit(GATE)).isEqualTo(-1);
        assertThat(cpu.unit.verify(DATA3, true)).isTrue();
        assertThat(cpu.unit.verify(CODE3, true)).isFalse();
        assertThat(cpu.unit.verify(CODE3, false)).isTrue();
        assertThat(cpu.unit.verify(DATA0, false)).isFalse();
    }

    @Test
    void portsNeedIoplOrTheBitmap() {
        cpu.protectedMode(3);
        assertThat(cpu.faultOfSupplier(() -> cpu.unit.portIn(0x3F8, 1)))
                .as("no map")
                .isEqualTo("GP(0)");
        cpu.memory.write16(TSS + 0x66, 0x68);
        for (int i = 0; i < 0x200; i += 4) {
            cpu.memory.write32(TSS + 0x68 + i, -1);
        }
        cpu.memory.write8(TSS + 0x68 + 0x3F8 / 8, 0b1111_1100);
        assertThat(cpu.unit.portIn(0x3F8, 2)).isEqualTo(0x3F8);
        assertThat(cpu.faultOfSupplier(() -> cpu.unit.portIn(0x3F9, 2))).isEqualTo("GP(0)");
        cpu.state.rflags |= 3 << 12;
        assertThat(cpu.unit.portIn(0x3F9, 2)).isEqualTo(0x3F9);
    }

    @Test
    void interruptFlagInstructions() {
        cpu.protectedMode(3);
        assertThat(cpu.faultOf(() -> cpu.unit.setInterruptFlag(false))).isEqualTo("GP(0)");
        cpu.state.cr4 = 2;
        cpu.unit.setInterruptFlag(true);
        assertThat(cpu.state.rflags & (1 << 19 | IF)).as("PVI: VIF").isEqualTo(1 << 19);
        cpu.state.rflags |= 1 << 20;
        assertThat(cpu.faultOf(() -> cpu.unit.setInterruptFlag(true))).as("VIP").isEqualTo("GP(0)");
        cpu.protectedMode(0).unit.setInterruptFlag(true);
        assertThat(cpu.state.interruptShadow).isTrue();
    }

    @Test
    void popfChangesWhatTheLevelAllows() {
        cpu.protectedMode(3).unit.popFlags(0xFFFF_FFFFL, 4);
        assertThat(cpu.state.rflags).isEqualTo(2 | 0xDD5 | 1 << 14 | 1 << 18 | 1 << 21);
        cpu.protectedMode(0).unit.popFlags(0x3202, 2);
        assertThat(cpu.state.rflags & 0xFFFF).isEqualTo(0x3202);
        cpu.state.rflags |= 1 << 16;
        assertThat(cpu.unit.pushFlags(4) & 1 << 16).as("RF").isZero();
    }

    @Test
    void popfAndPushfInVirtual8086Mode() {
        cpu.virtual8086(0);
        assertThat(cpu.faultOfSupplier(() -> cpu.unit.pushFlags(2))).isEqualTo("GP(0)");
        assertThat(cpu.faultOf(() -> cpu.unit.popFlags(2, 2))).isEqualTo("GP(0)");
        cpu.state.cr4 = 1;
        cpu.unit.popFlags(IF | 1, 2);
        assertThat(cpu.state.rflags & (1 << 19 | 1)).isEqualTo(1 << 19 | 1);
        assertThat(cpu.unit.pushFlags(2) & 0x3200).isEqualTo(0x3200);
        assertThat(cpu.faultOf(() -> cpu.unit.popFlags(0x100, 2))).as("TF").isEqualTo("GP(0)");
        cpu.virtual8086(3).unit.popFlags(0, 2);
        assertThat(cpu.state.rflags & (IF | 3 << 12)).isEqualTo(3 << 12);
    }

    @Test
    void syscallAndSysret() {
        cpu.longMode(3);
        cpu.state.star = (long) CODE3 << 48 | (long) CODE64 << 32;
        cpu.state.lstar = 0xFFFF_FFFF_8100_0000L;
        cpu.state.sfmask = 0x4_7700;
        cpu.state.rflags = 0x1_0202;

        cpu.unit.syscall(0x6002);

        assertThat(cpu.state.rip).isEqualTo(0xFFFF_FFFF_8100_0000L);
        assertThat(cpu.state.gpr[RCX]).isEqualTo(0x6002);
        assertThat(cpu.state.gpr[11]).as("RF isn't saved").isEqualTo(0x202);
        assertThat(cpu.state.rflags).isEqualTo(2);
        assertThat(cpu.cs()).isEqualTo(CODE64);
        assertThat(cpu.ss()).isEqualTo(CODE64 + 8);
        assertThat(cpu.state.cpl()).isZero();

        cpu.unit.sysret(8);

        assertThat(cpu.state.rip).isEqualTo(0x6002);
        assertThat(cpu.cs()).isEqualTo(CODE3 + 16);
        assertThat(cpu.ss()).isEqualTo(CODE3 + 8);
        assertThat(cpu.state.cpl()).isEqualTo(3);
        assertThat(cpu.state.rflags).isEqualTo(0x202);
        assertThat(cpu.faultOf(() -> cpu.unit.sysret(8))).isEqualTo("GP(0)");

        cpu.unit.syscall(0);
        cpu.state.gpr[RCX] = 0x8000_0000_0000L;
        assertThat(cpu.faultOf(() -> cpu.unit.sysret(8))).isEqualTo("GP(0)");
        cpu.unit.sysret(4);
        assertThat(cpu.state.segments[CS].longMode()).isFalse();
        assertThat(cpu.faultOf(() -> cpu.unit.syscall(0)))
                .as("in compatibility mode")
                .isEqualTo("UD(0)");
    }

    @Test
    void sysenterAndSysexit() {
        cpu.protectedMode(3);
        assertThat(cpu.faultOf(cpu.unit::sysenter)).isEqualTo("GP(0)");
        cpu.state.sysenterCs = CODE0;
        cpu.state.sysenterEsp = KERNEL_STACK;
        cpu.state.sysenterEip = 0x7000;
        cpu.state.rflags |= IF;
        cpu.unit.sysenter();
        assertThat(cpu.state.cpl()).isZero();
        assertThat(cpu.state.rip).isEqualTo(0x7000);
        assertThat(cpu.rsp()).isEqualTo(KERNEL_STACK);
        assertThat(cpu.state.rflags & IF).isZero();
        cpu.state.gpr[RCX] = USER_STACK;
        cpu.state.gpr[RDX] = 0x6000;
        cpu.unit.sysexit(4);
        assertThat(cpu.state.cpl()).isEqualTo(3);
        assertThat(cpu.cs()).isEqualTo(CODE3);
        assertThat(cpu.ss()).isEqualTo(DATA3);
        assertThat(cpu.state.rip).isEqualTo(0x6000);
        assertThat(cpu.faultOf(() -> cpu.unit.sysexit(4))).isEqualTo("GP(0)");
    }

    @Test
    void swapgs() {
        cpu.longMode(0);
        cpu.state.segments[CpuState.GS].base = 1;
        cpu.state.kernelGsBase = 2;
        cpu.unit.swapgs();
        assertThat(cpu.state.segments[CpuState.GS].base).isEqualTo(2);
        assertThat(cpu.state.kernelGsBase).isEqualTo(1);
        SystemFixture user = new SystemFixture().longMode(3);
        assertThat(user.faultOf(user.unit::swapgs)).isEqualTo("GP(0)");
        SystemFixture legacy = new SystemFixture().protectedMode(0);
        assertThat(legacy.faultOf(legacy.unit::swapgs)).isEqualTo("UD(0)");
    }
}
