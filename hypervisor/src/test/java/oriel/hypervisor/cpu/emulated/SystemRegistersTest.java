package oriel.hypervisor.cpu.emulated;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static oriel.hypervisor.cpu.CpuState.*;
import static oriel.hypervisor.cpu.emulated.SystemFixture.*;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import oriel.hypervisor.cpu.CpuState;

class SystemRegistersTest {
    private final SystemFixture cpu = new SystemFixture();

    @Test
    void resetStateIsTheArchitecturalOne() {
        assertThat(cpu.state.segments[CS].base + cpu.state.rip).isEqualTo(0xFFFF_FFF0L);
        assertThat(cpu.cs()).isEqualTo(0xF000);
        assertThat(cpu.state.cr0).isEqualTo(0x6000_0010L);
        assertThat(cpu.state.gpr[RDX]).isEqualTo(CpuModel.orielV2().signature());
        assertThat(cpu.state.rflags).isEqualTo(2);
        assertThat(cpu.state.segments[DS].limit).isEqualTo(0xFFFF);
        assertThat(cpu.state.dr[6]).isEqualTo(0xFFFF_0FF0L);
        assertThat(cpu.state.dr[7]).isEqualTo(0x400);
        assertThat(cpu.state.idtLimit).isEqualTo(0xFFFF);
        assertThat(cpu.state.waitForSipi).isFalse();
    }

    @Test
    void secondProcessorWaitsForStartUp() {
        SystemUnit second = cpu.withModel(CpuModel.orielV2().withTopology(2, 1));
        second.reset();
        assertThat(cpu.state.waitForSipi).isTrue();
        second.startup(0x9A);
        assertThat(cpu.state.waitForSipi).isFalse();
        assertThat(cpu.state.segments[CS].base).isEqualTo(0x9A000);
        assertThat(cpu.cs()).isEqualTo(0x9A00);
        assertThat(cpu.state.rip).isZero();
    }

    @Test
    void entersAndLeavesLongModeInTheOrderOfTheManual() {
        cpu.protectedMode(0);
        writeMsr(0xC000_0080, 0x101);
        assertThat(cpu.faultOf(() -> cpu.unit.writeControl(0, 0x8000_0011L)))
                .as("PAE is off")
                .isEqualTo("GP(0)");
        cpu.unit.writeControl(4, 0x20);
        cpu.unit.writeControl(0, 0x8000_0011L);
        assertThat(cpu.state.efer & 0x400).as("LMA").isNotZero();
        assertThat(cpu.faultOf(() -> cpu.unit.writeControl(4, 0)))
                .as("PAE can't go")
                .isEqualTo("GP(0)");
        cpu.unit.farJump(CODE64, 0x5000, 4);
        assertThat(cpu.faultOf(() -> cpu.unit.writeControl(0, 0x11)))
                .as("in 64-bit code")
                .isEqualTo("GP(0)");
        cpu.unit.farJump(CODE0, 0x5000, 4);
        cpu.unit.writeControl(0, 0x11);
        assertThat(cpu.state.efer & 0x400).isZero();
    }

    @ParameterizedTest
    @ValueSource(longs = {0x8000_0000L, 0x2000_0011L, 0x1_0000_0011L})
    void invalidCr0IsAFault(long value) {
        cpu.protectedMode(0);
        assertThat(cpu.faultOf(() -> cpu.unit.writeControl(0, value))).isEqualTo("GP(0)");
    }

    @Test
    void reservedControlBitsAndAbsentRegistersFault() {
        cpu.longMode(0);
        assertThat(cpu.faultOf(() -> cpu.unit.writeControl(3, 1L << 41))).isEqualTo("GP(0)");
        assertThat(cpu.faultOf(() -> cpu.unit.writeControl(4, 0x20 | 1 << 18)))
                .as("OSXSAVE")
                .isEqualTo("GP(0)");
        cpu.unit = cpu.withModel(CpuModel.named("x86-64-v2"));
        assertThat(cpu.faultOf(() -> cpu.unit.writeControl(4, 0x20 | 1 << 17)))
                .as("PCIDE")
                .isEqualTo("GP(0)");
        assertThat(cpu.faultOf(() -> cpu.unit.writeControl(8, 16))).isEqualTo("GP(0)");
        assertThat(cpu.faultOfSupplier(() -> cpu.unit.readControl(1))).isEqualTo("UD(0)");
        cpu.unit.writeControl(8, 5);
        assertThat(cpu.unit.readControl(8)).isEqualTo(5);
        assertThat(cpu.interrupts.priority).isEqualTo(5);
    }

