package oriel.hypervisor.cpu.emulated;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import oriel.hypervisor.cpu.CpuState;

/**
 * Process-context identifiers (Intel SDM 3A §4.10): two address spaces that differ in one page of data, one of code and
 * one that is global. Entries that are kept are told by what they still say after the tables have changed.
 */
class ProcessContextTest {
    private static final long KEEP = 1L << 63;
    private static final int PCIDE = 1 << 17;

    /** Where the address spaces have pages of their own, one behind the other. */
    private static final long DATA = 0x80_0000, CODE = 0x80_1000, GLOBAL = 0x80_2000;

    private static final long[] ROOTS = {0x40_0000, 0x41_0000};
    private static final long FIRST = 1, SECOND = 2;

    private final TestMachine machine = TestMachine.longMode(false, CpuModel.orielV2());

    @BeforeEach
    void makeAddressSpaces() {
        for (int i = 0; i < 2; i++) {
            long root = ROOTS[i];
            machine.memory.write(root, 8, root + 0x1000 | 7);
            machine.memory.write(root + 0x1000, 8, root + 0x2000 | 7);
            for (int k = 0; k < 8; k++) {
                long table = k == 4 ? root + 0x3000 : TestMachine.TABLES + 0x3000 + k * 0x1000L;
                machine.memory.write(root + 0x2000 + k * 8L, 8, table | 7);
            }
            map(i, DATA, 0x60_0000 + i * 0x1_0000L, 7);
            map(i, CODE, 0x60_1000 + i * 0x1_0000L, 7);
            map(i, GLOBAL, 0x60_2000 + i * 0x1_0000L, 0x107);
            fill(0x60_0000 + i * 0x1_0000L, i + 1);
            fill(0x64_0000 + i * 0x1_0000L, i + 11);
        }
        machine.state.cr3 = ROOTS[0] | FIRST;
        machine.state.cr4 |= PCIDE | 0x80;
        machine.cpu.stateChanged();
        // mov %rax,%cr3; hlt
        machine.load(TestMachine.CODE, 0x0F, 0x22, 0xD8, 0xF4);
        // mov $CODE,%eax; mov DATA,%rcx; call *%rax; mov GLOBAL,%rdx; jmp .
        machine.load(
                TestMachine.CODE + 0x300,
                0xB8,
                0,
                0x10,
                0x80,
                0,
                0x48,
                0x8B,
                0x0C,
                0x25,
                0,
                0,
                0x80,
                0,
                0xFF,
                0xD0,
                0x48,
                0x8B,
                0x14,
                0x25,
                0,
                0x20,
                0x80,
                0,
                0xEB,
                0xFE);
        // invpcid (%rdi),%rsi; hlt
        machine.load(TestMachine.CODE + 0x100, 0x66, 0x0F, 0x38, 0x82, 0x37, 0xF4);
        // invlpg (%rdi); hlt
        machine.load(TestMachine.CODE + 0x200, 0x0F, 0x01, 0x3F, 0xF4);
    }

    @AfterEach
    void close() {
        machine.close();
    }

    private void map(int space, long linear, long physical, int bits) {
        machine.memory.write(ROOTS[space] + 0x3000 + (linear >> 12 & 0x1FF) * 8, 8, physical | bits);
    }

    /** A page of data, one with a function that returns the same number, and another one of data. */
    private void fill(long physical, int number) {
        machine.memory.write(physical, 8, number);
        machine.load(physical + 0x1000, 0xBB, number, 0, 0, 0, 0xC3); // mov $number,%ebx; ret
        machine.memory.write(physical + 0x2000, 8, number);
    }

    /** Has the tables of a space name other pages, whose numbers are ten more. */
    private void remap(int space) {
        map(space, DATA, 0x64_0000 + space * 0x1_0000L, 7);
        map(space, CODE, 0x64_1000 + space * 0x1_0000L, 7);
        map(space, GLOBAL, 0x64_2000 + space * 0x1_0000L, 0x107);
    }

    private void run(long rip) {
        level(0);
        machine.state.rip = rip;
        machine.state.halted = false;
        machine.run();
    }

