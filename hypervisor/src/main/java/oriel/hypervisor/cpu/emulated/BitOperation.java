package oriel.hypervisor.cpu.emulated;

import static oriel.hypervisor.cpu.emulated.CpuFeature.BMI1;
import static oriel.hypervisor.cpu.emulated.CpuFeature.BMI2;
import static oriel.hypervisor.cpu.hostcode.Assembler.*;

import java.util.EnumSet;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import oriel.hypervisor.cpu.CpuState;
import oriel.hypervisor.cpu.hostcode.Assembler;
import oriel.hypervisor.cpu.hostcode.HostFeatures;

/**
 * The instructions that count, find and gather bits: POPCNT, LZCNT, BMI1 and BMI2 (Intel SDM 2A–2D). A row is all there
 * is to know of one of them: who has it, how it is encoded, which flags it defines, and what it computes. The decoder
 * looks the encoding up, the interpreter computes, the translator emits the same encoding with registers of the host, and
 * {@code BitOperationTest} compares all of that with the host's processor, row by row.
 *
 * <p>The first operand, {@code rm}, is a register or memory; the {@code other} one is the register that VEX.vvvv names.
 * Both are zero-extended, and so is the result expected to be. Flags that the manual leaves undefined are cleared.
 */
@SuppressWarnings({"ImmutableEnumChecker", "EnumOrdinal"}) // numbers only; words end with the process
enum BitOperation {
    POPCNT(CpuFeature.POPCNT, Encoding.legacy(0xB8), Flags.ARITHMETIC) {
        @Override
        long of(long rm, long other, int bits) {
            return Long.bitCount(rm);
        }
    },
    TZCNT(BMI1, Encoding.legacy(0xBC), Flags.CF | Flags.ZF) {
        @Override
        long of(long rm, long other, int bits) {
            return Math.min(Long.numberOfTrailingZeros(rm), bits);
        }

        @Override
        boolean carry(long rm, long other, int bits) {
            return rm == 0;
        }
    },
    LZCNT(CpuFeature.LZCNT, Encoding.legacy(0xBD), Flags.CF | Flags.ZF) {
        @Override
        long of(long rm, long other, int bits) {
            return Long.numberOfLeadingZeros(rm) - (64L - bits);
        }

        @Override
        boolean carry(long rm, long other, int bits) {
            return rm == 0;
        }
    },
    ANDN(BMI1, Encoding.vex(2, 0, 0xF2), Flags.SF | Flags.ZF | Flags.OF | Flags.CF) {
        @Override
        long of(long rm, long other, int bits) {
            return rm & ~other;
        }
    },
    BEXTR(BMI1, Encoding.vex(2, 0, 0xF7), Flags.ZF | Flags.OF | Flags.CF) {
        @Override
        long of(long rm, long other, int bits) {
            int start = (int) other & 0xFF;
            int length = (int) other >>> 8 & 0xFF;
            return start >= bits ? 0 : lowest(rm >>> start, length);
        }
    },
    BLSR(BMI1, Encoding.vex(2, 0, 0xF3).digit(1), Flags.SF | Flags.ZF | Flags.OF | Flags.CF) {
        @Override
        long of(long rm, long other, int bits) {
            return rm & rm - 1;
        }

        @Override
        boolean carry(long rm, long other, int bits) {
            return rm == 0;
        }
    },
    BLSMSK(BMI1, Encoding.vex(2, 0, 0xF3).digit(2), Flags.SF | Flags.ZF | Flags.OF | Flags.CF) {
        @Override
        long of(long rm, long other, int bits) {
            return lowest(rm ^ rm - 1, bits);
        }

        @Override
        boolean carry(long rm, long other, int bits) {
            return rm == 0;
        }
    },
    BLSI(BMI1, Encoding.vex(2, 0, 0xF3).digit(3), Flags.SF | Flags.ZF | Flags.OF | Flags.CF) {
        @Override
        long of(long rm, long other, int bits) {
            return rm & -rm;
        }

        @Override
        boolean carry(long rm, long other, int bits) {
            return rm != 0;
        }
    },
    BZHI(BMI2, Encoding.vex(2, 0, 0xF5), Flags.SF | Flags.ZF | Flags.OF | Flags.CF) {
        @Override
        long of(long rm, long other, int bits) {
            return lowest(rm, (int) other & 0xFF);
        }

        @Override
        boolean carry(long rm, long other, int bits) {
            return ((int) other & 0xFF) >= bits;
        }
    },
    PEXT(BMI2, Encoding.vex(2, 2, 0xF5), 0) {
        @Override
        long of(long rm, long other, int bits) {
            return Long.compress(other, rm);
        }
    },
    PDEP(BMI2, Encoding.vex(2, 3, 0xF5), 0) {
        @Override
        long of(long rm, long other, int bits) {
            return Long.expand(other, rm);
        }
    },
    /** Has two results, the high half in the register of ModRM, the low one in that of VEX.vvvv, and RDX as an operand. */
    MULX(BMI2, Encoding.vex(2, 3, 0xF6), 0) {
        @Override
        long of(long rm, long other, int bits) {
            return bits == 64 ? Math.unsignedMultiplyHigh(rm, other) : rm * other >>> 32;
        }

        @Override
        void execute(ExecutionCore cpu, long w) {
            int size = Op.scale(w);
            long rm = cpu.registers[Op.b(w)] & ExecutionCore.mask(size);
            long rdx = cpu.registers[CpuState.RDX] & ExecutionCore.mask(size);
            cpu.put(Op.c(w), size, rm * rdx);
            cpu.put(Op.a(w), size, of(rm, rdx, 8 << size));
        }

        @Override
        void emit(NativeOperands code, long w) {
            code.get(RDX, CpuState.RDX);
            int rm = code.in(Op.b(w), RAX);
            encoding.emit(code.asm, Op.scale(w), RAX, RCX, rm);
            code.set(Op.c(w), RCX);
            code.set(Op.a(w), RAX);
        }
    },
    SHLX(BMI2, Encoding.vex(2, 1, 0xF7), 0) {
        @Override
        long of(long rm, long other, int bits) {
            return lowest(rm << (other & bits - 1), bits);
        }
    },
    SARX(BMI2, Encoding.vex(2, 2, 0xF7), 0) {
        @Override
        long of(long rm, long other, int bits) {
            return lowest(rm << 64 - bits >> 64 - bits >> (other & bits - 1), bits);
        }
    },
    SHRX(BMI2, Encoding.vex(2, 3, 0xF7), 0) {
        @Override
        long of(long rm, long other, int bits) {
            return rm >>> (other & bits - 1);
        }
    },
    /** Its other operand is an immediate. */
    RORX(BMI2, Encoding.vex(3, 3, 0xF0).immediate(), 0) {
        @Override
        long of(long rm, long other, int bits) {
            int count = (int) other & bits - 1;
            return lowest(rm >>> count | rm << bits - count, bits);
        }
    };

