package oriel.hypervisor.cpu.emulated;

import static oriel.hypervisor.cpu.emulated.NativeLayout.*;
import static oriel.hypervisor.cpu.hostcode.Assembler.*;

/** Translated CLI and PUSHF, with which a kernel keeps interrupts away: the most frequent of what Java did before. */
abstract class NativeSystem extends NativeStrings {
    /** Translates an operation; false if it isn't one of these. */
    final boolean system(long w) {
        switch (Op.op(w)) {
            case Op.CLI -> {
                // Java does it for whoever may not, or only perhaps (IOPL, virtual interrupts).
                asm.immediateMemory(CMP, 2, STATE, displacement(PRIVILEGED), 0);
                rareBy(asm.jumpIf(EQUAL));
                asm.immediateMemory(AND, 2, STATE, displacement(SYSTEM_FLAGS), ~Flags.IF);
                landRare();
            }
            case Op.PUSHF -> {
                if (Op.scale(w) != 3) {
                    return false;
                }
                asm.memory(0x0FB7, 2, RAX, STATE, displacement(FLAGS));
                asm.registers(LOAD, 2, RCX, RAX);
                asm.registers(0xC1, 2, 5, RCX);
                asm.emit(8);
                asm.immediate(AND, 2, RCX, packed(Flags.ARITHMETIC) >> 8);
                asm.immediate(AND, 2, RAX, 1);
                asm.registers(0xC1, 2, 4, RAX);
                asm.emit(11); // OF
                asm.registers(0x0B, 2, RAX, RCX);
                asm.memory(0x0B, 3, RAX, STATE, displacement(SYSTEM_FLAGS));
                set(Op.a(w), RAX);
                flagsInHost = false;
            }
            default -> {
                return false;
            }
        }
        return true;
    }
}
