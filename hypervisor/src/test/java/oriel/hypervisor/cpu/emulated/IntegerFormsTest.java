package oriel.hypervisor.cpu.emulated;

import java.io.ByteArrayOutputStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import oriel.hypervisor.cpu.CpuState;

/**
 * Every row of {@link IntegerForm}'s table in every operand size, with registers, with memory in every way of
 * addressing, locked and not, and with what the rows have no room for (branches, string instructions, ENTER), against the
 * host's processor. {@code -Doriel.differential.rounds=n} runs more operands.
 */
class IntegerFormsTest {
    private static final int ROUNDS = Integer.getInteger("oriel.differential.rounds", 60);
    private static final long SEED = Long.getLong("oriel.differential.seed", 20263);
    private static final long CODE = NativeRunner.CODE, DATA = NativeRunner.DATA;
    private static final int SIZE = NativeRunner.DATA_SIZE;

    @TempDir
    Path directory;

    private final Random random = new Random(SEED);
    private final List<NativeRunner.Case> cases = new ArrayList<>();

    @Test
    void everyForm() throws Exception {
        for (IntegerForm form : IntegerForm.all()) {
            int sizes = form.sizes() == IntegerForm.Sizes.WORDS ? 3 : form.sizes() == IntegerForm.Sizes.STACK ? 2 : 1;
            for (int i = 0; i < sizes; i++) {
                for (int round = 0; round < ROUNDS; round++) {
                    add(form, i);
                }
            }
        }
        compare();
    }

    @Test
    void stringInstructions() throws Exception {
        for (int opcode : new int[] {0xA4, 0xA6, 0xAA, 0xAC, 0xAE}) {
            for (int size = 0; size < 4; size++) {
                for (int round = 0; round < 4 * ROUNDS; round++) {
                    string(opcode, size);
                }
            }
        }
        compare();
    }

    @Test
    void branches() throws Exception {
        for (int round = 0; round < 4 * ROUNDS; round++) {
            for (int condition = 0; condition < 16; condition++) {
                branch(new int[] {0x70 + condition}, 1);
                branch(new int[] {0x0F, 0x80 + condition}, 4);
            }
            for (int opcode = 0xE0; opcode <= 0xE3; opcode++) {
                branch(new int[] {opcode}, 1);
            }
            branch(new int[] {0xEB}, 1);
            branch(new int[] {0xE9}, 4);
            branch(new int[] {0xE8}, 4);
            indirect(2);
            indirect(4);
            nearReturn();
            enter();
        }
        compare();
    }

    /** What user mode may not do, and what there isn't in 64-bit mode. */
    @Test
    void refusedInstructions() throws Exception {
        int[] notIn64 = {0x06, 0x07, 0x0E, 0x16, 0x17, 0x1E, 0x1F, 0x27, 0x2F, 0x37, 0x3F, 0x60, 0x61, 0x82, 0x9A};
        int[] privileged = {0x6C, 0x6D, 0x6E, 0x6F, 0xE4, 0xE5, 0xE6, 0xE7, 0xEC, 0xED, 0xEE, 0xEF, 0xF4, 0xFA, 0xFB};
        for (int[] group : new int[][] {notIn64, {0xCE, 0xD4, 0xD5, 0xD6, 0xEA}, privileged}) {
            for (int opcode : group) {
                plain(opcode, 0x00, 0x00);
            }
        }
        for (int opcode : new int[] {0x06, 0x08, 0x09, 0x30, 0x32, 0x33, 0x35}) {
            plain(0x0F, opcode); // CLTS INVD WBINVD WRMSR RDMSR RDPMC SYSEXIT
        }
        for (int opcode = 0x20; opcode <= 0x23; opcode++) {
            for (int register : new int[] {0, 2, 3, 4, 7}) {
                plain(0x0F, opcode, 0xC0 | register << 3);
            }
        }
        for (int modrm : new int[] {0x10, 0x18, 0x30, 0x38, 0xF8}) {
            plain(0x0F, 0x01, modrm); // LGDT LIDT LMSW INVLPG SWAPGS
        }
        for (int modrm : new int[] {0xD0, 0xD8}) {
            plain(0x0F, 0x00, modrm); // LLDT LTR
        }
        plain(0xCC);
        compare();
    }

    private void plain(int... code) {
        long[] registers = values();
        registers[0] = registers[3] = DATA;
        registers[CpuState.RSP] = DATA + 256;
        byte[] bytes = new byte[code.length];
        for (int i = 0; i < code.length; i++) {
            bytes[i] = (byte) code[i];
        }
        add(bytes, registers, data(), Flags.ARITHMETIC);
    }

