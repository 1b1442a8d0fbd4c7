package oriel.hypervisor.cpu.emulated;

import static oriel.hypervisor.cpu.emulated.NativeLayout.*;
import static oriel.hypervisor.cpu.hostcode.Assembler.*;

import oriel.hypervisor.cpu.CpuState;

/** What works on the accumulator or the flags, CRC32 and random numbers. */
final class AccumulatorOperations {
    static final Operation[] ALL = {
        new Operation(Op.CRC32) {
            @Override
            void execute(ExecutionCore cpu, long w) {
                int before = (int) cpu.registers[Op.a(w)];
                cpu.registers[Op.a(w)] = Crc32c.update(before, cpu.registers[Op.b(w)], 1 << Op.scale(w)) & 0xFFFF_FFFFL;
            }

            @Override
            boolean emit(NativeOperands code, long w) {
                int size = Op.scale(w);
                if (size < 2) {
                    return false;
                }
                code.get(RAX, Op.a(w));
                code.get(RCX, Op.b(w));
                code.asm.vector(3, 0x0F38F1, size == 3, RAX, RCX);
                code.set(Op.a(w), RAX);
                return true;
            }
        },
        // CWD CDQ CQO.
        new Operation(Op.SIGN_SPREAD) {
            @Override
            void execute(ExecutionCore cpu, long w) {
                int size = Op.scale(w);
                cpu.put(CpuState.RDX, size, cpu.registers[CpuState.RAX] << 64 - (8 << size) >> 63);
            }

            @Override
            boolean emit(NativeOperands code, long w) {
                int size = Op.scale(w);
                code.op(size == 3 ? LOAD : size == 2 ? 0x63 : 0x0FBF, 3, RAX, CpuState.RAX);
                code.asm.registers(0xC1, 3, 7, RAX);
                code.asm.emit(63);
                code.put(size, CpuState.RDX, RAX);
                code.flagsInHost = false;
                return true;
            }
        },
        // CMC CLC STC CLD STD by the opcode's low digit.
        new Operation(Op.FLAG) {
            @Override
            void execute(ExecutionCore cpu, long w) {
                cpu.materialise();
                switch (Op.d(w)) {
                    case 5 -> cpu.state.rflags ^= Flags.CF;
                    case 8 -> cpu.state.rflags &= ~(long) Flags.CF;
                    case 9 -> cpu.state.rflags |= Flags.CF;
                    case 12 -> cpu.state.rflags &= ~(long) Flags.DF;
                    default -> cpu.state.rflags |= Flags.DF;
                }
            }

            @Override
            boolean emit(NativeOperands code, long w) {
                int carry = Flags.CF << 8;
                switch (Op.d(w)) {
                    case 5 -> code.asm.immediateMemory(XOR, 1, STATE, displacement(FLAGS), carry);
                    case 8 -> code.asm.immediateMemory(AND, 1, STATE, displacement(FLAGS), ~carry);
                    case 9 -> code.asm.immediateMemory(OR, 1, STATE, displacement(FLAGS), carry);
                    default -> {
                        return false;
                    }
                }
                code.flagsInHost = false;
                return true;
            }
        },
        new Operation(Op.LAHF) {
            @Override
            void execute(ExecutionCore cpu, long w) {
                cpu.materialise();
                long flags = cpu.state.rflags & 0xD5 | 2;
                cpu.registers[CpuState.RAX] = cpu.registers[CpuState.RAX] & ~0xFF00L | flags << 8;
            }
        },
        new Operation(Op.SAHF) {
            @Override
            void execute(ExecutionCore cpu, long w) {
                cpu.setFlags(Flags.ARITHMETIC & ~Flags.OF, (int) (cpu.registers[CpuState.RAX] >>> 8) & 0xD5);
            }
        },
        new Operation(Op.SALC) {
            @Override
            void execute(ExecutionCore cpu, long w) {
                cpu.put(CpuState.RAX, 0, -cpu.carry());
            }
        },
        new Operation(Op.BCD) {
            @Override
            void execute(ExecutionCore cpu, long w) {
                decimal(cpu, Op.d(w), Op.immediate(w));
            }

            @Override
            boolean mayFault() {
                return true;
            }
        },
        // RDRAND and RDSEED.
        new Operation(Op.RDRAND) {
            @Override
            void execute(ExecutionCore cpu, long w) {
                cpu.put(Op.a(w), Op.scale(w), cpu.random.nextLong());
                cpu.setFlags(Flags.ARITHMETIC, Flags.CF);
            }
        }
    };

    private AccumulatorOperations() {}

    /** DAA DAS AAA AAS AAM AAD. */
    private static void decimal(ExecutionCore cpu, int kind, int base) {
        cpu.materialise();
        int ax = (int) cpu.registers[CpuState.RAX] & 0xFFFF;
        int al = ax & 0xFF;
        int ah = ax >> 8;
        boolean carry = (cpu.state.rflags & Flags.CF) != 0;
        boolean adjust = (al & 0xF) > 9 || (cpu.state.rflags & Flags.AF) != 0;
        int flags;
        switch (kind) {
            case 0, 1 -> {
                int sign = kind == 0 ? 1 : -1;
                boolean carryOut = carry || al > 0x99;
                int result = al;
                if (adjust) {
                    result += 6 * sign;
                    carryOut |= kind == 1 && al < 6;
                }
                if (carry || al > 0x99) {
                    result += 0x60 * sign;
                }
                al = result & 0xFF;
                flags = (carryOut ? Flags.CF : 0) | (adjust ? Flags.AF : 0);
            }
            case 2, 3 -> {
                if (adjust) {
                    ax = (kind == 2 ? ax + 0x106 : ax - 0x106) & 0xFFFF;
                }
                al = ax & 0xF;
                ah = ax >> 8;
                flags = adjust ? Flags.CF | Flags.AF : 0;
            }
            case 4 -> {
                if (base == 0) {
                    throw cpu.fault.of(GuestFault.DE, 0);
                }
                ah = al / base;
                al = al % base;
                flags = 0;
            }
            default -> {
                al = al + ah * base & 0xFF;
                ah = 0;
                flags = 0;
            }
        }
        cpu.put(CpuState.RAX, 1, ah << 8 | al);
        cpu.setFlags(Flags.ARITHMETIC, flags | Flags.resultFlags((long) al << 56, al));
    }
}
