package oriel.hypervisor.cpu.emulated;

import static oriel.hypervisor.cpu.emulated.NativeLayout.*;
import static oriel.hypervisor.cpu.hostcode.Assembler.*;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import oriel.hypervisor.cpu.CpuState;
import oriel.hypervisor.cpu.hostcode.Assembler;
import oriel.hypervisor.cpu.hostcode.HostFeatures;

/** Operands of translated code: slots, flags, memory through the TLB, and the ways out to Java. */
abstract class NativeOperands {
    private static final int LAHF = 0x9F, SAHF = 0x9E, SETO = 0x0F90;

    final Assembler asm = new Assembler();

    /** What the host can do as it is. */
    final Set<BitOperation> bitOperations = BitOperation.of(HostFeatures.ofThisHost());

    /** The host's flags are the guest's. */
    boolean flagsInHost;

    /** Arena index of the operation in progress, and where its code starts. */
    int at, start;

    /** Arena index of the block. */
    int origin;

    private int[] fixes = new int[64];
    private int fixCount;

    /** Code that is seldom run, behind the block. */
    private record Cold(int jump, int exit, int retry, boolean miss) {
        boolean sameEnd(Cold other) {
            return exit == other.exit && retry == other.retry && miss == other.miss;
        }
    }

    private final List<Cold> colds = new ArrayList<>();

    final void beginCode() {
        asm.reset();
        colds.clear();
        flagsInHost = false;
        fixCount = 0;
    }

    // ---- what depends on where the code will be ---------------------------------------------------------------------

    /** {@link TranslatedBlock#fixes}. */
    final int[] fixes() {
        return Arrays.copyOf(fixes, fixCount);
    }

    private void fix(int place, int kind) {
        if (fixCount == fixes.length) {
            fixes = Arrays.copyOf(fixes, fixCount * 2);
        }
        fixes[fixCount++] = place << 1 | kind;
    }

    /** An exit, as of a block at arena index 0. */
    final int exit(int kind, int place) {
        return NativeLayout.exit(kind, place - origin);
    }

    /** The exit is the last four bytes of the instruction just made. */
    final void exitMade() {
        fix(asm.position() - 4, 0);
    }

    /** Jumps to a stub, as from code at place 0. */
    final void toStub(int stub) {
        int jump = asm.jump();
        asm.land(jump, stub);
        fix(jump, 1);
    }

    /** Leaves to a stub with an exit in EAX. */
    final void leave(int exit, int stub) {
        asm.constant(RAX, exit);
        exitMade();
        toStub(stub);
    }

    // ---- slots ------------------------------------------------------------------------------------------------------

    /** The slot's value in a host register of the caller's. */
    final void get(int register, int slot) {
        op(LOAD, 3, register, slot);
    }

    /** A host register with the slot's value: its own, or the given one. */
    final int in(int slot, int temporary) {
        int host = host(slot);
        if (host >= 0) {
            return host;
        }
        get(temporary, slot);
        return temporary;
    }

    /** Where to make a value for a slot: its own register, or RAX. {@link #made} follows. */
    final int out(int slot) {
        int host = host(slot);
        return host >= 0 ? host : RAX;
    }

    /** Stores what was made in {@link #out}. */
    final void made(int slot) {
        if (host(slot) < 0) {
            asm.memory(STORE, 3, RAX, STATE, displacement(slot));
        }
    }

    /** Like {@link #out}, with the slot's value in it. */
    final int modify(int slot) {
        int register = out(slot);
        if (register == RAX) {
            get(RAX, slot);
        }
        return register;
    }

    final void set(int slot, int register) {
        int host = host(slot);
        if (host >= 0) {
            asm.move(host, register);
        } else {
            asm.memory(STORE, 3, register, STATE, displacement(slot));
        }
    }

    /** Writes as an instruction of that size does: 32 bits clear the upper half. Leaves the flags alone. */
    final void put(int size, int slot, int register) {
        int host = host(slot);
        if (size == 3) {
            set(slot, register);
        } else if (host >= 0) {
            asm.registers(size == 0 ? 0x8A : LOAD, size, host, register);
        } else if (size == 2) {
            asm.registers(LOAD, 2, register, register);
            asm.memory(STORE, 3, register, STATE, displacement(slot));
        } else {
            asm.memory(size == 0 ? 0x88 : STORE, size, register, STATE, displacement(slot));
        }
    }

    /** An instruction on a register and a slot as r/m. */
    final void op(int opcode, int size, int register, int slot) {
        int host = host(slot);
        if (host >= 0) {
            asm.registers(opcode, size, register, host);
        } else {
            asm.memory(opcode, size, register, STATE, displacement(slot));
        }
    }

    // ---- flags ------------------------------------------------------------------------------------------------------

    /** The host's flags become the guest's. Destroys RAX. */
    final void saveFlags() {
        asm.emit(LAHF);
        asm.registers(SETO, 0, 0, RAX);
        asm.memory(STORE, 1, RAX, STATE, displacement(FLAGS));
        flagsInHost = true;
    }