    private void compare() throws Exception {
        new NativeRunner(directory).assertSame(cases);
    }

    // ---- generation -------------------------------------------------------------------------------------------------

    private long[] values() {
        long[] registers = new long[16];
        Arrays.setAll(registers, i -> EdgeValues.next(random));
        return registers;
    }

    private byte[] data() {
        byte[] data = new byte[SIZE];
        random.nextBytes(data);
        for (int i = 0; i < SIZE; i += 8) {
            if (random.nextInt(3) == 0) {
                put(data, i, EdgeValues.next(random));
            }
        }
        return data;
    }

    private static void put(byte[] data, int at, long value) {
        for (int i = 0; i < 8 && at + i < data.length; i++) {
            data[at + i] = (byte) (value >>> 8 * i);
        }
    }

    /** Mostly within the data; now and then across its end, which faults. */
    private long operandAddress(int bytes) {
        if (random.nextInt(16) == 0) {
            return DATA + SIZE - random.nextInt(bytes + 2);
        }
        long offset = random.nextInt(SIZE - bytes + 1);
        return DATA + (random.nextBoolean() ? offset & -bytes : offset);
    }

    private void add(byte[] code, long[] registers, byte[] data, int defined) {
        byte[] padded = new byte[NativeRunner.CODE_SIZE];
        Arrays.fill(padded, (byte) 0x90);
        System.arraycopy(code, 0, padded, 0, code.length);
        long flags = random.nextInt() & Flags.ARITHMETIC;
        cases.add(new NativeRunner.Case(padded, code.length, registers, flags, data, null, defined));
    }

    private void add(IntegerForm form, int sizeIndex) {
        OperandEncoder encoder = new OperandEncoder(random);
        int size = switch (form.sizes()) {
            case BYTES -> 0;
            case WORDS -> 1 + sizeIndex;
            case STACK -> sizeIndex == 0 ? 1 : 3;
        };
        boolean byteForm = form.sizes() == IntegerForm.Sizes.BYTES;
        encoder.opcode = form.opcode();
        encoder.wide = size == 3 && (form.sizes() == IntegerForm.Sizes.WORDS || random.nextBoolean())
                || byteForm && random.nextInt(8) == 0;
        // With REX.W, and for bytes, the prefix says nothing.
        boolean ignored = (size == 3 && encoder.wide || byteForm) && random.nextInt(8) == 0;
        encoder.operandPrefix = size == 1 || ignored && !isNamedByPrefix(form);
        int immediateBytes = switch (form.immediate()) {
            case NONE -> 0;
            case BYTE -> 1;
            case SIZED -> size == 0 ? 1 : size == 1 ? 2 : 4;
            case FULL -> 1 << size;
        };
        encoder.immediate = new byte[immediateBytes];
        random.nextBytes(encoder.immediate);
        System.arraycopy(values(), 0, encoder.registers, 0, 16);
        long[] registers = encoder.registers;
        registers[CpuState.RSP] = DATA + 256 + random.nextInt(64);
        if (form.last() == 0xC9) {
            registers[CpuState.RBP] = DATA + 128 + random.nextInt(128);
        }
        int bits = 8 << size;
        boolean doubleShift = form.undefined() == IntegerForm.Undefined.DOUBLE_SHIFT;
        if (doubleShift && immediateBytes == 1) {
            encoder.immediate[0] = (byte) random.nextInt(bits + 1);
        } else if (doubleShift && size == 1) {
            registers[CpuState.RCX] = registers[CpuState.RCX] & ~31L | random.nextInt(17);
        }
        if (form.last() == 0xD7) {
            registers[CpuState.RBX] = DATA + random.nextInt(SIZE);
        }
        byte[] data = data();
        boolean memory = operands(form, encoder, size);
        if (form.last() == 0xC7 && form.digit() == 1 && random.nextBoolean()) {
            expect(encoder, size, data);
        }
        if (doubleShift && size == 1 && (registers[CpuState.RCX] & 31) > 16) {
            return; // the result is undefined, and RCX became an address's part
        }
        int defined = defined(form, encoder, size);
        if (form.undefined() == IntegerForm.Undefined.BIT_SCAN && !memory && size == 2) {
            // Whether a source of 0 clears the destination's upper half differs between makers.
            for (int i = 0; i < 16; i++) {
                registers[i] |= (registers[i] & 0xFFFF_FFFFL) == 0 ? 1 : 0;
            }
        }
        if (!form.twoBytes() && form.last() == 0x9D) {
            // POPF: no single step, no alignment check, no nested task: the host's runner can't do with them.
            int at = (int) (registers[CpuState.RSP] - DATA);
            put(data, at, random.nextInt() & 0x20_0CD5 | 0x202);
        }
        add(encoder.code(), registers, data, defined);
    }

