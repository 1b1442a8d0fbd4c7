package oriel.hypervisor.cpu.emulated;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import oriel.hypervisor.cpu.CpuState;
import oriel.hypervisor.memory.GuestMemory;
import oriel.hypervisor.memory.MemoryRegion;

/**
 * Decoded code: one arena of 8-byte operations, cut into blocks that are keyed by physical address and processor mode.
 * A write to bytes that a block was decoded from turns every instruction of the block into {@link Op#STALE}, so that it
 * is left at the next instruction whoever is in it or comes to it.
 */
final class CodeCache implements GuestMemory.Observer {
    /** Mark of an arena word that isn't the first operation of an instruction. */
    static final short CONTINUATION = -1;

    /** Added to the page offset in the mark of a block's first operation. */
    static final short BLOCK_START = 0x1000;

    /** Added to a link that is relative to its block. */
    static final int LOCAL_LINK = 1 << 30;

    /** The arena grows as code comes: an idle clone runs little. */
    private static final int FIRST_WORDS = 1 << 16, MAX_WORDS = 1 << 21;

    static final int JUMP_ENTRIES = 1 << 15;
    private static final long EMPTY = 0;
    private static final long REMOVED = -1;

    /** Answers of {@link #startOf}. */
    static final int NONE = -1, CROSSING = -2;

    /** One decoded block. */
    static final class Block {
        private static final int BYTES = 72;

        final long key;
        final int start;
        final int end;

        /** Physical address of the first byte, and the length within the first page. */
        final long physical;

        final int length;

        /** Physical page of the part behind a page boundary, or -1, and its length. */
        final long secondPage;

        final int secondLength;

        boolean stale;

        /**
         * Offsets of its translation, 0 if it has none: its code, code that leaves to the interpreter, and the jumps at
         * its end.
         */
        int nativeAt, nativeLeave, nativeTaken, nativeNotTaken;

        Block(long key, int start, int end, long physical, int length, long secondPage, int secondLength) {
            this.key = key;
            this.start = start;
            this.end = end;
            this.physical = physical;
            this.length = length;
            this.secondPage = secondPage;
            this.secondLength = secondLength;
        }

        boolean crossesPage() {
            return secondPage >= 0;
        }

        int mode() {
            return (int) key & 0xFFF;
        }
    }

    /** A physical page with decoded code: which bytes, and the blocks made of them. */
    private static final class CodePage {
        /** With its entry in the map and the arrays it owns. */
        private static final int BYTES = 32 + 24 + 32 + 24 + 56 + 528;

        final List<Block> blocks = new ArrayList<>();
        final long[] bytes = new long[64];

        /** Where the page was marked as code: the map may have changed since. */
        @Nullable
        MemoryRegion region;

        void cover(int from, int length) {
            for (int i = from; i < from + length; i++) {
                bytes[i >> 6] |= 1L << i;
            }
        }

        boolean covers(int from, int length) {
            for (int i = from; i < from + length; i++) {
                if ((bytes[i >> 6] & 1L << i) != 0) {
                    return true;
                }
            }
            return false;
        }
    }

    /** The operations. Another array when a block has been added: whoever decodes reads the field again. */
    long[] arena = new long[FIRST_WORDS];

    /** For every operation: offset of its instruction in the page, {@link #BLOCK_START} added, or {@link #CONTINUATION}. */
    short[] marks = new short[FIRST_WORDS];

    /** Jump cache: linear address, then tag (high half) and arena index (low half), address of translated code, key. */
    final long[] jumps = new long[JUMP_ENTRIES * 4];

    private final GuestMemory memory;
    private final Mmu mmu;
    private final Map<Long, CodePage> pages = new HashMap<>();

    /** By hash: a key and, beside it for whoever looks only for this, what {@link #startOf} answers. */
    private long[] index = new long[2 << 14];

    /** The blocks in the same places. */
    private Block[] blocks = new Block[1 << 14];

    private int used;
    private int top = 1;

    /** Changes when the arena was emptied: an index from before means nothing. */
    int epoch;

    /** Changes whenever some code goes. */
    int generation;

    /** Translated code; null if nothing is translated. */
    final @Nullable NativeCode translations;

    /** First word of a block that may be translated. */
    private final long entryWord;

    // Ascending by start.
    private final List<Block> decoded = new ArrayList<>();

    private final @Nullable SharedCode shared;
    private final SharedBlock incoming = new SharedBlock();
    private final int model;
    private long decodedBlocks, copied, copiedTranslations;

