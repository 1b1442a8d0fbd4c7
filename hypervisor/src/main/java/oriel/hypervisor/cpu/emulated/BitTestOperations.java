package oriel.hypervisor.cpu.emulated;

import static oriel.hypervisor.cpu.emulated.NativeLayout.*;
import static oriel.hypervisor.cpu.hostcode.Assembler.*;

/** BT BTS BTR BTC, which of them is in the word's {@code d}, BSF and BSR, BSWAP and MOVBE. */
final class BitTestOperations {
    static final Operation[] ALL = {
        new Operation(Op.BIT_TEST) {
            @Override
            void execute(ExecutionCore cpu, long w) {
                test(cpu, Op.d(w), Op.scale(w), Op.a(w), (int) cpu.registers[Op.b(w)]);
            }

            @Override
            boolean emit(NativeOperands code, long w) {
                code.loadFlags();
                int index = code.in(Op.b(w), RCX);
                int host = code.modify(Op.a(w));
                code.asm.registers(0x0FA3 | Op.d(w) << 3, Op.scale(w), index, host);
                emitTested(code, w);
                return true;
            }
        },
        new Operation(Op.BIT_TEST_I) {
            @Override
            void execute(ExecutionCore cpu, long w) {
                test(cpu, Op.d(w), Op.scale(w), Op.a(w), Op.immediate(w));
            }

            @Override
            boolean emit(NativeOperands code, long w) {
                code.loadFlags();
                code.asm.registers(0x0FBA, Op.scale(w), 4 + Op.d(w), code.modify(Op.a(w)));
                code.asm.emit(Op.immediate(w) & (8 << Op.scale(w)) - 1);
                emitTested(code, w);
                return true;
            }
        },
        // In memory at the address in T1, which the bit's number has moved already.
        new Operation(Op.BIT_TEST_MEMORY) {
            @Override
            void execute(ExecutionCore cpu, long w) {
                int bytes = 1 << Op.scale(w);
                int bit = (int) cpu.registers[Op.b(w)] & 8 * bytes - 1;
                long linear = cpu.registers[Op.T1];
                if (Op.d(w) == 0) {
                    cpu.setFlags(Flags.CF, (int) (cpu.mmu.read(linear, bytes) >>> bit) & 1);
                    return;
                }
                long value = cpu.mmu.readForWrite(linear, bytes);
                cpu.mmu.write(linear, bytes, changed(Op.d(w), value, bit));
                cpu.setFlags(Flags.CF, (int) (value >>> bit) & 1);
            }

            @Override
            boolean emit(NativeOperands code, long w) {
                int size = Op.scale(w);
                int kind = Op.d(w);
                code.get(RAX, Op.T1);
                code.translate(1 << size, kind != 0);
                code.get(RCX, Op.b(w));
                code.asm.immediate(AND, 2, RCX, (8 << size) - 1);
                code.asm.move(RDX, RAX);
                code.loadFlags();
                code.asm.memory(0x0FA3 | kind << 3, size, RCX, RDX, 0);
                code.saveFlags();
                return true;
            }

            @Override
            boolean mayFault() {
                return true;
            }
        },
        // BSR if {@code d} is 1. Only ZF changes.
        new Operation(Op.BIT_SCAN) {
            @Override
            void execute(ExecutionCore cpu, long w) {
                int size = Op.scale(w);
                long value = cpu.registers[Op.b(w)] & ExecutionCore.mask(size);
                if (value == 0) {
                    // The destination is left alone: undefined on paper, relied upon by everybody.
                    cpu.setFlags(Flags.ZF, Flags.ZF);
                    return;
                }
                boolean reverse = Op.d(w) == 1;
                cpu.put(
                        Op.a(w),
                        size,
                        reverse ? 63 - Long.numberOfLeadingZeros(value) : Long.numberOfTrailingZeros(value));
                cpu.setFlags(Flags.ZF, 0);
            }

            @Override
            boolean emit(NativeOperands code, long w) {
                int size = Op.scale(w);
                code.op(size == 1 ? 0x0FB7 : LOAD, size == 3 ? 3 : 2, RCX, Op.b(w));
                code.asm.immediateMemory(OR, 1, STATE, displacement(FLAGS), Flags.ZF << 8);
                code.asm.registers(Op.d(w) == 1 ? 0x0FBD : 0x0FBC, size == 3 ? 3 : 2, RDX, RCX);
                int zero = code.asm.jumpIf(EQUAL);
                code.put(size, Op.a(w), RDX);
                code.asm.immediateMemory(AND, 1, STATE, displacement(FLAGS), ~(Flags.ZF << 8));
                code.asm.land(zero);
                code.flagsInHost = false;
                return true;
            }
        },
        // BSWAP, or MOVBE if {@code d} is 1, which swaps 16 bits too.
        new Operation(Op.BSWAP) {
            @Override
            void execute(ExecutionCore cpu, long w) {
                long value = cpu.registers[Op.b(w)];
                cpu.registers[Op.a(w)] = switch (Op.scale(w)) {
                    // BSWAP of a 16-bit register is undefined: processors clear it.
                    case 1 -> Op.d(w) == 1 ? Short.reverseBytes((short) value) & 0xFFFF : value & ~0xFFFFL;
                    case 2 -> Integer.reverseBytes((int) value) & 0xFFFF_FFFFL;
                    default -> Long.reverseBytes(value);
                };
            }

            @Override
            boolean emit(NativeOperands code, long w) {
                int size = Op.scale(w);
                if (size < 2) {
                    return false;
                }
                code.op(LOAD, size, RAX, Op.b(w));
                code.asm.emit(size == 3 ? 0x48 : 0x40);
                code.asm.emit(0x0F);
                code.asm.emit(0xC8);
                code.set(Op.a(w), RAX);
                return true;
            }
        }
    };

    private BitTestOperations() {}

    /** Only CF is defined; ZF stays (Intel SDM 2A "BT"), and so do the others. */
    private static void test(ExecutionCore cpu, int kind, int size, int slot, int index) {
        int bit = index & (8 << size) - 1;
        long value = cpu.registers[slot];
        cpu.setFlags(Flags.CF, (int) (value >>> bit) & 1);
        if (kind != 0) {
            cpu.put(slot, size, changed(kind, value, bit));
        }
    }

    private static long changed(int kind, long value, int bit) {
        long selected = 1L << bit;
        return switch (kind) {
            case 1 -> value | selected;
            case 2 -> value & ~selected;
            default -> value ^ selected;
        };
    }

    private static void emitTested(NativeOperands code, long w) {
        if (Op.d(w) != 0) {
            if (Op.scale(w) == 2 && host(Op.a(w)) < 0) {
                code.asm.registers(LOAD, 2, RAX, RAX);
            }
            code.made(Op.a(w));
        }
        code.saveFlags();
    }
}
