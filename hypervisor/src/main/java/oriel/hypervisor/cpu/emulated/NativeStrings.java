package oriel.hypervisor.cpu.emulated;

import static oriel.hypervisor.cpu.emulated.NativeLayout.*;
import static oriel.hypervisor.cpu.hostcode.Assembler.*;

import oriel.hypervisor.cpu.CpuState;

/** Translated REP MOVS and REP STOS that go forward and stay within a page on both sides; Java does all others. */
abstract class NativeStrings extends NativeX87 {
    private static final int PAGE = 0x1000, ABOVE = 7, REP = 0xF3;

    /** Translates an operation; false if it isn't one of these. */
    final boolean string(long w) {
        int kind = Op.d(w);
        int parts = Op.immediate(w);
        boolean forward = Op.op(w) == Op.STRING && (kind == StringUnit.MOVS || kind == StringUnit.STOS);
        if (!forward
                || (parts & 15) != InstructionReader.REP
                || (parts >> 4 & 15) != 3
                || kind == StringUnit.MOVS && parts >> 8 >= CpuState.FS) {
            return false;
        }
        int size = Op.scale(w);
        asm.immediateMemory(CMP, 2, STATE, displacement(DIRECTION), 0);
        rareBy(asm.jumpIf(NOT_EQUAL));
        int count = host(CpuState.RCX);
        asm.registers(0x85, 3, count, count);
        int none = asm.jumpIf(EQUAL);
        asm.immediate(CMP, 3, count, PAGE >> size);
        rareBy(asm.jumpIf(ABOVE));
        staysInPage(CpuState.RDI, count, size);
        if (kind == StringUnit.MOVS) {
            staysInPage(CpuState.RSI, count, size);
            get(RAX, CpuState.RSI);
            translate(1, false);
            asm.memory(STORE, 3, RAX, STATE, displacement(SITE));
            // A miss of the destination goes on here: the two may fall into the same place of the TLB.
            start = asm.position();
        }
        get(RAX, CpuState.RDI);
        translate(1, true);
        // RSI and RDI of the host have other registers of the guest.
        asm.memory(STORE, 3, RSI, STATE, displacement(CpuState.RCX));
        asm.memory(STORE, 3, RDI, STATE, displacement(CpuState.RDX));
        asm.move(RCX, count);
        asm.move(RDI, RAX);
        if (kind == StringUnit.MOVS) {
            asm.memory(LOAD, 3, RSI, STATE, displacement(SITE));
        } else {
            get(RAX, CpuState.RAX);
        }
        asm.emit(REP);
        if (size == 1) {
            asm.emit(0x66);
        } else if (size == 3) {
            asm.emit(0x48);
        }
        asm.emit((kind == StringUnit.MOVS ? 0xA4 : 0xAA) | (size == 0 ? 0 : 1));
        asm.memory(LOAD, 3, RDI, STATE, displacement(CpuState.RDX));
        asm.memory(LOAD, 3, RAX, STATE, displacement(CpuState.RCX));
        asm.registers(0xC1, 3, 4, RAX);
        asm.emit(size);
        asm.registers(0x03, 3, host(CpuState.RDI), RAX);
        if (kind == StringUnit.MOVS) {
            asm.registers(0x03, 3, host(CpuState.RSI), RAX);
        }
        asm.constant(count, 0);
        asm.land(none);
        landRare();
        return true;
    }

    private void staysInPage(int pointer, int count, int size) {
        asm.registers(LOAD, 2, RAX, host(pointer));
        asm.immediate(AND, 2, RAX, PAGE - 1);
        asm.registers(LOAD, 2, RCX, count);
        asm.registers(0xC1, 2, 4, RCX);
        asm.emit(size);
        asm.registers(0x03, 2, RAX, RCX);
        asm.immediate(CMP, 2, RAX, PAGE);
        rareBy(asm.jumpIf(ABOVE));
    }
}