    /** In an operation's immediate: nobody reads the flags. Below it is the instruction's own immediate. */
    private static final int WITHOUT_FLAGS = 1 << 8;

    private static final BitOperation[] ROWS = values();

    /** The operation that all rows have in common. */
    static final Operation[] ALL = {
        new Operation(Op.BIT_OPERATION) {
            @Override
            void execute(ExecutionCore cpu, long w) {
                of(w).execute(cpu, w);
            }

            @Override
            boolean emit(NativeOperands code, long w) {
                BitOperation row = of(w);
                boolean known = code.bitOperations.contains(row);
                if (known) {
                    row.emit(code, w);
                }
                return known;
            }
        }
    };

    /**
     * How an instruction is encoded.
     *
     * @param vex or with an F3 prefix, in map 1
     * @param map 1 for 0F, 2 for 0F 38, 3 for 0F 3A
     * @param prefix 0 none, 1 66, 2 F3, 3 F2, as VEX.pp
     * @param digit the opcode's extension in ModRM, with the result in the register of VEX.vvvv; -1: none, and it is in
     *     that of ModRM
     * @param hasImmediate a byte, in place of VEX.vvvv
     */
    record Encoding(boolean vex, int map, int prefix, int opcode, int digit, boolean hasImmediate) {
        static Encoding legacy(int opcode) {
            return new Encoding(false, 1, 2, opcode, -1, false);
        }

        static Encoding vex(int map, int prefix, int opcode) {
            return new Encoding(true, map, prefix, opcode, -1, false);
        }

        Encoding digit(int of) {
            return new Encoding(vex, map, prefix, opcode, of, hasImmediate);
        }

        Encoding immediate() {
            return new Encoding(vex, map, prefix, opcode, digit, true);
        }

