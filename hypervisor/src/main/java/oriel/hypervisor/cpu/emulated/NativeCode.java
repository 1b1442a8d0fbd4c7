package oriel.hypervisor.cpu.emulated;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static oriel.hypervisor.cpu.emulated.NativeLayout.*;
import static oriel.hypervisor.cpu.hostcode.Assembler.*;

import java.io.IOException;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import oriel.hypervisor.cpu.CpuState;
import oriel.hypervisor.cpu.hostcode.Assembler;
import oriel.hypervisor.cpu.hostcode.CodeMemory;

/**
 * One processor's translated code: where it is, how it is entered, and how its blocks are joined. Code is appended until
 * the memory is full; then all of it goes.
 *
 * <p>Translated code is entered by a critical downcall: the garbage collector waits for it, which the budget keeps short,
 * and moves no array meanwhile. It touches guest memory only through addresses that the TLB gives, as the interpreter
 * does, and nothing else but the arrays that it is given.
 */
@SuppressWarnings("restricted") // entering machine code is what this class is for
final class NativeCode implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(NativeCode.class);
    private static final int SIZE = 32 << 20;

    /** More than any block comes to. */
    private static final int MARGIN = 256 << 10;

    private static final MethodHandle ENTER = Linker.nativeLinker()
            .downcallHandle(
                    FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS, ADDRESS, ADDRESS, JAVA_LONG),
                    Linker.Option.critical(true));

    private static final int[] SAVED = {RBX, RBP, R12, R13, R14, R15};

    private final CodeMemory memory;
    private final BlockTranslator translator = new BlockTranslator();
    private final MemorySegment entry;
    private final MemorySegment registers;
    private final MemorySegment xmm;
    private final MemorySegment jumps;
    private final int exitStub;
    private final int jumpStub;
    private final int firstFree;
    private int free;

    private long blocks;
    private long bytes;
    private long nanos;
    private long flushes;

    private NativeCode(CodeMemory memory, CpuState state, long[] jumps) {
        this.memory = memory;
        this.registers = MemorySegment.ofArray(state.gpr);
        this.xmm = MemorySegment.ofArray(state.xmm);
        this.jumps = MemorySegment.ofArray(jumps);
        Assembler asm = new Assembler();
        emitEntry(asm);
        exitStub = asm.position();
        emitExit(asm);
        jumpStub = asm.position();
        emitJump(asm);
        memory.write(0, asm.bytes());
        entry = MemorySegment.ofAddress(memory.address());
        firstFree = asm.position() + 63 & ~63;
        free = firstFree;
    }

    /** Room for the translations of a processor with this state; null where the host's code can't be made. */
    static @Nullable NativeCode of(CpuState state, long[] jumps) {
        if (!System.getProperty("os.arch").toLowerCase(Locale.ROOT).matches("amd64|x86_64")) {
            return null;
        }
        try {
            return new NativeCode(new CodeMemory(SIZE), state, jumps);
        } catch (IOException e) {
            LOG.warn("{}; guests are interpreted", e.getMessage());
            return null;
        }
    }

    // ---- stubs ------------------------------------------------------------------------------------------------------

    /** System V calling convention: RDI registers, RSI TLB, RDX XMM, RCX jump cache, R8 where to start. */
    private static void emitEntry(Assembler asm) {
        for (int register : SAVED) {
            push(asm, register);
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
        asm.registers(0xFF, 2, 4, RAX);
    }

    /** EAX: the exit. */
    private static void emitExit(Assembler asm) {
        for (int slot = 0; slot <= Op.T0; slot++) {
            if (host(slot) >= 0) {
                asm.memory(STORE, 3, host(slot), STATE, displacement(slot));
            }
        }
        for (int i = SAVED.length - 1; i >= 0; i--) {
            pop(asm, SAVED[i]);
        }
        asm.emit(0xC3);
    }

    private static void push(Assembler asm, int register) {
        if (register >= 8) {
            asm.emit(0x41);
        }
        asm.emit(0x50 | register & 7);
    }

    private static void pop(Assembler asm, int register) {
        if (register >= 8) {
            asm.emit(0x41);
        }
        asm.emit(0x58 | register & 7);
    }

    /** Jumps to the block at the instruction pointer in RAX, as {@link ExecutionCore#jump} finds it. */
    private void emitJump(Assembler asm) {
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
        asm.land(asm.jump(), exitStub);
    }

    // ---- use --------------------------------------------------------------------------------------------------------

    /** Whether another block has room. */
    boolean hasRoom() {
        return free + MARGIN <= memory.size();
    }

    /**
     * Translates a block.
     *
     * @return offset of its code
     */
    int translate(CodeCache.Block block, long[] arena) {
        long begin = System.nanoTime();
        int place = free;
        BlockTranslator.Code code = translator.translate(arena, block.start + 1, block.end, place, exitStub, jumpStub);
        memory.write(place, code.bytes());
        block.nativeAt = place;
        block.nativeLeave = place + code.leave();
        block.nativeTaken = code.taken() < 0 ? 0 : place + code.taken();
        block.nativeNotTaken = code.notTaken() < 0 ? 0 : place + code.notTaken();
        free = place + code.bytes().length + 15 & ~15;
        blocks++;
        bytes += code.bytes().length;
        nanos += System.nanoTime() - begin;
        return place;
    }

    /** Has a block's branch go straight to another block's code. */
    void link(CodeCache.Block from, boolean taken, int to) {
        int jump = taken ? from.nativeTaken : from.nativeNotTaken;
        if (jump != 0) {
            memory.jump(jump, to);
        }
    }

    /** Whoever comes to a block's code leaves to the interpreter. */
    void retire(CodeCache.Block block) {
        memory.jump(block.nativeAt, block.nativeLeave);
    }

    /** Forgets all code. */
    void clear() {
        free = firstFree;
        flushes++;
    }

    /** Where the code at an offset is run. */
    long address(int offset) {
        return memory.address() + offset;
    }

    /**
     * Runs code until it leaves.
     *
     * @param address of a block, or {@link NativeLayout#RETRY}
     * @return the exit
     */
    int run(MemorySegment tlb, long address) {
        try {
            return (int) ENTER.invokeExact(entry, registers, tlb, xmm, jumps, address);
        } catch (Throwable e) {
            throw new AssertionError(e);
        }
    }

    /** What has been done so far. */
    TranslationStatistics statistics() {
        return new TranslationStatistics(blocks, bytes, free, nanos, flushes);
    }

    @Override
    public void close() {
        memory.close();
    }
}
