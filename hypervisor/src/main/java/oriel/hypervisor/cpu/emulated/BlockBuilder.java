package oriel.hypervisor.cpu.emulated;

/**
 * The operations of the block that is being decoded, with what is needed to find out afterwards which arithmetic flags
 * nobody reads.
 */
final class BlockBuilder {
    private static final int CAPACITY = 4096;
    private static final int MAX_INSTRUCTIONS = 63;

    private final long[] words = new long[CAPACITY];
    private final short[] marks = new short[CAPACITY];
    private int size;

    // Per instruction: its first operation; flags always written, flags read; operation to be replaced if dead.
    private final int[] firstOperation = new int[MAX_INSTRUCTIONS];
    private final int[] written = new int[MAX_INSTRUCTIONS];
    private final int[] read = new int[MAX_INSTRUCTIONS];
    private final int[] flagOperation = new int[MAX_INSTRUCTIONS];
    private final long[] flaglessWord = new long[MAX_INSTRUCTIONS];
    private int instructions;

    // Place of the last word if it is an operation, not the operand of one.
    private int lastOperation = -1;

    // The block's conditional branch, if it has one.
    private int linkWord = -1;
    private int linkTaken, linkNotTaken;

    void reset() {
        linkWord = -1;
        lastOperation = -1;
        size = 0;
        instructions = 0;
    }

    int size() {
        return size;
    }

    int instructions() {
        return instructions;
    }

    /** Whether another instruction has room. */
    boolean hasRoom() {
        return instructions < MAX_INSTRUCTIONS && size < CAPACITY - 64;
    }

    /** Fills a branch's second word in; a link into the block itself is {@link CodeCache#LOCAL_LINK} and the place. */
    void setLinks(int index, int taken, int notTaken) {
        words[index] = taken & 0xFFFF_FFFFL | (long) notTaken << 32;
        linkWord = index;
        linkTaken = taken;
        linkNotTaken = notTaken;
    }

    /** Starts an instruction at a page offset. */
    void beginInstruction(int offset) {
        firstOperation[instructions] = size;
        written[instructions] = 0;
        read[instructions] = 0;
        flagOperation[instructions] = -1;
        instructions++;
        marks[size] = (short) (instructions == 1 ? offset | CodeCache.BLOCK_START : offset);
    }

    /** Forgets the operations of the current instruction, which turned out to be something else. */
    void restartInstruction() {
        size = firstOperation[instructions - 1];
        written[instructions - 1] = 0;
        read[instructions - 1] = 0;
        flagOperation[instructions - 1] = -1;
    }

    /** Forgets the current instruction altogether. */
    void dropInstruction() {
        restartInstruction();
        instructions--;
    }

    /** Appends a word. */
    void add(long word) {
        words[size] = word;
        if (size != firstOperation[instructions - 1]) {
            marks[size] = CodeCache.CONTINUATION;
        }
        lastOperation = size;
        size++;
    }

    /** Appends a word that belongs to the operation before it. */
    void operand(long word) {
        add(word);
        lastOperation = -1;
    }

    /** Gives an instruction that does nothing an operation to be counted by. */
    void ensureOperation() {
        if (size == firstOperation[instructions - 1]) {
            add(Op.NOP);
        }
    }

    /** Appends an operation with its parts in place. */
    void op(int op, int a, int b, int c, int scale, int d, int immediate) {
        add(Op.word(op, a, b, c, scale, d, immediate));
    }

    void op(int op, int a, int b) {
        add(Op.word(op, a, b, 0, 0, 0, 0));
    }

    void op(int op, int a, int b, int immediate) {
        add(Op.word(op, a, b, 0, 0, 0, immediate));
    }

    /** The current instruction always writes these flags. */
    void writesFlags(int mask) {
        written[instructions - 1] |= mask;
    }

    /** The current instruction reads these flags, or may leave old ones in place of some it writes. */
    void readsFlags(int mask) {
        read[instructions - 1] |= mask;
    }

    /** The last operation writes the flags and could be {@code flagless} instead if nobody reads them. */
    void flagless(long flagless) {
        flagOperation[instructions - 1] = size - 1;
        flaglessWord[instructions - 1] = flagless;
    }

    /** The last operation of the instruction before the current one, which has none yet; 0 if there is none. */
    long lastOperation() {
        return instructions < 2 || lastOperation != size - 1 ? 0 : words[size - 1];
    }