    CodeCache(
            GuestMemory memory,
            Mmu mmu,
            CpuState state,
            TranslationPolicy policy,
            CpuModel model,
            @Nullable SharedCode shared) {
        this.memory = memory;
        this.mmu = mmu;
        this.model = shared == null ? -1 : shared.model(model);
        this.shared = this.model < 0 ? null : shared;
        translations = policy.executions() == 0 ? null : NativeCode.of(state, jumps);
        entryWord = Op.ENTRY | (long) -policy.executions() << 32;
        memory.observe(this);
    }

    /** Key of a block. The mode has at most 12 bits. */
    static long key(long physical, int mode) {
        return physical << 12 | mode | 1L << 63;
    }

    @Nullable
    Block find(long key) {
        int i = place(key);
        return i < 0 ? null : blocks[i];
    }

    /** Arena index of a block within one page; {@link #NONE} if there is none, {@link #CROSSING} if it isn't within one. */
    int startOf(long key) {
        int mask = index.length - 1;
        for (int i = hash(key) * 2; ; i = i + 2 & mask) {
            long found = index[i];
            if (found == key) {
                return (int) index[i + 1];
            }
            if (found == EMPTY) {
                return NONE;
            }
        }
    }

    /** Where a key is, or -1. */
    private int place(long key) {
        for (int i = hash(key); ; i = i + 1 & blocks.length - 1) {
            if (index[i * 2] == key) {
                return i;
            }
            if (index[i * 2] == EMPTY) {
                return -1;
            }
        }
    }

    private int hash(long key) {
        return (int) (key * 0x9E37_79B9_7F4A_7C15L >>> 40) & blocks.length - 1;
    }

    private void put(Block block) {
        if (used * 2 > blocks.length) {
            rehash();
        }
        int i = hash(block.key);
        while (index[i * 2] != EMPTY && index[i * 2] != REMOVED) {
            i = i + 1 & blocks.length - 1;
        }
        if (index[i * 2] == EMPTY) {
            used++;
        }
        index[i * 2] = block.key;
        index[i * 2 + 1] = block.crossesPage() ? CROSSING : block.start;
        blocks[i] = block;
    }

    private void rehash() {
        long[] oldIndex = index;
        Block[] oldBlocks = blocks;
        int live = 0;
        for (int i = 0; i < oldIndex.length; i += 2) {
            if (oldIndex[i] != EMPTY && oldIndex[i] != REMOVED) {
                live++;
            }
        }
        int size = Math.max(1 << 14, Integer.highestOneBit(live * 2 + 1) * 2);
        index = new long[size * 2];
        blocks = new Block[size];
        used = 0;
        for (int i = 0; i < oldBlocks.length; i++) {
            if (oldIndex[i * 2] != EMPTY && oldIndex[i * 2] != REMOVED) {
                put(oldBlocks[i]);
            }
        }
    }

    private void removeKey(Block block) {
        int i = place(block.key);
        if (i >= 0 && blocks[i] == block) {
            index[i * 2] = REMOVED;
        }
    }

    /** Takes over what another machine has made of the same bytes in the same mode; null if none has. */
    @Nullable
    Block takeShared(long physical, int mode) {
        long host = shared == null || (mode & CpuMode.SINGLE) != 0 ? 0 : memory.readable(physical);
        if (shared == null || host == 0) {
            return null;
        }
        if (!shared.find(host, origin(physical, mode), incoming)) {
            return null;
        }
        Block block = place(incoming.operations, physical, mode, incoming.length, -1, 0);
        copied++;
        TranslatedBlock translation = incoming.translation;
        if (translation != null && translations != null && translatable(block)) {
            if (!translations.hasRoom()) {
                dropTranslations();
            }
            arena[block.start] = Op.NATIVE | (long) translations.place(block, translation) << 32;
            copiedTranslations++;
        }
        return block;
    }

    private long origin(long physical, int mode) {
        return SharedCodeShard.origin((int) physical & 0xFFF, mode, model);
    }

    /**
     * Takes in what was just decoded.
     *
     * @param length bytes within the first page
     * @param secondPage physical page of the rest, or -1
     */
    Block add(BlockBuilder code, long physical, int mode, int length, long secondPage, int secondLength) {
        decodedBlocks++;
        long host = shared == null || secondPage >= 0 || (mode & CpuMode.SINGLE) != 0 ? 0 : memory.readable(physical);
        if (shared != null && host != 0) {
            shared.add(host, origin(physical, mode), length, code);
        }
        return place(code, physical, mode, length, secondPage, secondLength);
    }

