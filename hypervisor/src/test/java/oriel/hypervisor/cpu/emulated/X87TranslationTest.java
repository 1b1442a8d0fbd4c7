package oriel.hypervisor.cpu.emulated;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import oriel.hypervisor.cpu.CpuExit;
import oriel.hypervisor.cpu.CpuState;

/** Every x87 instruction, translated, does what the interpreter does, alone and behind others. */
class X87TranslationTest {
    private static final int ROUNDS = Integer.getInteger("oriel.differential.rounds", 6);

    private final SplittableRandom random = new SplittableRandom(87);
    private final Operands operands = new Operands(random);

    @Test
    void agreesWithTheInterpreter() {
        List<String> failures = new ArrayList<>();
        try (TestMachine expected = TestMachine.longMode(false, TranslationPolicy.NEVER);
                TestMachine actual = TestMachine.longMode(false, TranslationPolicy.EVERYTHING)) {
            CpuState initial = new CpuState();
            for (int opcode = 0xD8; opcode <= 0xDF; opcode++) {
                for (int modrm = 0; modrm < 256; modrm++) {
                    if (modrm < 0xC0 && (modrm & 7) != 3 || storesPointers(opcode, modrm)) {
                        continue; // memory at RBX only
                    }
                    for (int round = 0; round < ROUNDS; round++) {
                        ByteArrayOutputStream code = new ByteArrayOutputStream();
                        for (int i = random.nextInt(4); i > 0; i--) {
                            int before = 0xD8 + random.nextInt(8);
                            int operand = random.nextInt(0x100) | 3;
                            if (!storesPointers(before, operand)) {
                                instruction(code, before, operand);
                            }
                        }
                        instruction(code, opcode, modrm);
                        code.write(0x90);
                        code.write(0xF4);
                        randomise(initial);
                        CpuExit exit = run(expected, code.toByteArray(), initial);
                        CpuExit other = run(actual, code.toByteArray(), initial);
                        String difference = difference(expected, actual, exit, other);
                        if (!difference.isEmpty()) {
                            failures.add(HexFormat.of().formatHex(code.toByteArray()) + difference);
                        }
                    }
                }
            }
        }
        assertThat(failures).isEmpty();
    }

    /** FNSTENV and FNSAVE: pointers to the last instruction are those of the last one that Java executed. */
    private static boolean storesPointers(int opcode, int modrm) {
        return modrm < 0xC0 && (opcode == 0xD9 || opcode == 0xDD) && (modrm >> 3 & 7) == 6;
    }

    /** Tags of two bits, as whether a register is empty. */
    private static int empty(int tag) {
        return tag & tag >> 1 & 0x5555;
    }

    private void instruction(ByteArrayOutputStream code, int opcode, int modrm) {
        code.write(opcode);
        code.write(modrm);
        if (modrm >= 0x40 && modrm < 0x80) {
            code.write(random.nextInt(64));
        } else if (modrm >= 0x80 && modrm < 0xC0) {
            code.write(random.nextInt(256));
            code.write(0);
            code.write(0);
            code.write(0);
        }
    }

    private void randomise(CpuState state) {
        int style = random.nextInt(6);
        for (int i = 0; i < 8; i++) {
            state.fpSignificand[i] = operands.quadword(style) | Long.MIN_VALUE;
            state.fpSignExponent[i] = operands.extendedExponent();
        }
        int empty = random.nextInt(256);
        state.fpTag = 0;
        for (int i = 0; i < 8; i++) {
            state.fpTag |= (empty >> i & 1) * 3 << 2 * i;
        }
        int unmasked = random.nextInt(8) == 0 ? 1 << random.nextInt(6) : 0;
        state.fpControl =
                0x7F & ~unmasked | random.nextInt(4) << 10 | (random.nextInt(2) == 0 ? 3 : random.nextInt(4)) << 8;
        state.fpStatus = random.nextInt(8) << 11 | random.nextInt(8) << 8;
        for (int i = 0; i < 16; i++) {
            state.gpr[i] = random.nextLong();
        }
        state.gpr[CpuState.RBX] = TestMachine.DATA + (random.nextInt(8) == 0 ? 0xFC0 : 0x100);
        state.rflags = 2 | random.nextInt() & 0x8D5;
    }

    private static CpuExit run(TestMachine machine, byte[] code, CpuState initial) {
        CpuState state = machine.state;
        byte[] data = new byte[0x3000];
        for (int i = 0; i < data.length; i++) {
            data[i] = (byte) (i * 37 ^ i >> 3);
        }
        machine.memory.write(TestMachine.DATA, data, 0, data.length);
        machine.memory.write(TestMachine.CODE, code, 0, code.length);
        machine.enterLongMode(false);
        System.arraycopy(initial.gpr, 0, state.gpr, 0, 16);
        System.arraycopy(initial.fpSignificand, 0, state.fpSignificand, 0, 8);
        System.arraycopy(initial.fpSignExponent, 0, state.fpSignExponent, 0, 8);
        state.fpTag = initial.fpTag;
        state.fpControl = initial.fpControl;
        state.fpStatus = initial.fpStatus;
        state.rflags = initial.rflags;
        machine.cpu.stateChanged();
        return machine.cpu.run(1000);
    }

    private static String difference(TestMachine expected, TestMachine actual, CpuExit exit, CpuExit other) {
        CpuState e = expected.state;
        CpuState a = actual.state;
        StringBuilder text = new StringBuilder();
        if (exit != other || e.rip != a.rip || e.rflags != a.rflags || e.gpr[0] != a.gpr[0]) {
            text.append(" exit %s at %x, flags %x, rax %x, not %s at %x, flags %x, rax %x"
                    .formatted(other, a.rip, a.rflags, a.gpr[0], exit, e.rip, e.rflags, e.gpr[0]));
        }
        if (e.fpControl != a.fpControl || e.fpStatus != a.fpStatus || empty(e.fpTag) != empty(a.fpTag)) {
            text.append(" control %x status %x tag %x, not %x %x %x"
                    .formatted(a.fpControl, a.fpStatus, a.fpTag, e.fpControl, e.fpStatus, e.fpTag));
        }
        for (int i = 0; i < 8; i++) {
            boolean empty = (e.fpTag >> 2 * i & 3) == 3;
            if (!empty && (e.fpSignificand[i] != a.fpSignificand[i] || e.fpSignExponent[i] != a.fpSignExponent[i])) {
                text.append(" r%d %x:%x, not %x:%x"
                        .formatted(
                                i, a.fpSignExponent[i], a.fpSignificand[i], e.fpSignExponent[i], e.fpSignificand[i]));
            }
        }
        if (!Arrays.equals(memory(expected), memory(actual))) {
            text.append(" memory differs");
        }
        return text.toString();
    }

    private static byte[] memory(TestMachine machine) {
        byte[] bytes = new byte[0x3000];
        machine.memory.read(TestMachine.DATA, bytes, 0, bytes.length);
        return bytes;
    }
}
