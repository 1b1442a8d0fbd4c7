package oriel.hypervisor.cpu.emulated;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.io.IOException;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import oriel.hypervisor.cpu.CpuState;
import oriel.hypervisor.cpu.hostcode.CodeMemory;
import oriel.hypervisor.cpu.hostcode.HostFeatures;

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

    private final CodeMemory memory;
    private final BlockTranslator translator;
    private final MemorySegment entry;
    private final MemorySegment registers;
    private final MemorySegment xmm;
    private final MemorySegment jumps;
    private final int firstFree;
    private int free;
    private int mostUsed;

    private long blocks;
    private long bytes;
    private long nanos;
    private long flushes;

    private NativeCode(CodeMemory memory, CpuState state, long[] jumps) {
        this.memory = memory;
        this.registers = MemorySegment.ofArray(state.gpr);
        this.xmm = MemorySegment.ofArray(state.xmm);
        this.jumps = MemorySegment.ofArray(jumps);
        NativeStubs stubs = new NativeStubs();
        translator = new BlockTranslator(stubs);
        memory.write(0, stubs.bytes());
        entry = MemorySegment.ofAddress(memory.address());
        firstFree = stubs.bytes().length + 63 & ~63;
        free = firstFree;
    }

    /** Room for the translations of a processor with this state; null where the host's code can't be made. */
    static @Nullable NativeCode of(CpuState state, long[] jumps) {
        // What the default model's guest has, but RDRAND and the like; an ARM host has none of these names.
        if (!HostFeatures.ofThisHost().have("ssse3", "sse4_1", "sse4_2", "popcnt", "aes", "pclmulqdq", "lahf_lm")) {
            return null;
        }
        try {
            return new NativeCode(new CodeMemory(SIZE), state, jumps);
        } catch (IOException e) {
            LOG.warn("{}; guests are interpreted", e.getMessage());
            return null;
        }
    }

    // ---- use --------------------------------------------------------------------------------------------------------

    /** Whether another block has room. */
    boolean hasRoom() {
        return free + MARGIN <= memory.size();
    }

    /** Translates a block. */
    TranslatedBlock translate(CodeCache.Block block, long[] arena) {
        long begin = System.nanoTime();
        TranslatedBlock code = translator.translate(arena, block.start + 1, block.end);
        blocks++;
        bytes += code.code().length;
        nanos += System.nanoTime() - begin;
        return code;
    }

    /**
     * Makes a translation the block's.
     *
     * @return offset of its code
     */
    int place(CodeCache.Block block, TranslatedBlock code) {
        int place = free;
        memory.write(place, code.code());
        for (int fix : code.fixes()) {
            memory.add(place + (fix >> 1), (fix & 1) == 0 ? block.start : -place);
        }
        block.nativeAt = place;
        block.nativeLeave = place + code.leave();
        block.nativeTaken = code.taken() < 0 ? 0 : place + code.taken();
        block.nativeNotTaken = code.notTaken() < 0 ? 0 : place + code.notTaken();
        free = place + code.code().length + 15 & ~15;
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

    /** Whoever comes to a block's code goes to another one. */
    void redirect(CodeCache.Block block, int to) {
        memory.jump(block.nativeAt, to);
    }

    /** Forgets all code. */
    void clear() {
        mostUsed = touched();
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

    /** Bytes that have ever been written: what the host has given for it. */
    int touched() {
        return Math.max(mostUsed, free);
    }

    /** What has been done so far. */
    TranslationStatistics statistics() {
        return new TranslationStatistics(0, 0, 0, blocks, bytes, free, nanos, flushes, TranslatorMemory.NONE);
    }

    @Override
    public void close() {
        memory.close();
    }
}