    @Test
    void pcidNeedsLongModeAndAZeroTag() {
        cpu.unit = cpu.withModel(CpuModel.orielV2());
        cpu.longMode(0);
        cpu.state.cr3 = 0x1001;
        assertThat(cpu.faultOf(() -> cpu.unit.writeControl(4, 0x2_0020))).isEqualTo("GP(0)");
        cpu.state.cr3 = 0x1000;
        cpu.unit.writeControl(4, 0x2_0020);
        int flushes = cpu.memory.flushes;
        cpu.unit.writeControl(3, 1L << 63 | 0x2005);
        assertThat(cpu.state.cr3).isEqualTo(0x2005);
        assertThat(cpu.memory.flushes).as("bit 63 keeps translations").isEqualTo(flushes);
        cpu.unit.writeControl(3, 0x3005);
        assertThat(cpu.memory.flushes).isEqualTo(flushes + 1);
    }

    @Test
    void paePointersAreChecked() {
        cpu.protectedMode(0);
        cpu.unit.checkPdptesThrough(address -> cpu.memory.read64(address));
        cpu.state.cr3 = 0x9000;
        cpu.memory.write64(0x9008, 1 | 1 << 5);
        cpu.unit.writeControl(4, 0x20);
        assertThat(cpu.faultOf(() -> cpu.unit.writeControl(0, 0x8000_0011L))).isEqualTo("GP(0)");
        cpu.memory.write64(0x9008, 0xA001);
        cpu.unit.writeControl(0, 0x8000_0011L);
        assertThat(cpu.state.efer & 0x400).isZero();
    }

    @Test
    void lmswSetsButNeverClearsProtection() {
        cpu.protectedMode(0);
        cpu.unit.loadMachineStatus(0xE);
        assertThat(cpu.state.cr0).isEqualTo(0x1F);
        cpu.unit.clts();
        assertThat(cpu.state.cr0).isEqualTo(0x17);
    }

    @Test
    void privilegedInstructionsFaultInUserCode() {
        cpu.protectedMode(3);
        assertThat(cpu.faultOfSupplier(() -> cpu.unit.readControl(0))).isEqualTo("GP(0)");
        assertThat(cpu.faultOf(() -> cpu.unit.writeControl(3, 0))).isEqualTo("GP(0)");
        assertThat(cpu.faultOf(cpu.unit::readMsr)).isEqualTo("GP(0)");
        assertThat(cpu.faultOf(() -> cpu.unit.lldt(0))).isEqualTo("GP(0)");
        assertThat(cpu.faultOf(() -> cpu.unit.loadDescriptorTable(false, 0, 4))).isEqualTo("GP(0)");
        assertThat(cpu.faultOf(() -> cpu.unit.invalidatePage(0))).isEqualTo("GP(0)");
        assertThat(cpu.faultOf(cpu.unit::requirePrivilege)).isEqualTo("GP(0)");
        assertThat(cpu.faultOfSupplier(() -> cpu.unit.readDebug(7))).isEqualTo("GP(0)");
    }

    @Test
    void debugRegistersAliasAndDetect() {
        cpu.protectedMode(0);
        cpu.unit.writeDebug(5, 0xFFFF_FFFFL);
        assertThat(cpu.state.dr[7]).isEqualTo(0xFFFF_27FFL);
        assertThat(cpu.faultOf(() -> cpu.unit.writeDebug(6, 0)))
                .as("general detect")
                .isEqualTo("DB(0)");
        assertThat(cpu.state.dr[6] & 1 << 13).isNotZero();
        cpu.state.dr[7] = 0x400;
        cpu.state.cr4 = 8;
        assertThat(cpu.faultOfSupplier(() -> cpu.unit.readDebug(4))).isEqualTo("UD(0)");
        assertThat(cpu.faultOf(() -> cpu.unit.writeDebug(7, 1L << 32))).isEqualTo("GP(0)");
    }

