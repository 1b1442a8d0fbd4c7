package oriel.hypervisor.cpu.emulated;

import static oriel.hypervisor.cpu.emulated.NativeLayout.*;
import static oriel.hypervisor.cpu.hostcode.Assembler.*;

import oriel.hypervisor.cpu.hostcode.Assembler;

/** The code that all translated blocks share: the way in, the way out, indirect jumps. It is at the memory's beginning. */
final class NativeStubs {
    private static final int[] SAVED = {RBX, RBP, R12, R13, R14, R15};

    /** All exceptions masked, in MXCSR. */
    private static final int MASKS = 0x1F80;

    private final Assembler asm = new Assembler();
    private final byte[] bytes;
    private final int exit;
    private final int jump;
    private final int floating;
    private final int x87;

    NativeStubs() {
        emitEntry();
        exit = asm.position();
        emitExit();
        jump = asm.position();
        emitJump();
        floating = asm.position();
        emitFloating();
        x87 = asm.position();
        emitX87();
        bytes = asm.bytes();
    }

    byte[] bytes() {
        return bytes;
    }

    /** Offset of the stub that returns. */
    int exit() {
        return exit;
    }

    /** Offset of the stub that looks an instruction pointer up. */
    int jump() {
        return jump;
    }

    /** Offset of the stub that prepares floating point. */
    int floating() {
        return floating;
    }

    /** Offset of the stub that loads the x87 state. */
    int x87() {
        return x87;
    }

    /** System V calling convention: RDI registers, RSI TLB, RDX XMM, RCX jump cache, R8 where to start. */
    private void emitEntry() {
        for (int register : SAVED) {
            push(register);
        }
        asm.memory(LEA, 3, STATE, RDI, bias());
        asm.move(TLB, RSI);
        asm.memory(STORE, 3, RDX, STATE, displacement(XMM));
        asm.memory(STORE, 3, RCX, STATE, displacement(JUMPS));
        asm.move(RAX, R8);
        for (int slot = 0; slot <= Op.T0; slot++) {
            if (host(slot) >= 0) {
                asm.memory(LOAD, 3, host(slot), STATE, displacement(slot));
            }
        }
        asm.immediateMemory(CMP, 2, STATE, displacement(VECTORS), VECTORS_FLOATING);
        int integer = asm.jumpIf(NOT_EQUAL);
        exchangeMxcsr(HOST_MXCSR, GUEST_MXCSR);
        asm.land(integer);
        asm.registers(0xFF, 2, 4, RAX);
    }

    /** EAX: the exit. */
    private void emitExit() {
        asm.immediateMemory(CMP, 2, STATE, displacement(VECTORS), VECTORS_FLOATING);
        int integer = asm.jumpIf(NOT_EQUAL);
        exchangeMxcsr(GUEST_MXCSR, HOST_MXCSR);
        asm.land(integer);
        asm.immediateMemory(CMP, 2, STATE, displacement(X87), X87_RESIDENT);
        int noX87 = asm.jumpIf(NOT_EQUAL);
        // FNSAVE leaves the unit as the host's calling convention wants it.
        asm.memory(0xDD, 2, 6, STATE, displacement(X87_IMAGE));
        asm.constantMemory(2, STATE, displacement(X87), X87_READY);
        asm.land(noX87);
        for (int slot = 0; slot <= Op.T0; slot++) {
            if (host(slot) >= 0) {
                asm.memory(STORE, 3, host(slot), STATE, displacement(slot));
            }
        }
        for (int i = SAVED.length - 1; i >= 0; i--) {
            pop(SAVED[i]);
        }
        asm.emit(0xC3);
    }

    private void push(int register) {
        if (register >= 8) {
            asm.emit(0x41);
        }
        asm.emit(0x50 | register & 7);
    }

    private void pop(int register) {
        if (register >= 8) {
            asm.emit(0x41);
        }
        asm.emit(0x58 | register & 7);
    }

