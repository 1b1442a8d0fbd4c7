package oriel.hypervisor.cpu.emulated;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import oriel.hypervisor.cpu.emulated.CodeCache.Block;

/**
 * The blocks that are translated together with a hot one: those of its page that control can reach from it and that have
 * been executed, breadth first, up to a number of instructions.
 *
 * @param blocks the hot one first
 * @param code what is translated
 * @param epoch of the cache the blocks are in
 */
@SuppressWarnings("ArrayRecordComponent") // passed on once
record RegionSelection(Block[] blocks, RegionCode code, int epoch) {
    private static final int MAX_BLOCKS = 48;

    static RegionSelection around(CodeCache cache, Block head, int maxInstructions) {
        List<Block> blocks = new ArrayList<>();
        Map<Block, Integer> numbers = new HashMap<>();
        ArrayDeque<Block> reached = new ArrayDeque<>();
        reached.add(head);
        int instructions = 0;
        while (!reached.isEmpty() && blocks.size() < MAX_BLOCKS) {
            Block block = reached.remove();
            int count = cache.instructions(block);
            if (numbers.containsKey(block) || !blocks.isEmpty() && instructions + count > maxInstructions) {
                continue;
            }
            numbers.put(block, blocks.size());
            blocks.add(block);
            instructions += count;
            for (int offset : new Successors(cache, block).offsets()) {
                Block next = cache.sibling(block, offset);
                if (next != null && !next.crossesPage()) {
                    reached.add(next);
                }
            }
        }
        return new RegionSelection(blocks.toArray(Block[]::new), code(cache, blocks, numbers), cache.epoch);
    }

    private static RegionCode code(CodeCache cache, List<Block> blocks, Map<Block, Integer> numbers) {
        int n = blocks.size();
        long[][] words = new long[n][];
        short[][] marks = new short[n][];
        boolean[] entries = new boolean[n];
        boolean[] returns = new boolean[n];
        entries[0] = true;
        for (int i = 0; i < n; i++) {
            Block block = blocks.get(i);
            words[i] = cache.words(block);
            marks[i] = cache.marks(block);
            Successors successors = new Successors(cache, block);
            int links = successors.linksAt;
            if (links >= 0) {
                int taken = number(cache, block, successors.taken, numbers);
                int notTaken = number(cache, block, successors.notTaken, numbers);
                words[i][links] = taken & 0xFFFF_FFFFL | (long) notTaken << 32;
                noteEntry(entries, blocks, block, taken);
                noteEntry(entries, blocks, block, notTaken);
            }
            if (successors.returnsTo >= 0) {
                Block next = cache.sibling(block, successors.returnsTo);
                Integer number = next == null ? null : numbers.get(next);
                if (number != null) {
                    entries[number] = true;
                    returns[number] = true;
                }
            }
        }
        return new RegionCode(words, marks, entries, returns);
    }

    /** Loops are entered at their heads. */
    private static void noteEntry(boolean[] entries, List<Block> blocks, Block from, int to) {
        if (to >= 0 && to < CodeCache.LOCAL_LINK && blocks.get(to).physical <= from.physical) {
            entries[to] = true;
        }
    }

    private static int number(CodeCache cache, Block block, int successor, Map<Block, Integer> numbers) {
        if (successor >= CodeCache.LOCAL_LINK) {
            return successor;
        }
        Block next = successor < 0 ? null : cache.sibling(block, successor);
        return next == null ? RegionCode.OUTSIDE : numbers.getOrDefault(next, RegionCode.OUTSIDE);
    }

    /** Where a block's end may lead to: offsets in the page, -1, or a local link. */
    private static final class Successors {
        int linksAt = -1;
        int taken = -1;
        int notTaken = -1;
        int returnsTo = -1;
        private final boolean conditional;

        Successors(CodeCache cache, Block block) {
            int i = block.start;
            int op = 0;
            long w = 0;
            while (i < block.end) {
                w = i == block.start ? block.firstWord : cache.arena[i];
                op = Op.op(w);
                if (op >= Op.JMP && op <= Op.RESULTJ_NS || op == Op.LOOP) {
                    break;
                }
                i += Op.length(w);
            }
            boolean call = op == Op.CALL || op == Op.CALLX || op == Op.CALLR;
            if (call && Op.immediate(w) < InstructionReader.PAGE_SIZE) {
                returnsTo = Op.immediate(w);
            }
            boolean linked = i < block.end && Op.length(w) == 2 && op != Op.JMPX && op != Op.CALLX;
            conditional = linked && op != Op.JMP && op != Op.CALL;
            if (linked) {
                linksAt = i + 1 - block.start;
                taken = successor(cache, block, (int) cache.arena[i + 1]);
                if (conditional) {
                    notTaken = successor(cache, block, (int) (cache.arena[i + 1] >> 32));
                }
            }
        }

        private static int successor(CodeCache cache, Block block, int link) {
            if (link < 0) {
                return ~link;
            }
            if (link > block.start && link < block.end) {
                return CodeCache.LOCAL_LINK | link - block.start;
            }
            return cache.marks[link] & 0xFFF;
        }

        List<Integer> offsets() {
            List<Integer> offsets = new ArrayList<>();
            // Behind a call first: the region is more useful with what comes back than with what is called.
            for (int offset : new int[] {returnsTo, notTaken, taken}) {
                if (offset >= 0 && offset < CodeCache.LOCAL_LINK) {
                    offsets.add(offset);
                }
            }
            return offsets;
        }
    }
}