        private boolean is(int ofMap, int ofPrefix, int ofOpcode, int ofDigit) {
            return map == ofMap && prefix == ofPrefix && opcode == ofOpcode && (digit < 0 || digit == ofDigit);
        }

        /** Makes the instruction; the other operand of one without VEX doesn't matter. */
        private void emit(Assembler asm, int size, int result, int other, int rm) {
            if (!vex) {
                if (size == 1) {
                    asm.emit(0x66);
                }
                asm.vector(prefix, 0x0F00 | opcode, size == 3, result, rm);
            } else if (digit >= 0) {
                asm.vex(map, prefix, opcode, size == 3, digit, result, rm);
            } else {
                asm.vex(map, prefix, opcode, size == 3, result, other, rm);
            }
        }
    }

    final CpuFeature feature;
    final Encoding encoding;

    /** The flags that it defines; 0 if it leaves them alone. */
    final int flags;

    BitOperation(CpuFeature feature, Encoding encoding, int flags) {
        this.feature = feature;
        this.encoding = encoding;
        this.flags = flags;
    }

    /** The result, in as many bits. */
    abstract long of(long rm, long other, int bits);

    /** CF, if it defines that. */
    boolean carry(long rm, long other, int bits) {
        return false;
    }

    /** The lowest bits of a value. */
    private static long lowest(long value, int bits) {
        return bits >= 64 ? value : value & (1L << bits) - 1;
    }

    /** The one with a VEX encoding, or null. */
    static @Nullable BitOperation ofVex(int map, int prefix, int opcode, int digit) {
        for (BitOperation each : ROWS) {
            if (each.encoding.vex && each.encoding.is(map, prefix, opcode, digit)) {
                return each;
            }
        }
        return null;
    }

    /** The one that an operation's word is about. */
    static BitOperation of(long word) {
        return ROWS[Op.d(word)];
    }

    /** Its operation, in slots; the immediate counts only where the instruction has one. */
    long word(int result, int rm, int other, int size, int immediate) {
        return Op.word(Op.BIT_OPERATION, result, rm, other, size, ordinal(), immediate);
    }

    /** The same for when nobody reads its flags. */
    static long withoutFlags(long word) {
        return word | (long) WITHOUT_FLAGS << 32;
    }

    private boolean setsFlags(long w) {
        return flags != 0 && (Op.immediate(w) & WITHOUT_FLAGS) == 0;
    }

    /** What the interpreter does. */
    void execute(ExecutionCore cpu, long w) {
        int size = Op.scale(w);
        int bits = 8 << size;
        long mask = ExecutionCore.mask(size);
        long rm = cpu.registers[Op.b(w)] & mask;
        long other = encoding.hasImmediate ? Op.immediate(w) & 0xFF : cpu.registers[Op.c(w)] & mask;
        long result = of(rm, other, bits);
        cpu.put(Op.a(w), size, result);
        if (setsFlags(w)) {
            int made = (result == 0 ? Flags.ZF : 0)
                    | ((result >>> bits - 1 & 1) != 0 ? Flags.SF : 0)
                    | (carry(rm, other, bits) ? Flags.CF : 0);
            cpu.setFlags(Flags.ARITHMETIC, made & flags);
        }
    }

    /** Those that a host has. */
    static Set<BitOperation> of(HostFeatures host) {
        Set<BitOperation> found = EnumSet.noneOf(BitOperation.class);
        for (BitOperation each : ROWS) {
            String name = each.feature == CpuFeature.LZCNT
                    ? "abm"
                    : each.feature.name().toLowerCase(Locale.ROOT);
            if (host.have(name)) {
                found.add(each);
            }
        }
        return found;
    }

    /** What the translator makes: the same instruction. */
    void emit(NativeOperands code, long w) {
        int size = Op.scale(w);
        int rm = code.in(Op.b(w), RCX);
        int other = encoding.vex && encoding.digit < 0 && !encoding.hasImmediate ? code.in(Op.c(w), RDX) : 0;
        encoding.emit(code.asm, size, RAX, other, rm);
        if (encoding.hasImmediate) {
            code.asm.emit(Op.immediate(w) & 0xFF);
        }
        code.put(size, Op.a(w), RAX);
        if (setsFlags(w)) {
            code.saveFlags(flags);
        } else if (flags != 0) {
            code.flagsInHost = false;
        }
    }
}