    /** Jumps to the block at the instruction pointer in RAX, as {@link ExecutionCore#jump} finds it. */
    private void emitJump() {
        asm.move(RCX, RAX);
        asm.registers(0xC1, 3, 5, RCX);
        asm.emit(13);
        asm.registers(0x33, 2, RCX, RAX);
        asm.immediate(AND, 2, RCX, CodeCache.JUMP_ENTRIES - 1);
        asm.registers(0xC1, 2, 4, RCX);
        asm.emit(5);
        asm.memory(0x03, 3, RCX, STATE, displacement(JUMPS));
        asm.memory(0x3B, 3, RAX, RCX, 0);
        int otherAddress = asm.jumpIf(NOT_EQUAL);
        asm.memory(LOAD, 2, RDX, RCX, 12);
        asm.memory(0x3B, 2, RDX, STATE, displacement(USER_TAG));
        int user = asm.jumpIf(EQUAL);
        asm.memory(0x3B, 2, RDX, STATE, displacement(GLOBAL_TAG));
        int otherTag = asm.jumpIf(NOT_EQUAL);
        asm.land(user);
        asm.memory(LOAD, 3, RDX, RCX, 16);
        asm.registers(0x85, 3, RDX, RDX);
        int untranslated = asm.jumpIf(EQUAL);
        asm.immediateMemory(CMP, 2, STATE, displacement(LEFT), 0);
        int exhausted = asm.jumpIf(LESS_OR_EQUAL);
        asm.immediate(AND, 3, RAX, -0x1000);
        asm.memory(STORE, 3, RAX, STATE, displacement(Op.RIP_BASE));
        asm.registers(0xFF, 2, 4, RDX);
        asm.land(otherAddress);
        asm.land(otherTag);
        asm.land(untranslated);
        asm.land(exhausted);
        asm.memory(STORE, 3, RAX, STATE, displacement(TARGET));
        asm.memory(LOAD, 2, RAX, STATE, displacement(SITE));
        asm.land(asm.jump(), exit);
    }

    /**
     * Puts the guest's MXCSR in place and goes on at RCX, or leaves by the exit in EAX if SSE is off or an exception is
     * unmasked.
     */
    private void emitFloating() {
        asm.immediateMemory(CMP, 2, STATE, displacement(VECTORS), VECTORS_READY);
        asm.land(asm.jumpIf(NOT_EQUAL), exit);
        asm.memory(LOAD, 2, RDX, STATE, displacement(GUEST_MXCSR));
        asm.immediate(AND, 2, RDX, MASKS);
        asm.immediate(CMP, 2, RDX, MASKS);
        asm.land(asm.jumpIf(NOT_EQUAL), exit);
        exchangeMxcsr(HOST_MXCSR, GUEST_MXCSR);
        asm.constantMemory(2, STATE, displacement(VECTORS), VECTORS_FLOATING);
        asm.registers(0xFF, 2, 4, RCX);
    }

    /** Loads the x87 state and goes on at RCX, or leaves by the exit in EAX for the image to be made, and then goes on. */
    private void emitX87() {
        asm.immediateMemory(CMP, 2, STATE, displacement(X87), X87_READY);
        int missing = asm.jumpIf(NOT_EQUAL);
        asm.memory(0xDD, 2, 4, STATE, displacement(X87_IMAGE));
        asm.constantMemory(2, STATE, displacement(X87), X87_RESIDENT);
        asm.registers(0xFF, 2, 4, RCX);
        asm.land(missing);
        asm.memory(STORE, 3, RCX, STATE, displacement(RETRY));
        asm.land(asm.jump(), exit);
    }

    /** Stores MXCSR into one slot and loads it from another. */
    private void exchangeMxcsr(int to, int from) {
        asm.memory(0x0FAE, 2, 3, STATE, displacement(to));
        asm.memory(0x0FAE, 2, 2, STATE, displacement(from));
    }
}