    @Test
    void unknownMsrsFaultAndKnownOnesKeepTheirValue() {
        cpu.longMode(0);
        assertThat(msrFault(0xC001_0015, 0)).isEqualTo(GuestFault.GP);
        assertThat(cpu.faultOf(cpu.unit::readMsr)).isEqualTo("GP(0)");
        for (int msr : new int[] {0xC000_0081, 0xC000_0082, 0xC000_0102, 0xC000_0103, 0x174, 0x175, 0x2FF, 0x3B}) {
            writeMsr(msr, 6);
            assertThat(readMsr(msr)).as("MSR %x", msr).isEqualTo(6);
        }
        writeMsr(0xC000_0101, 0xFFFF_8880_0000_0000L);
        assertThat(cpu.state.segments[GS].base).isEqualTo(0xFFFF_8880_0000_0000L);
        assertThat(msrFault(0xC000_0082, 0x8000_0000_0000L)).isEqualTo(GuestFault.GP);
        assertThat(msrFault(0xC000_0080, 1 << 13)).isEqualTo(GuestFault.GP);
        assertThat(msrFault(0xC000_0080, 0)).as("LME while paging").isEqualTo(GuestFault.GP);
        assertThat(msrFault(0x277, 2)).isEqualTo(GuestFault.GP);
        assertThat(msrFault(0x250, 7)).isEqualTo(GuestFault.GP);
        assertThat(readMsr(0x10A) & 1).as("RDCL_NO").isEqualTo(1);
    }

    /** What Linux 6.1 reads at boot without an exception handler, given our CPUID. */
    @ParameterizedTest
    @ValueSource(
            ints = {
                0x10,
                0x17,
                0x1B,
                0x3B,
                0x48,
                0x8B,
                0xCE,
                0xFE,
                0x10A,
                0x179,
                0x1A0,
                0x250,
                0x258,
                0x259,
                0x26F,
                0x277,
                0x2FF,
                0x6E0,
                0xC000_0080
            })
    void linuxReadsThese(int msr) {
        cpu.longMode(0);
        cpu.state.gpr[RCX] = msr & 0xFFFF_FFFFL;
        assertThatCode(cpu.unit::readMsr).doesNotThrowAnyException();
    }

    @Test
    void timeStampCounterFollowsTheClockOneTickANanosecond() {
        cpu.longMode(0);
        cpu.nanos += 500;
        assertThat(readMsr(0x10)).isEqualTo(500);
        writeMsr(0x10, 1_000_000);
        assertThat(readMsr(0x3B)).as("TSC_ADJUST").isEqualTo(999_500);
        writeMsr(0x3B, 0);
        cpu.nanos += 7;
        cpu.unit.rdtsc();
        assertThat(cpu.state.gpr[RAX]).isEqualTo(507);
        cpu.state.tscAux = 3;
        cpu.unit.rdtscp();
        assertThat(cpu.state.gpr[RCX]).isEqualTo(3);
        SystemFixture user = new SystemFixture().protectedMode(3);
        user.state.cr4 = 4;
        assertThat(user.faultOf(user.unit::rdtsc)).isEqualTo("GP(0)");
    }

    @Test
    void apicRegistersBelongToTheInterruptSource() {
        cpu.longMode(0);
        writeMsr(0x6E0, 0x1_2345_6789L);
        assertThat(cpu.interrupts.deadline).isEqualTo(0x1_2345_6789L);
        assertThat(msrFault(0x1B, 0xFEE0_0D00L)).as("x2APIC").isEqualTo(GuestFault.GP);
        writeMsr(0x1B, 0xFEE0_0100L);
        assertThat(cpu.interrupts.base).isEqualTo(0xFEE0_0100L);
        assertThat(cpuid(1, 0)[3] & 1 << 9)
                .as("CPUID.APIC follows the enable bit")
                .isZero();
    }