    private Block place(BlockBuilder code, long physical, int mode, int length, long secondPage, int secondLength) {
        if (top + 1 + code.size() > arena.length) {
            if (arena.length < MAX_WORDS) {
                arena = Arrays.copyOf(arena, arena.length * 2);
                marks = Arrays.copyOf(marks, arena.length);
            } else {
                clear();
            }
        }
        int start = top;
        top += 1 + code.size();
        code.copyTo(arena, marks, start + 1);
        // The word that enters the block is a part of its first instruction.
        marks[start] = marks[start + 1];
        marks[start + 1] = CONTINUATION;
        arena[start] = Op.NOP;
        Block block = new Block(key(physical, mode), start, top, physical, length, secondPage, secondLength);
        if (translatable(block)) {
            arena[start] = entryWord;
        }
        decoded.add(block);
        put(block);
        register(block, physical, length);
        if (secondPage >= 0) {
            register(block, secondPage, secondLength);
        }
        return block;
    }

    private void register(Block block, long physical, int length) {
        long page = physical >>> 12;
        CodePage holder = pages.get(page);
        if (holder == null) {
            holder = new CodePage();
            pages.put(page, holder);
            holder.region = memory.region(physical);
            memory.markCode(physical);
        }
        holder.blocks.add(block);
        holder.cover((int) (physical & 0xFFF), length);
    }

    @Override
    public void codeWritten(long gpa, int length) {
        long page = gpa >>> 12;
        CodePage holder = pages.get(page);
        if (holder == null) {
            return;
        }
        int from = (int) (gpa & 0xFFF);
        if (!holder.covers(from, length)) {
            return;
        }
        List<Block> hit = new ArrayList<>();
        for (Block block : holder.blocks) {
            boolean second = block.physical >>> 12 != page;
            int begin = second ? 0 : (int) (block.physical & 0xFFF);
            int end = begin + (second ? block.secondLength : block.length);
            if (from < end && from + length > begin) {
                hit.add(block);
            }
        }
        hit.forEach(this::invalidate);
    }

    /** Drops one block. */
    void invalidate(Block block) {
        if (block.stale) {
            return;
        }
        block.stale = true;
        makeStale(block.start, block.end);
        generation++;
        if (block.nativeAt != 0 && translations != null) {
            translations.retire(block);
        }
        removeKey(block);
        unregister(block, block.physical >>> 12);
        if (block.crossesPage()) {
            unregister(block, block.secondPage >>> 12);
        }
    }

    private void makeStale(int from, int to) {
        for (int i = from; i < to; i++) {
            if (marks[i] != CONTINUATION) {
                arena[i] = Op.STALE;
            }
        }
    }

    // ---- translations -----------------------------------------------------------------------------------------------

    private boolean translatable(Block block) {
        return translations != null
                && !block.crossesPage()
                && CpuMode.codeSize(block.mode()) == 3
                && (block.mode() & CpuMode.SINGLE) == 0;
    }

    /** Translates the block that begins at an arena index; false if it stays interpreted. */
    boolean translate(int start) {
        Block block = blockAt(start);
        if (block == null || block.stale || translations == null) {
            return false;
        }
        if (!translations.hasRoom()) {
            dropTranslations();
        }
        TranslatedBlock made = translations.translate(block, arena);
        arena[start] = Op.NATIVE | (long) translations.place(block, made) << 32;
        long host = memory.readable(block.physical);
        if (shared != null && host != 0) {
            shared.add(host, origin(block.physical, block.mode()), made);
        }
        return true;
    }

    private void dropTranslations() {
        for (Block block : decoded) {
            if (block.nativeAt != 0) {
                block.nativeAt = 0;
                block.nativeTaken = 0;
                block.nativeNotTaken = 0;
                if (!block.stale) {
                    arena[block.start] = entryWord;
                }
            }
        }
        generation++; // nobody goes back to where he was in it
        forgetTranslations();
    }

    private void forgetTranslations() {
        for (int i = 2; i < jumps.length; i += 4) {
            jumps[i] = 0;
        }
        if (translations != null) {
            translations.clear();
        }
    }

    /** A branch goes to a block: if both are translated, it does so without a look from now on. */
    void linkNative(int at, boolean taken, int to) {
        Block from = blockAt(at);
        if (translations != null && from != null && from.nativeAt != 0 && Op.op(arena[to]) == Op.NATIVE) {
            translations.link(from, taken, (int) (arena[to] >>> 32));
        }
    }