    /**
     * Takes {@link #lastOperation} out: the current instruction does its work too. Its place in the code is the taken
     * instruction's, which is right because neither of the two can fault.
     */
    void takeLast() {
        size--;
        firstOperation[instructions - 1] = size;
        if (flagOperation[instructions - 2] == size) {
            flagOperation[instructions - 2] = -1;
        }
    }

    /**
     * Liveness, backwards: operations whose flags are overwritten before anybody can see them lose them. Whoever looks at
     * the flags that a fault has saved sees more of them than the program itself: those he gets from {@link FlagRecovery}.
     */
    void dropDeadFlags() {
        int live = Flags.ARITHMETIC;
        int seenByFaults = 0;
        for (int i = instructions - 1; i >= 0; i--) {
            if (flagOperation[i] >= 0 && (written[i] & live) == 0 && loseFlags(i, seenByFaults)) {
                live |= read[i];
            } else {
                live = live & ~written[i] | read[i];
            }
            seenByFaults = mayFault(i) ? Flags.ARITHMETIC : seenByFaults & ~written[i];
        }
    }

    private boolean loseFlags(int i, int seenByFaults) {
        int at = flagOperation[i];
        if ((written[i] & seenByFaults) != 0) {
            if (!isRecoverable(i)) {
                return false;
            }
            words[at] = FlagRecovery.marked(words[at], flaglessWord[i]);
            return true;
        }
        words[at] = flaglessWord[i];
        return true;
    }

    /** Whether the operands of a flag operation stay in place up to the last fault that shows its flags. */
    private boolean isRecoverable(int i) {
        int operands = FlagRecovery.operands(words[flagOperation[i]]);
        if (operands == 0) {
            return false;
        }
        int changed = 0;
        int from = flagOperation[i] + 1;
        for (int k = i + 1; k < instructions; k++) {
            for (int at = from; at < firstOperation[k]; at += Op.length(words[at])) {
                changed |= FlagRecovery.writes(words[at]);
            }
            if (mayFault(k) && (changed & operands) != 0) {
                return false;
            }
            if (written[k] != 0) {
                return (written[i] & ~written[k]) == 0;
            }
            from = firstOperation[k];
        }
        return false;
    }

    private boolean mayFault(int instruction) {
        int end = instruction + 1 < instructions ? firstOperation[instruction + 1] : size;
        for (int at = firstOperation[instruction]; at < end; at += Op.length(words[at])) {
            if (FlagRecovery.mayFault(words[at])) {
                return true;
            }
        }
        return false;
    }

    void copyTo(long[] arena, short[] toMarks, int start) {
        System.arraycopy(words, 0, arena, start, size);
        System.arraycopy(marks, 0, toMarks, start, size);
        if (linkWord >= 0) {
            arena[start + linkWord] =
                    absolute(linkTaken, start) & 0xFFFF_FFFFL | (long) absolute(linkNotTaken, start) << 32;
        }
    }

    /** Place of the conditional branch's second word, or -1. */
    int linkWord() {
        return linkWord;
    }

    /** Writes the operations, and behind them their marks, four in a word. */
    void save(long[] to, int at) {
        System.arraycopy(words, 0, to, at, size);
        int from = at + size;
        for (int i = 0; i < size; i += 4) {
            to[from + (i >> 2)] = marks[i] & 0xFFFFL
                    | (marks[i + 1] & 0xFFFFL) << 16
                    | (marks[i + 2] & 0xFFFFL) << 32
                    | (long) marks[i + 3] << 48;
        }
    }

    /** Takes over what {@link #save} wrote. */
    void restore(long[] from, int at, int newSize, int newLinkWord) {
        reset();
        size = newSize;
        System.arraycopy(from, at, words, 0, size);
        int packed = at + size;
        for (int i = 0; i < size; i++) {
            marks[i] = (short) (from[packed + (i >> 2)] >>> (i & 3) * 16);
        }
        linkWord = newLinkWord;
        if (linkWord >= 0) {
            linkTaken = (int) words[linkWord];
            linkNotTaken = (int) (words[linkWord] >> 32);
        }
    }

    private static int absolute(int link, int start) {
        return link >= CodeCache.LOCAL_LINK ? (link & ~CodeCache.LOCAL_LINK) + start : link;
    }
}
