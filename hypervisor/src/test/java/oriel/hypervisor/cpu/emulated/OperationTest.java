package oriel.hypervisor.cpu.emulated;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import oriel.hypervisor.cpu.CpuState;

/**
 * Each operation by itself, on random operands: what the interpreter does and what its host code does are the same. There
 * is no decoder between, so that words are tried that no instruction is lowered to yet. An operation without a row here,
 * or in {@link OperationTable}, fails.
 */
class OperationTest {
    private static final int ROUNDS = Integer.getInteger("oriel.differential.rounds", 60) * 4;
    private static final int[] SLOTS = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, Op.T0, Op.T1, Op.T2, Op.T3
    };
    private static final int DATA_SIZE = 0x200;

    private final Random random = new Random(Long.getLong("oriel.differential.seed", 20265));

    /**
     * What words an operation has.
     *
     * @param sizes that it has, by bits
     * @param kinds values of {@code d}, by bits
     * @param operand where memory is: nowhere, {@code [b + (c << scale) + immediate]}, T1, on the stack
     * @param immediates most, from 0; -1: any
     */
    private record Domain(int sizes, long kinds, Memory operand, int immediates) {
        Domain(int sizes, long kinds) {
            this(sizes, kinds, Memory.NONE, -1);
        }
    }

    private enum Memory {
        NONE,
        OPERAND,
        T1,
        STACK
    }

    private static final int ANY = 15, NO_BYTES = 14, WIDE = 12;

    private static Map<Integer, Domain> domains() {
        Map<Integer, Domain> all = new TreeMap<>();
        for (int op = Op.NOP; op <= Op.LEA32; op++) {
            all.put(op, new Domain(1, 1)); // moves, and above them what has memory
        }
        all.remove(Op.MOVI64); // its operand is another word
        for (int op = Op.LD8; op <= Op.ST64; op++) {
            all.put(op, new Domain(ANY, 1, Memory.OPERAND, -1));
        }
        all.put(Op.LDW, new Domain(ANY, 15, Memory.OPERAND, -1));
        all.put(Op.LEA64, new Domain(ANY, 1));
        all.put(Op.LEA32, new Domain(ANY, 1));
        for (int op = Op.PUSH64; op <= Op.LEAVE64; op++) {
            all.put(op, new Domain(1, 1, Memory.STACK, -1));
        }
        for (int op = Op.ALU; op < Op.CMP; op++) {
            all.put(op, new Domain(1, 1));
        }
        for (int op = Op.CMP; op <= Op.TESTI; op++) {
            all.put(op, new Domain(ANY, 1));
        }
        for (int op = Op.INC64; op <= Op.DEC32; op++) {
            all.put(op, new Domain(1, 1));
        }
        for (int op = Op.SHLI64; op <= Op.ROLI32; op++) {
            all.put(op, new Domain(1, 1, Memory.NONE, (op - Op.SHLI64 & 1) == 0 ? 63 : 31));
        }
        all.put(Op.IMUL64, new Domain(1, 1));
        all.put(Op.IMUL32, new Domain(1, 1));
        for (int op = Op.CMOV; op <= Op.SETCC; op++) {
            all.put(op, new Domain(1, 0xFFFF));
        }
        all.put(Op.ALUG, new Domain(ANY, 0b1111_0111_1111));
        all.put(Op.ALUGI, new Domain(ANY, 0b0111_1111));
        all.put(Op.SHIFT, new Domain(ANY, 0xFF));
        all.put(Op.SHIFTI, new Domain(ANY, 0xFF, Memory.NONE, 63));
        all.put(Op.DOUBLE_SHIFT, new Domain(NO_BYTES, 3));
        all.put(Op.MULTIPLY, new Domain(ANY, 0xF0));
        all.put(Op.IMULG, new Domain(NO_BYTES, 1));
        all.put(Op.BIT_TEST, new Domain(NO_BYTES, 15));
        all.put(Op.BIT_TEST_I, new Domain(NO_BYTES, 15));
        all.put(Op.BIT_TEST_MEMORY, new Domain(NO_BYTES, 15, Memory.T1, -1));
        all.put(Op.BIT_SCAN, new Domain(NO_BYTES, 3));
        all.put(Op.BSWAP, new Domain(NO_BYTES, 3));
        all.put(Op.BIT_OPERATION, new Domain(NO_BYTES, (1L << BitOperation.values().length) - 1));
        all.put(Op.CRC32, new Domain(ANY, 1));
        all.put(Op.CMPXCHG, new Domain(ANY, 1));
        all.put(Op.CMPXCHG_MEMORY, new Domain(ANY, 1, Memory.T1, -1));
        all.put(Op.CMPXCHG8B, new Domain(WIDE, 1, Memory.T1, -1));
        all.put(Op.SIGN_SPREAD, new Domain(NO_BYTES, 1));
        all.put(Op.BCD, new Domain(1, 0x3F, Memory.NONE, 255));
        all.put(Op.FLAG, new Domain(1, 1 << 5 | 1 << 8 | 1 << 9 | 1 << 12 | 1 << 13));
        for (int op : new int[] {Op.LAHF, Op.SAHF, Op.SALC}) {
            all.put(op, new Domain(1, 1));
        }
        all.put(Op.RDRAND, new Domain(NO_BYTES, 1));
        return all;
    }

    /** Numbers are the constants of {@link Op} in capitals; the first of the switch outside of the hot one is the border. */
    private static Map<String, Integer> numbers() throws IllegalAccessException {
        Map<String, Integer> numbers = new TreeMap<>();
        for (Field field : Op.class.getDeclaredFields()) {
            if (Modifier.isStatic(field.getModifiers()) && field.getType() == int.class) {
                numbers.put(field.getName(), field.getInt(null));
            }
        }
        return numbers;
    }

    @Test
    void everyIntegerOperationHasOnePlace() throws Exception {
        List<String> wrong = new ArrayList<>();
        Map<Integer, Domain> domains = domains();
        numbers().forEach((name, number) -> {
            if (number < Op.ALUG || number > Op.RDRAND) {
                return;
            }
            if (OperationTable.find(number) == null) {
                wrong.add(name + " is in no family of operations");
            }
            if (!domains.containsKey(number)) {
                wrong.add(name + " has no row here: what words does it have?");
            }
        });
        assertThat(wrong).isEmpty();
        assertThat(domains.keySet()).contains(Op.ADD64, Op.SETCC, Op.ALUG, Op.RDRAND);
    }

    @Test
    void hostCodeDoesWhatTheInterpreterDoes() {
        List<String> wrong = new ArrayList<>();
        int compared = 0;
        try (OperationRunner interpreted = new OperationRunner(TranslationPolicy.NEVER);
                OperationRunner translated = new OperationRunner(TranslationPolicy.EVERYTHING)) {
            for (Map.Entry<Integer, Domain> row : domains().entrySet()) {
                int rounds = ROUNDS * Math.max(1, Long.bitCount(row.getValue().kinds) / 4);
                for (int i = 0; i < rounds; i++) {
                    long[] slots = slots();
                    long word = word(row.getKey(), row.getValue(), slots);
                    byte[] data = data(slots);
                    long flags = random.nextInt() & Flags.ARITHMETIC | 2;
                    compared++;
                    String difference = difference(
                            interpreted.run(word, slots, flags, data), translated.run(word, slots, flags, data));
                    if (!difference.isEmpty()) {
                        wrong.add("operation %d, size %d, d %d, immediate %x:%s"
                                .formatted(Op.op(word), Op.scale(word), Op.d(word), Op.immediate(word), difference));
                    }
                }
            }
        }
        assertThat(wrong.stream().limit(20))
                .as("%d of %d differ", wrong.size(), compared)
                .isEmpty();
        assertThat(compared).isGreaterThan(100 * ROUNDS);
    }

    private static String difference(OperationRunner.Result want, OperationRunner.Result got) {
        StringBuilder text = new StringBuilder();
        if (want.vector() != got.vector()) {
            text.append(" vector %d, not %d".formatted(got.vector(), want.vector()));
        }
        for (int slot : SLOTS) {
            if (want.slots()[slot] != got.slots()[slot]) {
                text.append(" slot %d is %x, not %x".formatted(slot, got.slots()[slot], want.slots()[slot]));
            }
        }
        if (want.flags() != got.flags()) {
            text.append(" flags %x, not %x".formatted(got.flags(), want.flags()));
        }
        if (!Arrays.equals(want.data(), got.data())) {
            text.append(" memory");
        }
        return text.toString();
    }

    private long value() {
        return switch (random.nextInt(6)) {
            case 0 -> random.nextInt(256);
            case 1 -> -random.nextInt(256);
            case 2 -> 1L << random.nextInt(64);
            case 3 -> (1L << random.nextInt(64)) - 1;
            case 4 -> random.nextInt(3) == 0 ? 0 : random.nextInt();
            default -> random.nextLong();
        };
    }

    private long[] slots() {
        long[] slots = new long[Op.T3 + 1];
        for (int slot : SLOTS) {
            slots[slot] = value();
        }
        return slots;
    }

    private int slot() {
        return SLOTS[random.nextInt(SLOTS.length)];
    }

    private static int one(Random random, long set) {
        int skip = random.nextInt(Long.bitCount(set));
        long rest = set;
        for (int i = 0; i < skip; i++) {
            rest &= rest - 1;
        }
        return Long.numberOfTrailingZeros(rest);
    }

    private long word(int op, Domain domain, long[] slots) {
        int size = one(random, domain.sizes);
        int kind = one(random, domain.kinds);
        int a = slot();
        int b = slot();
        int c = slot();
        int immediate = domain.immediates < 0 ? (int) value() : random.nextInt(domain.immediates + 1);
        switch (op) {
            case Op.INSERT_HIGH -> a = random.nextInt(4);
            case Op.EXTRACT_HIGH -> b = random.nextInt(4);
            case Op.DOUBLE_SHIFT -> immediate = random.nextInt(size == 3 ? 64 : 32) - (random.nextInt(3) == 0 ? 64 : 0);
            case Op.BIT_OPERATION -> {
                boolean vex = BitOperation.of(Op.word(op, 0, 0, 0, 0, kind, 0))
                        .encoding
                        .vex();
                size = vex ? Math.max(2, size) : size;
                immediate &= 0x1FF;
            }
            default -> {}
        }
        long address = TestMachine.DATA + 64 + random.nextInt(DATA_SIZE - 128);
        switch (domain.operand) {
            case OPERAND -> {
                immediate = random.nextInt(200) - 100;
                if (random.nextBoolean()) {
                    c = Op.ZERO;
                } else {
                    slots[c] = random.nextInt(100);
                }
                if (b == c) {
                    b = b == CpuState.RDI ? CpuState.RSI : CpuState.RDI;
                }
                int scale = op == Op.LDW && c == Op.ZERO ? 0 : size;
                size = scale;
                slots[b] = address - immediate - (c == Op.ZERO ? 0 : slots[c] << scale);
            }
            case T1 -> slots[Op.T1] = random.nextBoolean() ? address & -16 : address;
            case STACK -> {
                slots[CpuState.RSP] = address;
                slots[CpuState.RBP] = address + random.nextInt(32);
            }
            case NONE -> {}
        }
        return Op.word(op, a, b, c, size, kind, immediate);
    }

    /** Now and then with what a compare expects. */
    private byte[] data(long[] slots) {
        byte[] data = new byte[DATA_SIZE];
        random.nextBytes(data);
        if (random.nextInt(4) == 0) {
            for (int i = 0; i < DATA_SIZE; i++) {
                data[i] = (byte) (slots[(i & 8) == 0 ? CpuState.RAX : CpuState.RDX] >>> (i & 7) * 8);
            }
        }
        return data;
    }
}