    /** Where the jump cache has an address, if it has it; {@link NativeStubs} computes the same. */
    static int jumpIndex(long linear) {
        return (int) (linear ^ linear >>> 13) << 2 & JUMP_ENTRIES * 4 - 4;
    }

    /**
     * Whether the jump cache's entry for an address is still right although its tag is old: what changed in the page
     * tables was something else.
     */
    boolean stillJumps(long linear, long key) {
        int i = jumpIndex(linear);
        if (jumps[i] != linear || jumps[i + 3] != key) {
            return false;
        }
        int op = Op.op(arena[(int) jumps[i + 1]]);
        return op == Op.NATIVE || op == Op.ENTRY || op == Op.NOP; // a stale block begins with something else
    }

    /** A jump goes to an address and an arena index: if that is translated, the next jump goes there without a look. */
    void noteNative(long linear, int pc) {
        int i = jumpIndex(linear);
        if (translations != null && jumps[i] == linear && (int) jumps[i + 1] == pc && Op.op(arena[pc]) == Op.NATIVE) {
            jumps[i + 2] = translations.address((int) (arena[pc] >>> 32));
        }
    }

    /**
     * The translated block that has taken the place of one that is stale ({@link ExecutionCore#renew}): who comes to the
     * code of that one goes there from now on.
     *
     * @param start arena index of the stale block
     * @return arena index of the other; 0 if there is none
     */
    int successor(int start) {
        boolean renewed = Op.op(arena[start]) == Op.JMP && marks[start] != CONTINUATION;
        int successor = renewed ? (int) arena[start + 1] : 0;
        Block block = renewed && Op.op(arena[successor]) == Op.NATIVE ? blockAt(start) : null;
        if (block == null || !block.stale || block.start != start || block.nativeAt == 0 || translations == null) {
            return 0;
        }
        translations.redirect(block, (int) (arena[successor] >>> 32));
        return successor;
    }

    /** The block with an arena index, or null. */
    private @Nullable Block blockAt(int pc) {
        int low = 0;
        int high = decoded.size() - 1;
        while (low <= high) {
            int middle = low + high >>> 1;
            Block block = decoded.get(middle);
            if (pc < block.start) {
                high = middle - 1;
            } else if (pc >= block.end) {
                low = middle + 1;
            } else {
                return block;
            }
        }
        return null;
    }

    private void unregister(Block block, long page) {
        CodePage holder = pages.get(page);
        if (holder == null) {
            return;
        }
        holder.blocks.remove(block);
        if (holder.blocks.isEmpty()) {
            pages.remove(page);
            unmark(page, holder);
            return;
        }
        Arrays.fill(holder.bytes, 0);
        for (Block other : holder.blocks) {
            if (other.physical >>> 12 == page) {
                holder.cover((int) (other.physical & 0xFFF), other.length);
            } else {
                holder.cover(0, other.secondLength);
            }
        }
    }

    private void unmark(long page, CodePage holder) {
        if (holder.region != null && holder.region == memory.region(page << 12)) {
            memory.unmarkCode(page << 12);
        }
    }

    /** What was done so far. */
    TranslationStatistics statistics() {
        TranslationStatistics made = translations == null ? TranslationStatistics.NONE : translations.statistics();
        return made.withBlocks(decodedBlocks, copied, copiedTranslations).with(memory(decoded.size(), pages.size()));
    }

    private TranslatorMemory memory(long blockCount, long pageCount) {
        // Of objects, what a JVM with compressed pointers makes of their fields; each block is in two lists.
        long records = blockCount * (Block.BYTES + 2 * 4) + pageCount * CodePage.BYTES;
        return new TranslatorMemory(
                arena.length * 8L + marks.length * 2L,
                index.length * 8L + blocks.length * 4L + records,
                translations == null ? 0 : translations.touched(),
                jumps.length * 8L,
                mmu.tlbBytes());
    }

    @Override
    public void codeMarked(long gpa) {
        mmu.dropWrites(memory.readable(gpa & -0x1000L));
    }

    /** Drops everything. */
    void clear() {
        pages.forEach(this::unmark);
        pages.clear();
        Arrays.fill(index, EMPTY);
        Arrays.fill(blocks, null);
        Arrays.fill(jumps, 0);
        // Whoever is inside a block leaves it at the next instruction.
        for (int i = 0; i < top; i++) {
            if (marks[i] != CONTINUATION) {
                arena[i] = Op.STALE;
            }
        }
        forgetTranslations();
        generation++;
        decoded.clear();
        used = 0;
        top = 1;
        epoch++;
    }

    @Override
    public void mapChanged() {
        mmu.flush(true);
        clear();
    }
}