    private void level(int privilege) {
        machine.state.segments[CpuState.CS].set(0x10 | privilege, 0, 0xFFFF_FFFFL, privilege == 0 ? 0xA09B : 0xA0FB);
        machine.state.segments[CpuState.SS].set(0x18 | privilege, 0, 0xFFFF_FFFFL, privilege == 0 ? 0xC093 : 0xC0F3);
    }

    /** What DATA, CODE and GLOBAL say to a user's program after a write to CR3. */
    private long[] load(long cr3) {
        machine.state.gpr[CpuState.RAX] = cr3;
        run(TestMachine.CODE);
        level(3);
        machine.state.halted = false;
        machine.state.rip = TestMachine.CODE + 0x300;
        machine.cpu.run(30);
        return new long[] {
            machine.register(CpuState.RCX), machine.register(CpuState.RBX), machine.register(CpuState.RDX)
        };
    }

    private long[] first(long keep) {
        return load(ROOTS[0] | FIRST | keep);
    }

    private long[] second(long keep) {
        return load(ROOTS[1] | SECOND | keep);
    }

    private void invpcid(int type, long pcid, long address) {
        machine.memory.write(TestMachine.DATA, 8, pcid);
        machine.memory.write(TestMachine.DATA + 8, 8, address);
        machine.state.gpr[CpuState.RSI] = type;
        machine.state.gpr[CpuState.RDI] = TestMachine.DATA;
        run(TestMachine.CODE + 0x100);
    }

    private void invlpg(long address) {
        machine.state.gpr[CpuState.RDI] = address;
        run(TestMachine.CODE + 0x200);
    }

    @Test
    void contextsAreApart() {
        for (int i = 0; i < 200; i++) {
            assertThat(first(i % 3 == 0 ? 0 : KEEP)).startsWith(1, 1);
            assertThat(second(i % 5 == 0 ? 0 : KEEP)).startsWith(2, 2);
        }
    }

    @Test
    void bit63KeepsTranslations() {
        first(0);
        second(0);
        remap(0);
        assertThat(first(KEEP)).as("kept").containsExactly(1, 1, 1);
        assertThat(first(0)).as("dropped, but the global page").containsExactly(11, 11, 1);
    }

    @Test
    void aWriteToCr3DropsOneContext() {
        first(0);
        second(0);
        remap(0);
        remap(1);
        assertThat(second(0)).startsWith(12, 12);
        assertThat(first(KEEP)).startsWith(1, 1);
    }

    @Test
    void invlpgDropsOfThisContextAndGlobalPages() {
        first(0);
        second(0);
        remap(0);
        remap(1);
        invlpg(DATA);
        invlpg(CODE);
        invlpg(GLOBAL);
        assertThat(second(KEEP)).containsExactly(12, 12, 12);
        assertThat(first(KEEP)[2]).isNotEqualTo(1);
    }

    @Test
    void invpcidDropsAnotherContext() {
        first(0);
        second(0);
        remap(0);
        invpcid(1, FIRST, 0);
        assertThat(first(KEEP)).startsWith(11, 11);
    }

    @Test
    void invpcidDropsAnAddressOfAnotherContext() {
        first(0);
        second(0);
        remap(0);
        invpcid(0, FIRST, DATA);
        assertThat(first(KEEP)[0]).isEqualTo(11);
    }

    @Test
    void invpcidDropsEverything() {
        first(0);
        second(0);
        remap(0);
        remap(1);
        invpcid(3, 0, 0);
        assertThat(second(KEEP)).startsWith(12, 12);
        assertThat(first(KEEP)).startsWith(11, 11);
        invpcid(2, 0, 0);
        assertThat(first(KEEP)).containsExactly(11, 11, 11);
    }

    /** More identifiers than there are contexts: the oldest ones are forgotten, none is mistaken for another. */
    @Test
    void identifiersTakeTurns() {
        for (int i = 0; i < 100; i++) {
            int space = i % 2;
            long pcid = space + 1 + 2L * (i * 7 % 20);
            assertThat(load(ROOTS[space] | pcid | (i % 3 == 0 ? 0 : KEEP))).startsWith(space + 1, space + 1);
        }
    }
}
