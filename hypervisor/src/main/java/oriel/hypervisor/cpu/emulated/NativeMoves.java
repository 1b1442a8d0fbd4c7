package oriel.hypervisor.cpu.emulated;

import static oriel.hypervisor.cpu.emulated.NativeLayout.*;
import static oriel.hypervisor.cpu.hostcode.Assembler.*;

import oriel.hypervisor.cpu.CpuState;

/** Translated moves, extensions, loads and stores. */
abstract class NativeMoves extends NativeOperands {
    private static final int ZX8 = 0x0FB6, ZX16 = 0x0FB7, SX8 = 0x0FBE, SX16 = 0x0FBF, SX32 = 0x63;

    /**
     * Translates an operation.
     *
     * @param operand the second word of {@link Op#MOVI64}
     * @return false if it isn't one of these
     */
    final boolean move(long w, long operand) {
        int a = Op.a(w);
        int b = Op.b(w);
        switch (Op.op(w)) {
            case Op.NOP -> {}
            case Op.MOV64 -> extend(LOAD, 3, a, b);
            case Op.MOV32 -> extend(LOAD, 2, a, b);
            case Op.MOVI -> constant(a, Op.immediate(w));
            case Op.MOVI32 -> constant(a, w >>> 32);
            case Op.MOVI64 -> constant(a, operand);
            case Op.INSERT8 -> insert(0, a, b);
            case Op.INSERT16 -> insert(1, a, b);
            case Op.INSERT_HIGH -> insertHigh(a, b);
            case Op.EXTRACT_HIGH -> {
                op(LOAD, 2, RAX, b);
                asm.registers(0xC1, 2, 5, RAX);
                asm.emit(8);
                asm.registers(ZX8, 2, out(a), RAX);
                made(a);
                flagsInHost = false;
            }
            case Op.ZX8 -> extend(ZX8, 2, a, b);
            case Op.ZX16 -> extend(ZX16, 2, a, b);
            case Op.SX8 -> extend(SX8, 3, a, b);
            case Op.SX16 -> extend(SX16, 3, a, b);
            case Op.SX32 -> extend(SX32, 3, a, b);
            case Op.SX8_32 -> extend(SX8, 2, a, b);
            case Op.SX16_32 -> extend(SX16, 2, a, b);
            case Op.LD8 -> load(w, 1, false, ZX8, 2);
            case Op.LD16 -> load(w, 2, false, ZX16, 2);
            case Op.LD32 -> load(w, 4, false, LOAD, 2);
            case Op.LD64 -> load(w, 8, false, LOAD, 3);
            case Op.LD8S -> load(w, 1, false, SX8, 3);
            case Op.LD32S -> load(w, 4, false, SX32, 3);
            case Op.LD8S_32 -> load(w, 1, false, SX8, 2);
            case Op.LDW -> {
                int size = Op.d(w);
                load(w, 1 << size, true, size == 0 ? ZX8 : size == 1 ? ZX16 : LOAD, size == 3 ? 3 : 2);
            }
            case Op.ST8, Op.ST16, Op.ST32, Op.ST64 -> store(w, Op.op(w) - Op.ST8);
            case Op.LEA64, Op.LEA32 -> {
                address(w, Op.op(w) == Op.LEA64 ? 3 : 2, out(a));
                made(a);
            }
            case Op.PUSH64 -> push(() -> get(RCX, a));
            case Op.POP64 -> {
                top();
                asm.memory(LEA, 3, host(CpuState.RSP), host(CpuState.RSP), 8);
                set(a, RAX);
            }
            case Op.LEAVE64 -> {
                asm.move(RAX, host(CpuState.RBP));
                translate(8, false);
                asm.memory(LEA, 3, host(CpuState.RSP), host(CpuState.RBP), 8);
                asm.memory(LOAD, 3, host(CpuState.RBP), RAX, 0);
            }
            default -> {
                return false;
            }
        }
        return true;
    }

    private void constant(int a, long value) {
        asm.constant(out(a), value);
        made(a);
    }

    private void extend(int opcode, int size, int a, int b) {
        op(opcode, size, out(a), b);
        made(a);
    }

    private void insert(int size, int a, int b) {
        int host = host(a);
        if (host >= 0) {
            op(size == 0 ? 0x8A : LOAD, size, host, b);
        } else {
            asm.memory(size == 0 ? 0x88 : STORE, size, in(b, RAX), STATE, displacement(a));
        }
    }

    private void insertHigh(int a, int b) {
        int host = host(a);
        op(ZX8, 2, RAX, b);
        asm.registers(0xC1, 2, 4, RAX);
        asm.emit(8);
        asm.immediate(AND, 3, host, ~0xFF00);
        asm.registers(0x0B, 3, host, RAX);
        flagsInHost = false;
    }

    private void load(long w, int bytes, boolean forWrite, int opcode, int size) {
        int a = Op.a(w);
        address(w, 3, RAX);
        translate(bytes, forWrite);
        asm.memory(opcode, size, out(a), RAX, 0);
        made(a);
    }

    private void store(long w, int size) {
        address(w, 3, RAX);
        translate(1 << size, true);
        asm.memory(size == 0 ? 0x88 : STORE, size, in(Op.a(w), RCX), RAX, 0);
    }
}
