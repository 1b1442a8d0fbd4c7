package oriel.hypervisor.cpu.emulated;

/**
 * A translated region: its code and what the numbers that it returns mean.
 *
 * @param code stateless, shared by all who run the same region
 * @param exits by exit number: block number in bits 20–31, word in the block in bits 4–19, kind in bits 0–3
 * @param size bytecodes of the method, for statistics
 * @param usesSse the region must be entered only while SSE instructions are allowed
 */
@SuppressWarnings("ArrayRecordComponent") // identity is all that is asked for
record Translation(TranslatedCode code, int[] exits, int size, boolean usesSse) {
    /** The interpreter goes on at the word; {@link #TAKEN}: with the taken link of the branch there; and so on. */
    static final int RESUME = 0, TAKEN = 1, NOT_TAKEN = 2;

    /** The branch at the word goes to {@link Interpreter#target}. */
    static final int JUMP = 3;

    static int exit(int block, int word, int kind) {
        return block << 20 | word << 4 | kind;
    }

    static int block(int exit) {
        return exit >>> 20;
    }

    static int word(int exit) {
        return exit >>> 4 & 0xFFFF;
    }

    static int kind(int exit) {
        return exit & 15;
    }
}
