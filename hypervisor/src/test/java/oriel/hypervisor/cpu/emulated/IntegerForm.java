package oriel.hypervisor.cpu.emulated;

import static oriel.hypervisor.cpu.emulated.IntegerForm.Immediate.BYTE;
import static oriel.hypervisor.cpu.emulated.IntegerForm.Immediate.FULL;
import static oriel.hypervisor.cpu.emulated.IntegerForm.Immediate.NONE;
import static oriel.hypervisor.cpu.emulated.IntegerForm.Immediate.SIZED;
import static oriel.hypervisor.cpu.emulated.IntegerForm.Operand.IMPLICIT;
import static oriel.hypervisor.cpu.emulated.IntegerForm.Operand.MEMORY;
import static oriel.hypervisor.cpu.emulated.IntegerForm.Operand.OPCODE;
import static oriel.hypervisor.cpu.emulated.IntegerForm.Operand.REGISTER;
import static oriel.hypervisor.cpu.emulated.IntegerForm.Operand.RM;
import static oriel.hypervisor.cpu.emulated.IntegerForm.Sizes.BYTES;
import static oriel.hypervisor.cpu.emulated.IntegerForm.Sizes.STACK;
import static oriel.hypervisor.cpu.emulated.IntegerForm.Sizes.WORDS;
import static oriel.hypervisor.cpu.emulated.IntegerForm.Undefined.BIT_SCAN;
import static oriel.hypervisor.cpu.emulated.IntegerForm.Undefined.BIT_TEST;
import static oriel.hypervisor.cpu.emulated.IntegerForm.Undefined.DIVISION;
import static oriel.hypervisor.cpu.emulated.IntegerForm.Undefined.DOUBLE_SHIFT;
import static oriel.hypervisor.cpu.emulated.IntegerForm.Undefined.LOGIC;
import static oriel.hypervisor.cpu.emulated.IntegerForm.Undefined.MULTIPLICATION;
import static oriel.hypervisor.cpu.emulated.IntegerForm.Undefined.NOTHING;
import static oriel.hypervisor.cpu.emulated.IntegerForm.Undefined.ROTATION;
import static oriel.hypervisor.cpu.emulated.IntegerForm.Undefined.SHIFT;

import java.util.ArrayList;
import java.util.List;