    @Test
    void cpuidNamesVendorBrandHypervisorAndClock() {
        int[] vendor = cpuid(0, 0);
        assertThat(text(vendor[1], vendor[3], vendor[2])).isEqualTo("GenuineIntel");
        assertThat(vendor[0]).isEqualTo(0x16);
        int[] hypervisor = cpuid(0x4000_0000, 0);
        assertThat(text(hypervisor[1], hypervisor[2], hypervisor[3])).isEqualTo("OrielOrielVM");
        assertThat(text(cpuid(0x8000_0002, 0)) + text(cpuid(0x8000_0003, 0)).trim())
                .startsWith("Oriel Virtual CPU");
        assertThat(cpuid(0x15, 0)).containsExactly(1, 1, 1_000_000_000, 0);
        assertThat(cpuid(0x8000_0008, 0)[0]).isEqualTo(0x3028);
        assertThat(cpuid(0x8000_0007, 0)[3]).isEqualTo(0x100);
        assertThat(cpuid(0x7FFF_FFFF, 0)).as("above the last leaf").isEqualTo(cpuid(0x16, 0));
    }

    /** The x86-64 psABI's microarchitecture level 2, and nothing that would make a guest use AVX. */
    @Test
    void cpuidOffersExactlyLevelTwo() {
        int ecx = cpuid(1, 0)[2];
        for (int bit : new int[] {0, 9, 13, 19, 20, 23}) {
            assertThat(ecx >> bit & 1).as("leaf 1 ECX bit %d", bit).isEqualTo(1);
        }
        for (int bit : new int[] {3, 12, 21, 26, 27, 28, 29}) {
            assertThat(ecx >> bit & 1).as("leaf 1 ECX bit %d", bit).isZero();
        }
        assertThat(cpuid(0x8000_0001, 0)[2] & 1).as("LAHF").isEqualTo(1);
        assertThat(cpuid(7, 0)[1] & 0x20).as("AVX2").isZero();
        assertThat(cpuid(7, 1)).containsExactly(0, 0, 0, 0);
    }

    @Test
    void cpuidTopology() {
        cpu.unit = cpu.withModel(CpuModel.orielV2().withTopology(6, 5));
        assertThat(cpuid(0xB, 0)).containsExactly(0, 1, 0x100, 5);
        assertThat(cpuid(0xB, 1)).containsExactly(3, 6, 0x201, 5);
        assertThat(cpuid(0xB, 2)).containsExactly(0, 0, 2, 5);
        assertThat(cpuid(1, 0)[1]).isEqualTo(5 << 24 | 6 << 16 | 0x800);
        assertThat(cpuid(4, 3)[0] >>> 26).isEqualTo(7);
        assertThat(cpuid(4, 4)).containsExactly(0, 0, 0, 0);
    }

    @Test
    void xgetbvIsUndefinedWithoutXsave() {
        assertThat(cpu.faultOf(cpu.unit::xgetbv)).isEqualTo("UD(0)");
        assertThat(cpu.faultOf(cpu.unit::xsetbv)).isEqualTo("UD(0)");
    }

    private int[] cpuid(int leaf, int subleaf) {
        cpu.state.gpr[RAX] = leaf;
        cpu.state.gpr[RCX] = subleaf;
        cpu.unit.cpuid();
        return new int[] {
            (int) cpu.state.gpr[RAX], (int) cpu.state.gpr[RBX], (int) cpu.state.gpr[RCX], (int) cpu.state.gpr[RDX]
        };
    }

    private static String text(int... words) {
        ByteBuffer bytes = ByteBuffer.allocate(words.length * 4).order(ByteOrder.LITTLE_ENDIAN);
        for (int word : words) {
            bytes.putInt(word);
        }
        return new String(bytes.array(), StandardCharsets.US_ASCII);
    }

    private long readMsr(int index) {
        cpu.state.gpr[RCX] = index & 0xFFFF_FFFFL;
        cpu.unit.readMsr();
        return cpu.state.gpr[RDX] << 32 | cpu.state.gpr[RAX];
    }

    private void writeMsr(int index, long value) {
        cpu.state.gpr[RCX] = index & 0xFFFF_FFFFL;
        cpu.state.gpr[RAX] = value & 0xFFFF_FFFFL;
        cpu.state.gpr[CpuState.RDX] = value >>> 32;
        cpu.unit.writeMsr();
    }

    private int msrFault(int index, long value) {
        try {
            writeMsr(index, value);
            return -1;
        } catch (GuestFault e) {
            return e.vector;
        }
    }
}
