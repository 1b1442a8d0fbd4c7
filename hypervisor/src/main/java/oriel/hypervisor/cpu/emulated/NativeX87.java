package oriel.hypervisor.cpu.emulated;

import static oriel.hypervisor.cpu.emulated.NativeLayout.*;
import static oriel.hypervisor.cpu.hostcode.Assembler.*;

import oriel.hypervisor.cpu.CpuState;

/**
 * Translated x87: the same instructions on the host's unit, into which the guest's state is loaded at the first of them
 * and from which it is saved when translated code leaves. Left to Java are what loads or stores the environment, and
 * transcendental functions, whose last places differ from processor to processor.
 */
abstract class NativeX87 extends NativeVectors {
    /** Translates an operation; false if it isn't one of these. */
    final boolean x87(long w) {
        if (Op.op(w) != Op.X87) {
            return false;
        }
        int opcode = 0xD8 + Op.a(w);
        int modrm = Op.immediate(w);
        if (modrm >= 0xC0) {
            return registerForm(opcode, modrm);
        }
        int reg = modrm >> 3 & 7;
        int bytes = operandBytes(opcode, reg);
        if (bytes == 0) {
            return false;
        }
        requireX87();
        get(RAX, Op.T1);
        translate(bytes, writes(opcode, reg));
        asm.memory(opcode, 2, reg, RAX, 0);
        return true;
    }

    private void requireX87() {
        asm.immediateMemory(CMP, 2, STATE, displacement(X87), X87_RESIDENT);
        guard(asm.jumpIf(NOT_EQUAL), exit(PREPARE_X87, at), start, Stub.X87);
        flagsInHost = false;
    }

    private static int operandBytes(int opcode, int reg) {
        return switch (opcode) {
            case 0xD8, 0xDA -> 4;
            case 0xD9 -> reg == 0 || reg == 2 || reg == 3 ? 4 : reg == 7 ? 2 : 0;
            case 0xDB -> reg < 4 ? 4 : reg == 5 || reg == 7 ? 10 : 0;
            case 0xDC -> 8;
            case 0xDD -> reg < 4 ? 8 : reg == 7 ? 2 : 0;
            case 0xDE -> 2;
            default -> reg < 4 ? 2 : reg == 4 || reg == 6 ? 10 : 8;
        };
    }

    private static boolean writes(int opcode, int reg) {
        return switch (opcode) {
            case 0xD9, 0xDB, 0xDD -> reg != 0 && reg != 5;
            case 0xDF -> reg != 0 && reg != 4 && reg != 5;
            default -> false;
        };
    }

    private boolean registerForm(int opcode, int modrm) {
        boolean conditional = (opcode == 0xDA || opcode == 0xDB) && modrm < 0xE0;
        boolean setsFlags = X87Unit.writesFlags(opcode, modrm);
        boolean known = switch (opcode) {
            case 0xD8 -> true;
            case 0xD9 -> modrm <= 0xD0 || isSimpleD9(modrm);
            case 0xDA -> conditional || modrm == 0xE9;
            case 0xDB -> conditional || setsFlags || modrm == 0xE2 || modrm == 0xE3;
            case 0xDC -> modrm < 0xD0 || modrm >= 0xE0;
            case 0xDD -> modrm < 0xC8 || modrm >= 0xD0 && modrm < 0xF0;
            case 0xDE -> modrm < 0xD0 || modrm == 0xD9 || modrm >= 0xE0;
            default -> setsFlags || modrm == 0xE0;
        };
        if (!known) {
            return false;
        }
        requireX87();
        if (conditional) {
            loadFlags();
        }
        asm.emit(opcode);
        asm.emit(modrm);
        if (setsFlags) {
            saveFlags();
            flagsInHost = false;
            // OF, SF and AF are cleared.
            asm.immediateMemory(AND, 1, STATE, displacement(FLAGS), (Flags.CF | Flags.PF | Flags.ZF | 2) << 8);
        } else if (opcode == 0xDF) {
            put(1, CpuState.RAX, RAX);
        }
        return true;
    }

    /** FCHS FABS FTST FXAM, constants, FDECSTP FINCSTP, FSQRT, FRNDINT FSCALE. */
    private static boolean isSimpleD9(int modrm) {
        return switch (modrm) {
            case 0xE0, 0xE1, 0xE4, 0xE5, 0xE8, 0xE9, 0xEA, 0xEB, 0xEC, 0xED, 0xEE, 0xF6, 0xF7, 0xFA, 0xFC, 0xFD -> true;
            default -> false;
        };
    }
}