    private static boolean isNamedByPrefix(IntegerForm form) {
        return form.opcode()[0] == 0xF2 || form.opcode()[0] == 0xF3 || form.twoBytes() && form.last() == 0xAE;
    }

    /** Encodes the operands; whether one is memory. */
    private boolean operands(IntegerForm form, OperandEncoder encoder, int size) {
        int reg = form.digit() >= 0 ? form.digit() : random.nextInt(16);
        boolean memory = form.operand() == IntegerForm.Operand.MEMORY
                || form.operand() == IntegerForm.Operand.RM && random.nextInt(3) != 0;
        encoder.lock = form.lockable() && memory ? random.nextInt(3) == 0 : random.nextInt(40) == 0;
        switch (form.operand()) {
            case IMPLICIT -> encoder.implicit();
            case OPCODE -> encoder.inOpcode(random.nextInt(16));
            default -> {
                if (!memory) {
                    encoder.registers(reg, random.nextInt(16));
                    return false;
                }
                int bytes = form.memory() != 0 ? form.memory() : 1 << size;
                // With 16 bits MOVSXD reads as many on Intel's, 32 on AMD's.
                boolean either = !form.twoBytes() && form.last() == 0x63 && size == 1;
                long address = either ? DATA + random.nextInt(SIZE - 4) : operandAddress(bytes);
                boolean bitString = form.undefined() == IntegerForm.Undefined.BIT_TEST && form.digit() < 0;
                if (bitString) {
                    // The register's bit number, whatever it is, is to reach into the data.
                    long unused = size == 3 ? 0 : random.nextLong() << (8 << size);
                    encoder.registers[reg] = unused | random.nextInt(2048) - 1024 & ExecutionCore.mask(size);
                    address = DATA + 128 + random.nextInt(128);
                }
                encoder.memory(reg, address);
            }
        }
        return memory;
    }

    /** Makes CMPXCHG8B and CMPXCHG16B find what they expect. */
    private static void expect(OperandEncoder encoder, int size, byte[] data) {
        int bytes = size == 3 ? 8 : 4;
        for (int i = 0; i + 2 * bytes <= SIZE; i += 2 * bytes) {
            put(data, i, encoder.registers[CpuState.RAX]);
            put(data, i + bytes, encoder.registers[CpuState.RDX]);
        }
    }

    private static int defined(IntegerForm form, OperandEncoder encoder, int size) {
        int bits = 8 << size;
        int opcode = form.last();
        boolean byCl = !form.twoBytes() && (opcode == 0xD2 || opcode == 0xD3)
                || form.twoBytes() && (opcode == 0xA5 || opcode == 0xAD);
        int raw =
                byCl ? (int) encoder.registers[CpuState.RCX] : encoder.immediate.length == 1 ? encoder.immediate[0] : 1;
        int count = raw & (size == 3 ? 63 : 31);
        return form.undefined().defined(count, bits, form.digit() == 7);
    }

    // ---- strings, branches, frames ----------------------------------------------------------------------------------

    private void string(int opcode, int size) {
        ByteArrayOutputStream code = new ByteArrayOutputStream();
        int repeat = random.nextInt(3);
        boolean narrow = random.nextInt(4) == 0;
        boolean down = random.nextInt(3) == 0;
        if (size == 1) {
            code.write(0x66);
        }
        if (narrow) {
            code.write(0x67);
        }
        if (repeat > 0) {
            code.write(repeat == 1 ? 0xF3 : 0xF2);
        }
        if (size == 3) {
            code.write(0x48);
        }
        code.write(size == 0 ? opcode : opcode + 1);
        long[] registers = values();
        byte[] data = data();
        if (opcode == 0xA6 || opcode == 0xAE) {
            // Long runs of equal bytes.
            Arrays.fill(data, random.nextInt(100), 300 + random.nextInt(100), (byte) registers[0]);
            registers[0] = (registers[0] & 0xFF) * 0x0101_0101_0101_0101L;
        }
        long top = narrow ? random.nextLong() << 32 : 0;
        int reach = SIZE / 4;
        registers[CpuState.RSI] = top | DATA + reach / 2 + random.nextInt(SIZE - reach);
        registers[CpuState.RDI] = top | DATA + reach / 2 + random.nextInt(SIZE - reach);
        registers[CpuState.RCX] = top | random.nextInt(Math.max(2, reach / 2 >> size));
        if (random.nextInt(12) == 0) {
            registers[CpuState.RDI] = top | DATA + SIZE - random.nextInt(24); // faults on the way
            registers[CpuState.RCX] = top | random.nextInt(8);
        }
        boolean downHere = down && (registers[CpuState.RDI] & 0xFFFF_FFFFL) < DATA + SIZE - 8;
        byte[] bytes = code.toByteArray();
        byte[] padded = new byte[NativeRunner.CODE_SIZE];
        Arrays.fill(padded, (byte) 0x90);
        System.arraycopy(bytes, 0, padded, 0, bytes.length);
        long flags = random.nextInt() & Flags.ARITHMETIC | (downHere ? Flags.DF : 0);
        cases.add(new NativeRunner.Case(padded, bytes.length, registers, flags, data, null, Flags.ARITHMETIC));
    }