/**
 * The table of integer instructions of 64-bit user mode, for {@link IntegerFormsTest}: every opcode that CPUID offers,
 * how its operands are encoded, and which flags Intel's manual leaves undefined.
 *
 * @param opcode bytes; a mandatory prefix comes first
 * @param digit the opcode's extension in ModRM, or -1
 * @param lockable whether LOCK may precede it with a memory operand
 * @param memory bytes of the memory operand where that isn't the operand's size, or 0
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record IntegerForm(
        String name,
        int[] opcode,
        int digit,
        Operand operand,
        Sizes sizes,
        Immediate immediate,
        Undefined undefined,
        boolean lockable,
        int memory) {
    /** Where operands are: in ModRM (either kind, memory alone, register alone), in the opcode, or nowhere. */
    enum Operand {
        RM,
        MEMORY,
        REGISTER,
        OPCODE,
        IMPLICIT
    }

    /** Operand sizes: bytes, all others, or those of stack operations (64 or 16 bits). */
    enum Sizes {
        BYTES,
        WORDS,
        STACK
    }

    /** None, a byte, as large as the operand but at most 32 bits, as large as the operand. */
    enum Immediate {
        NONE,
        BYTE,
        SIZED,
        FULL
    }

    /** What Intel's manual (SDM volumes 2A–2D, "Flags Affected") leaves undefined. */
    enum Undefined {
        /** Nothing. */
        NOTHING,
        /** AF. */
        LOGIC,
        /** SF, ZF, AF, PF. */
        MULTIPLICATION,
        /** All six. */
        DIVISION,
        /** With a count of 0 nothing; else AF, with another than 1 OF, from the operand's size on CF (but not SAR). */
        SHIFT,
        /** With another count than 0 and 1 OF. */
        ROTATION,
        /** With a count of 0 nothing; else AF, with another than 1 OF; from the operand's size on everything. */
        DOUBLE_SHIFT,
        /** OF, SF, AF, PF. */
        BIT_TEST,
        /** All but ZF; the destination too if the source is 0. */
        BIT_SCAN;

        /** The flags that are defined. */
        int defined(int count, int bits, boolean arithmeticRight) {
            int all = Flags.ARITHMETIC;
            int other = count == 1 ? all : all & ~Flags.OF;
            return switch (this) {
                case NOTHING -> all;
                case LOGIC -> all & ~Flags.AF;
                case MULTIPLICATION -> Flags.CF | Flags.OF;
                case DIVISION -> 0;
                case SHIFT ->
                    count == 0 ? all : other & ~Flags.AF & (count >= bits && !arithmeticRight ? ~Flags.CF : -1);
                case ROTATION -> count == 0 ? all : other;
                case DOUBLE_SHIFT -> count == 0 ? all : count > bits ? 0 : other & ~Flags.AF;
                case BIT_TEST -> Flags.CF | Flags.ZF;
                case BIT_SCAN -> Flags.ZF;
            };
        }
    }

    static List<IntegerForm> all() {
        List<IntegerForm> table = new ArrayList<>();
        arithmetic(table);
        shifts(table);
        moves(table);
        bits(table);
        conditions(table);
        exchanges(table);
        stack(table);
        return table;
    }

    private static void arithmetic(List<IntegerForm> table) {
        String[] names = {"ADD", "OR", "ADC", "SBB", "AND", "SUB", "XOR", "CMP"};
        for (int n = 0; n < 8; n++) {
            Undefined flags = n == 1 || n == 4 || n == 6 ? LOGIC : NOTHING;
            boolean lock = n != 7;
            int first = n << 3;
            table.add(of(names[n], RM, BYTES, NONE, flags, first).lock(lock));
            table.add(of(names[n], RM, WORDS, NONE, flags, first + 1).lock(lock));
            table.add(of(names[n], RM, BYTES, NONE, flags, first + 2));
            table.add(of(names[n], RM, WORDS, NONE, flags, first + 3));
            table.add(of(names[n], IMPLICIT, BYTES, BYTE, flags, first + 4));
            table.add(of(names[n], IMPLICIT, WORDS, SIZED, flags, first + 5));
            table.add(of(names[n], RM, BYTES, BYTE, flags, 0x80).digit(n).lock(lock));
            table.add(of(names[n], RM, WORDS, SIZED, flags, 0x81).digit(n).lock(lock));
            table.add(of(names[n], RM, WORDS, BYTE, flags, 0x83).digit(n).lock(lock));
        }
        table.add(of("TEST", RM, BYTES, NONE, LOGIC, 0x84));
        table.add(of("TEST", RM, WORDS, NONE, LOGIC, 0x85));
        table.add(of("TEST", IMPLICIT, BYTES, BYTE, LOGIC, 0xA8));
        table.add(of("TEST", IMPLICIT, WORDS, SIZED, LOGIC, 0xA9));
        for (int digit = 0; digit < 2; digit++) { // 1 is undocumented and the same
            table.add(of("TEST", RM, BYTES, BYTE, LOGIC, 0xF6).digit(digit));
            table.add(of("TEST", RM, WORDS, SIZED, LOGIC, 0xF7).digit(digit));
        }
        byteAndWords(table, of("NOT", RM, BYTES, NONE, NOTHING, 0xF6).digit(2).lock(true));
        byteAndWords(table, of("NEG", RM, BYTES, NONE, NOTHING, 0xF6).digit(3).lock(true));
        byteAndWords(table, of("MUL", RM, BYTES, NONE, MULTIPLICATION, 0xF6).digit(4));
        byteAndWords(table, of("IMUL", RM, BYTES, NONE, MULTIPLICATION, 0xF6).digit(5));
        byteAndWords(table, of("DIV", RM, BYTES, NONE, DIVISION, 0xF6).digit(6));
        byteAndWords(table, of("IDIV", RM, BYTES, NONE, DIVISION, 0xF6).digit(7));
        byteAndWords(table, of("INC", RM, BYTES, NONE, NOTHING, 0xFE).digit(0).lock(true));
        byteAndWords(table, of("DEC", RM, BYTES, NONE, NOTHING, 0xFE).digit(1).lock(true));
        table.add(of("IMUL", RM, WORDS, NONE, MULTIPLICATION, 0x0F, 0xAF));
        table.add(of("IMUL", RM, WORDS, SIZED, MULTIPLICATION, 0x69));
        table.add(of("IMUL", RM, WORDS, BYTE, MULTIPLICATION, 0x6B));
        table.add(of("CRC32", RM, BYTES, NONE, NOTHING, 0xF2, 0x0F, 0x38, 0xF0));
        table.add(of("CRC32", RM, WORDS, NONE, NOTHING, 0xF2, 0x0F, 0x38, 0xF1));
        table.add(of("POPCNT", RM, WORDS, NONE, NOTHING, 0xF3, 0x0F, 0xB8));
    }

    private static void shifts(List<IntegerForm> table) {
        String[] names = {"ROL", "ROR", "RCL", "RCR", "SHL", "SHR", "SAL", "SAR"};
        for (int n = 0; n < 8; n++) {
            Undefined flags = n < 4 ? ROTATION : SHIFT;
            byteAndWords(table, of(names[n], RM, BYTES, BYTE, flags, 0xC0).digit(n));
            byteAndWords(table, of(names[n], RM, BYTES, NONE, flags, 0xD0).digit(n));
            byteAndWords(table, of(names[n], RM, BYTES, NONE, flags, 0xD2).digit(n));
        }
        table.add(of("SHLD", RM, WORDS, BYTE, DOUBLE_SHIFT, 0x0F, 0xA4));
        table.add(of("SHLD", RM, WORDS, NONE, DOUBLE_SHIFT, 0x0F, 0xA5));
        table.add(of("SHRD", RM, WORDS, BYTE, DOUBLE_SHIFT, 0x0F, 0xAC));
        table.add(of("SHRD", RM, WORDS, NONE, DOUBLE_SHIFT, 0x0F, 0xAD));
    }

    private static void moves(List<IntegerForm> table) {
        for (int opcode = 0x88; opcode <= 0x8B; opcode++) {
            table.add(of("MOV", RM, (opcode & 1) == 0 ? BYTES : WORDS, NONE, NOTHING, opcode));
        }
        table.add(of("MOV", RM, BYTES, BYTE, NOTHING, 0xC6).digit(0));
        table.add(of("MOV", RM, WORDS, SIZED, NOTHING, 0xC7).digit(0));
        table.add(of("MOV", OPCODE, BYTES, BYTE, NOTHING, 0xB0));
        table.add(of("MOV", OPCODE, WORDS, FULL, NOTHING, 0xB8));
        table.add(of("LEA", MEMORY, WORDS, NONE, NOTHING, 0x8D));
        table.add(of("LEA", REGISTER, WORDS, NONE, NOTHING, 0x8D));
        table.add(of("MOVSXD", RM, WORDS, NONE, NOTHING, 0x63).memory(4));
        table.add(of("MOVZX", RM, WORDS, NONE, NOTHING, 0x0F, 0xB6).memory(1));
        table.add(of("MOVZX", RM, WORDS, NONE, NOTHING, 0x0F, 0xB7).memory(2));
        table.add(of("MOVSX", RM, WORDS, NONE, NOTHING, 0x0F, 0xBE).memory(1));
        table.add(of("MOVSX", RM, WORDS, NONE, NOTHING, 0x0F, 0xBF).memory(2));
        table.add(of("MOVNTI", MEMORY, WORDS, NONE, NOTHING, 0x0F, 0xC3));
        table.add(of("MOVNTI", REGISTER, WORDS, NONE, NOTHING, 0x0F, 0xC3));
        table.add(of("CBW, CWDE, CDQE", IMPLICIT, WORDS, NONE, NOTHING, 0x98));
        table.add(of("CWD, CDQ, CQO", IMPLICIT, WORDS, NONE, NOTHING, 0x99));
        for (int opcode : new int[] {0x9E, 0x9F, 0xF5, 0xF8, 0xF9, 0xFC, 0xFD}) {
            table.add(of("SAHF, LAHF, CMC, CLC, STC, CLD, STD", IMPLICIT, WORDS, NONE, NOTHING, opcode));
        }
        for (int digit = 0; digit < 8; digit++) {
            table.add(of("NOP", RM, WORDS, NONE, NOTHING, 0x0F, 0x1F).digit(digit));
            table.add(of("PREFETCH", MEMORY, WORDS, NONE, NOTHING, 0x0F, 0x18).digit(digit));
        }
        table.add(of("PREFETCHW", MEMORY, WORDS, NONE, NOTHING, 0x0F, 0x0D).digit(1));
        table.add(
                of("CLFLUSH", MEMORY, WORDS, NONE, NOTHING, 0x0F, 0xAE).digit(7).memory(1));
        for (int digit = 5; digit < 8; digit++) {
            table.add(of("LFENCE, MFENCE, SFENCE", REGISTER, WORDS, NONE, NOTHING, 0x0F, 0xAE)
                    .digit(digit));
        }
        table.add(of("PAUSE", IMPLICIT, WORDS, NONE, NOTHING, 0xF3, 0x90));
        table.add(of("ENDBR64", IMPLICIT, WORDS, NONE, NOTHING, 0xF3, 0x0F, 0x1E, 0xFA));
        table.add(of("UD2", IMPLICIT, WORDS, NONE, NOTHING, 0x0F, 0x0B));
        table.add(of("UD1", RM, WORDS, NONE, NOTHING, 0x0F, 0xB9));
    }

    private static void bits(List<IntegerForm> table) {
        for (int n = 0; n < 4; n++) {
            String name = new String[] {"BT", "BTS", "BTR", "BTC"}[n];
            table.add(of(name, RM, WORDS, NONE, BIT_TEST, 0x0F, 0xA3 + 8 * n).lock(n != 0));
            table.add(
                    of(name, RM, WORDS, BYTE, BIT_TEST, 0x0F, 0xBA).digit(4 + n).lock(n != 0));
        }
        table.add(of("BSF", RM, WORDS, NONE, BIT_SCAN, 0x0F, 0xBC));
        table.add(of("BSR", RM, WORDS, NONE, BIT_SCAN, 0x0F, 0xBD));
        table.add(of("BSWAP", OPCODE, WORDS, NONE, NOTHING, 0x0F, 0xC8));
    }

    private static void conditions(List<IntegerForm> table) {
        for (int condition = 0; condition < 16; condition++) {
            table.add(of("SETcc", RM, BYTES, NONE, NOTHING, 0x0F, 0x90 + condition));
            table.add(of("CMOVcc", RM, WORDS, NONE, NOTHING, 0x0F, 0x40 + condition));
        }
    }

    private static void exchanges(List<IntegerForm> table) {
        table.add(of("XCHG", RM, BYTES, NONE, NOTHING, 0x86).lock(true));
        table.add(of("XCHG", RM, WORDS, NONE, NOTHING, 0x87).lock(true));
        table.add(of("XCHG, NOP", OPCODE, WORDS, NONE, NOTHING, 0x90));
        table.add(of("CMPXCHG", RM, BYTES, NONE, NOTHING, 0x0F, 0xB0).lock(true));
        table.add(of("CMPXCHG", RM, WORDS, NONE, NOTHING, 0x0F, 0xB1).lock(true));
        table.add(of("XADD", RM, BYTES, NONE, NOTHING, 0x0F, 0xC0).lock(true));
        table.add(of("XADD", RM, WORDS, NONE, NOTHING, 0x0F, 0xC1).lock(true));
        table.add(of("CMPXCHG8B, CMPXCHG16B", MEMORY, WORDS, NONE, NOTHING, 0x0F, 0xC7)
                .digit(1)
                .lock(true)
                .memory(16));
        table.add(of("XLAT", IMPLICIT, BYTES, NONE, NOTHING, 0xD7));
    }

    private static void stack(List<IntegerForm> table) {
        table.add(of("PUSH", OPCODE, STACK, NONE, NOTHING, 0x50));
        table.add(of("POP", OPCODE, STACK, NONE, NOTHING, 0x58));
        table.add(of("PUSH", IMPLICIT, STACK, SIZED, NOTHING, 0x68));
        table.add(of("PUSH", IMPLICIT, STACK, BYTE, NOTHING, 0x6A));
        table.add(of("PUSH", RM, STACK, NONE, NOTHING, 0xFF).digit(6));
        table.add(of("POP", RM, STACK, NONE, NOTHING, 0x8F).digit(0));
        table.add(of("LEAVE", IMPLICIT, STACK, NONE, NOTHING, 0xC9));
        table.add(of("PUSHF", IMPLICIT, STACK, NONE, NOTHING, 0x9C));
        table.add(of("POPF", IMPLICIT, STACK, NONE, NOTHING, 0x9D));
    }

    private static IntegerForm of(
            String name, Operand operand, Sizes sizes, Immediate immediate, Undefined undefined, int... opcode) {
        return new IntegerForm(name, opcode, -1, operand, sizes, immediate, undefined, false, 0);
    }

    /** A byte form, and the one of the next opcode for other sizes. */
    private static void byteAndWords(List<IntegerForm> table, IntegerForm form) {
        table.add(form);
        int[] next = form.opcode.clone();
        next[next.length - 1]++;
        table.add(new IntegerForm(
                form.name,
                next,
                form.digit,
                form.operand,
                WORDS,
                form.immediate,
                form.undefined,
                form.lockable,
                form.memory));
    }

    private IntegerForm digit(int n) {
        return new IntegerForm(name, opcode, n, operand, sizes, immediate, undefined, lockable, memory);
    }

    private IntegerForm lock(boolean may) {
        return new IntegerForm(name, opcode, digit, operand, sizes, immediate, undefined, may, memory);
    }

    private IntegerForm memory(int bytes) {
        return new IntegerForm(name, opcode, digit, operand, sizes, immediate, undefined, lockable, bytes);
    }

    int last() {
        return opcode[opcode.length - 1];
    }

    boolean twoBytes() {
        return opcode.length > 1 && opcode[opcode.length - 2] == 0x0F;
    }
}