    /** The same, with the flags cleared that aren't among the defined ones: what the interpreter makes of those. */
    final void saveFlags(int defined) {
        asm.emit(LAHF);
        asm.registers(SETO, 0, 0, RAX);
        asm.immediate(AND, 2, RAX, NativeLayout.packed(defined));
        asm.memory(STORE, 1, RAX, STATE, displacement(FLAGS));
        flagsInHost = false;
    }

    /** The guest's flags become the host's. Destroys RAX. */
    final void loadFlags() {
        if (!flagsInHost) {
            asm.memory(0x0FB7, 2, RAX, STATE, displacement(FLAGS));
            asm.immediate(ADD, 0, RAX, 0x7F); // overflows if OF is to be set
            asm.emit(SAHF);
            flagsInHost = true;
        }
    }

    /** CF into the host's flags, whose others are destroyed. */
    final void loadCarry() {
        asm.memory(0x0FBA, 1, 4, STATE, displacement(FLAGS)); // no wider than what was stored: else it waits for it
        asm.emit(8);
    }

    // ---- memory -----------------------------------------------------------------------------------------------------

    /** The linear address of a memory operand into a register. Destroys RAX and RCX; the flags stay. */
    final void address(long w, int size, int register) {
        int base = Op.b(w);
        int index = Op.c(w);
        int displacement = Op.immediate(w);
        if (index == Op.ZERO) {
            if (base == Op.ZERO) {
                asm.constant(register, size == 3 ? displacement : displacement & 0xFFFF_FFFFL);
                return;
            }
            int host = in(base, RAX);
            if (displacement == 0) {
                asm.registers(LOAD, size, register, host);
            } else {
                asm.memory(LEA, size, register, host, displacement);
            }
            return;
        }
        int host = RAX;
        if (base == Op.ZERO) {
            asm.constant(RAX, 0);
        } else {
            host = in(base, RAX);
        }
        asm.indexed(LEA, size, register, host, in(index, RCX), Op.scale(w), displacement);
    }

    /**
     * RAX from linear to host address. Destroys RCX, RDX and the flags. A miss starts the operation again: nothing may
     * have changed before.
     *
     * @param bytes of the access
     */
    final void translate(int bytes, boolean write) {
        asm.registers(LOAD, 2, RCX, RAX);
        asm.registers(0xC1, 2, 5, RCX);
        asm.emit(7);
        asm.immediate(AND, 2, RCX, Tlb.INDEX_MASK << 3);
        if (bytes == 1) {
            asm.move(RDX, RAX);
        } else {
            asm.memory(LEA, 3, RDX, RAX, bytes - 1);
        }
        asm.immediate(AND, 3, RDX, -0x1000);
        asm.indexed(0x3B, 3, RDX, TLB, RCX, 0, (write ? Tlb.WRITE : Tlb.READ) * 8);
        colds.add(new Cold(asm.jumpIf(NOT_EQUAL), exit(write ? MISS_WRITE : MISS_READ, at), start, true));
        asm.indexed(0x03, 3, RAX, TLB, RCX, 0, Tlb.DELTA * 8);
        flagsInHost = false;
    }

    /** Pushes what {@code value} leaves in RCX; it may destroy RDX, not RAX. */
    final void push(Runnable value) {
        asm.memory(LEA, 3, RAX, host(CpuState.RSP), -8);
        translate(8, true);
        value.run();
        asm.memory(STORE, 3, RCX, RAX, 0);
        asm.memory(LEA, 3, host(CpuState.RSP), host(CpuState.RSP), -8);
    }

    /** RAX: what is on top of the stack. */
    final void top() {
        asm.move(RAX, host(CpuState.RSP));
        translate(8, false);
        asm.memory(LOAD, 3, RAX, RAX, 0);
    }

    // ---- ways out ---------------------------------------------------------------------------------------------------

    /** A jump made so far leaves to Java. */
    final void exitBy(int jump, int exit) {
        colds.add(new Cold(jump, exit, -1, false));
    }

    /** A jump made so far has Java execute the operation in progress; go on at what {@link #landRare} names. */
    final void rareBy(int jump) {
        colds.add(new Cold(jump, exit(RARE, at), -2, false));
    }

    /** Here goes on what {@link #rareBy} left. */
    final void landRare() {
        for (int i = 0; i < colds.size(); i++) {
            Cold cold = colds.get(i);
            if (cold.retry == -2) {
                colds.set(i, new Cold(cold.jump, cold.exit, asm.position(), false));
            }
        }
        flagsInHost = false;
        forgetGuards();
    }

    /** Java has run: what was known of its control registers isn't any more. */
    abstract void forgetGuards();

    /** Appends the code that is seldom run. */
    final void emitColds(int exitStub) {
        for (int i = 0; i < colds.size(); i++) {
            Cold cold = colds.get(i);
            asm.land(cold.jump);
            if (i + 1 < colds.size() && cold.sameEnd(colds.get(i + 1))) {
                continue; // goes on in the next one
            }
            if (cold.miss) {
                asm.memory(STORE, 3, RAX, STATE, displacement(TARGET));
            }
            if (cold.retry >= 0) {
                asm.address(RCX, cold.retry);
                asm.memory(STORE, 3, RCX, STATE, displacement(RETRY));
            }
            leave(cold.exit, exitStub);
        }
    }
}
