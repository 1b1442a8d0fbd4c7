package oriel.hypervisor.cpu.emulated;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import oriel.hypervisor.cpu.CpuState;
import oriel.hypervisor.cpu.hostcode.HostFeatures;

/**
 * Every row of {@link BitOperation} against the host's processor, interpreted and translated: result and flags, in each
 * operand size, with registers and with memory in every way of addressing, and what its encoding refuses. A new row needs
 * no line here.
 */
class BitOperationTest {
    private static final int ROUNDS = Integer.getInteger("oriel.differential.rounds", 60) * 4;
    private static final long DATA = NativeRunner.DATA;
    private static final int SIZE = NativeRunner.DATA_SIZE;

    @TempDir
    Path directory;

    private final Random random = new Random(Long.getLong("oriel.differential.seed", 20264));
    private final List<NativeRunner.Case> cases = new ArrayList<>();

    private static void requireAll() {
        Set<BitOperation> missing = EnumSet.allOf(BitOperation.class);
        missing.removeAll(BitOperation.of(HostFeatures.ofThisHost()));
        assumeTrue(missing.isEmpty(), () -> "the host hasn't " + missing);
    }

    @Test
    void everyRowDoesWhatTheHostDoes() throws Exception {
        requireAll();
        for (BitOperation operation : BitOperation.values()) {
            for (int round = 0; round < ROUNDS; round++) {
                add(operation, 0);
            }
        }
        compare();
    }

    @Test
    void everyRowIsUndefinedWhereTheHostSaysSo() throws Exception {
        requireAll();
        for (BitOperation operation : BitOperation.values()) {
            if (operation.encoding.vex()) {
                refused(operation);
            }
        }
        compare();
    }

    private void refused(BitOperation operation) {
        int begin = cases.size();
        for (int prefix : new int[] {0x66, 0xF0, 0xF2, 0xF3, 0x40, 0x48}) {
            for (int round = 0; round < 4; round++) {
                add(operation, prefix);
            }
        }
        int made = cases.size();
        for (int i = begin; i < made; i++) { // VEX.L, VEX.vvvv, another map
            for (int[] bits : new int[][] {{2, 4}, {2, 0x38}, {1, 1}}) {
                add(operation, 0);
                NativeRunner.Case last = cases.getLast();
                int vex = last.code()[0] == (byte) 0xC4 ? 0 : -1;
                if (vex == 0 && (bits[0] != 2 || bits[1] != 0x38 || operation.encoding.hasImmediate())) {
                    last.code()[vex + bits[0]] ^= (byte) bits[1];
                } else {
                    cases.removeLast();
                }
            }
        }
    }

    private void compare() throws Exception {
        new NativeRunner(directory).assertSame(cases);
    }

    private void add(BitOperation operation, int before) {
        OperandEncoder encoder = new OperandEncoder(random);
        BitOperation.Encoding encoding = operation.encoding;
        int size = encoding.vex() ? 2 + random.nextInt(2) : 1 + random.nextInt(3);
        Arrays.setAll(encoder.registers, i -> EdgeValues.next(random));
        encoder.wide = size == 3;
        encoder.operandPrefix = size == 1;
        encoder.immediate = new byte[encoding.hasImmediate() ? 1 : 0];
        random.nextBytes(encoder.immediate);
        if (encoding.vex()) {
            encoder.opcode = new int[] {encoding.opcode()};
            encoder.vexMap = encoding.map();
            encoder.vexPrefix = encoding.prefix();
            encoder.vexRegister = encoding.hasImmediate() ? 0 : random.nextInt(16);
        } else {
            encoder.opcode = new int[] {0xF3, 0x0F, encoding.opcode()};
        }
        byte[] data = new byte[SIZE];
        random.nextBytes(data);
        if (random.nextInt(4) == 0) {
            Arrays.fill(data, (byte) 0);
        }
        int reg = encoding.digit() >= 0 ? encoding.digit() : random.nextInt(16);
        if (random.nextInt(3) == 0) {
            int bytes = 1 << size;
            boolean faults = random.nextInt(16) == 0;
            encoder.memory(reg, DATA + (faults ? SIZE - random.nextInt(bytes + 2) : random.nextInt(SIZE - bytes + 1)));
        } else {
            encoder.registers(reg, random.nextInt(16));
        }
        byte[] plain = encoder.code();
        byte[] code = new byte[NativeRunner.CODE_SIZE];
        Arrays.fill(code, (byte) 0x90);
        int at = before == 0 ? 0 : 1;
        code[0] = (byte) before;
        System.arraycopy(plain, 0, code, at, plain.length);
        int defined = operation.flags == 0 ? Flags.ARITHMETIC : operation.flags;
        long flags = random.nextInt() & Flags.ARITHMETIC;
        cases.add(new NativeRunner.Case(code, at + plain.length, encoder.registers, flags, data, null, defined));
    }

    /** VEX isn't recognised in real mode (Intel SDM 2A §2.3.11, table 2-21), where its bytes are an illegal LES. */
    @Test
    void isUndefinedInRealMode() {
        try (TestMachine machine = TestMachine.realMode()) {
            machine.memory.write(6 * 4, 4, 0x9000);
            machine.memory.write(0x9000, 1, 0xF4);
            machine.code(0xC4, 0xE2, 0x78, 0xF2, 0xC1).run();
            assertThat(machine.state.rip).isEqualTo(0x9001);
        }
    }

    /** In 32-bit mode W and the fourth bit of VEX.vvvv are ignored (Intel SDM 2A §2.3.5.6). */
    @Test
    void worksInProtectedMode() {
        try (TestMachine machine = TestMachine.protectedMode()) {
            machine.state.gpr[CpuState.RAX] = 0xF0F0_F0F0L;
            machine.state.gpr[CpuState.RCX] = 0xFFFF_0000L;
            machine.code(0xC4, 0xE2, 0xB8, 0xF2, 0xD1).run(); // andn edx, eax, ecx
            assertThat(machine.register(CpuState.RDX)).isEqualTo(0x0F0F_0000L);
            assertThat(machine.state.rflags & Flags.ARITHMETIC).isZero();
        }
    }

    /** What only a later instruction overwrites isn't computed, and is there when a fault shows it. */
    @Test
    void flagsAreThereWhenAFaultShowsThem() {
        try (TestMachine machine = TestMachine.longMode(false)) {
            machine.state.gpr[CpuState.RAX] = 0;
            machine.state.gpr[CpuState.RBX] = 0xFFFF_F000L; // not mapped; no IDT: shut down
            machine.load(machine.state.rip, 0xF3, 0x48, 0x0F, 0xBC, 0xC8, 0x48, 0x8B, 0x13, 0x48, 0x85, 0xD2);
            machine.cpu.run(10); // tzcnt rcx, rax; mov rdx, [rbx]; test rdx, rdx
            assertThat(machine.register(CpuState.RCX)).isEqualTo(64);
            assertThat(machine.state.rflags & (Flags.CF | Flags.ZF)).isEqualTo(Flags.CF);
        }
    }
}