    /** A branch over an instruction that leaves a trace. */
    private void branch(int[] opcode, int displacementBytes) {
        ByteArrayOutputStream code = new ByteArrayOutputStream();
        boolean counts = opcode.length == 1 && opcode[0] >= 0xE0 && opcode[0] <= 0xE3;
        if (counts && random.nextBoolean()) {
            code.write(0x67);
        }
        for (int b : opcode) {
            code.write(b);
        }
        for (int i = 0; i < displacementBytes; i++) {
            code.write(i == 0 ? 5 : 0);
        }
        code.write(0xBA); // MOV EDX, …
        for (int i = 0; i < 4; i++) {
            code.write(random.nextInt(256));
        }
        long[] registers = values();
        registers[CpuState.RSP] = DATA + 200 + random.nextInt(64);
        if (counts && random.nextBoolean()) {
            registers[CpuState.RCX] = random.nextInt(3) | (random.nextBoolean() ? random.nextLong() << 32 : 0);
        }
        add(code.toByteArray(), registers, data(), Flags.ARITHMETIC);
    }

    /** CALL or JMP through a register or memory. */
    private void indirect(int digit) {
        OperandEncoder encoder = new OperandEncoder(random);
        System.arraycopy(values(), 0, encoder.registers, 0, 16);
        encoder.registers[CpuState.RSP] = DATA + 200 + random.nextInt(64);
        encoder.opcode = new int[] {0xFF};
        byte[] data = data();
        long target = CODE + 40 + random.nextInt(16);
        if (random.nextBoolean()) {
            int register = random.nextInt(16);
            boolean far = digit == 4
                    && random.nextInt(12) == 0; // not canonical; CALL leaves a trace in memory, see docs/cpu.md
            encoder.registers[register] = far ? 0x0000_8000_0000_0000L << random.nextInt(8) : target;
            if (register == CpuState.RSP && digit == 2) {
                return;
            }
            encoder.registers(digit, register);
        } else {
            int offset = random.nextInt(SIZE - 8);
            put(data, offset, target);
            encoder.memory(digit, DATA + offset);
            if (encoder.registers[CpuState.RSP] < DATA + 16 || encoder.registers[CpuState.RSP] >= DATA + SIZE) {
                return; // RSP was an address's part
            }
        }
        add(encoder.code(), encoder.registers, data, Flags.ARITHMETIC);
    }

    private void nearReturn() {
        int extra = random.nextInt(64);
        byte[] code = random.nextBoolean() ? new byte[] {(byte) 0xC3} : new byte[] {(byte) 0xC2, (byte) extra, 0};
        long[] registers = values();
        byte[] data = data();
        int at = random.nextInt(SIZE - 72);
        registers[CpuState.RSP] = DATA + at;
        put(data, at, random.nextInt(12) == 0 ? Long.MIN_VALUE : CODE + 40 + random.nextInt(16));
        add(code, registers, data, Flags.ARITHMETIC);
    }

    private void enter() {
        int locals = random.nextInt(64);
        int level = random.nextInt(4) == 0 ? random.nextInt(256) & ~0x18 : 0;
        boolean small = random.nextInt(3) == 0;
        byte[] plain = {(byte) 0xC8, (byte) locals, 0, (byte) level};
        byte[] code = small ? new byte[] {0x66, plain[0], plain[1], plain[2], plain[3]} : plain;
        long[] registers = values();
        registers[CpuState.RSP] = DATA + 384 + random.nextInt(64);
        registers[CpuState.RBP] = DATA + 256 + random.nextInt(64);
        add(code, registers, data(), Flags.ARITHMETIC);
    }
}
