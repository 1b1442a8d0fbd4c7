package oriel.hypervisor.cpu.emulated;

/**
 * A translation in use by one processor: which blocks it stands for, and where the interpreter goes on when it leaves.
 * Translated code overwrites the first operation of the blocks that can be entered; so each block has a copy in the
 * arena, for those who leave the region in the middle of an instruction.
 */
final class Region {
    final Translation translation;
    final CodeCache.Block[] blocks;

    /** Arena indexes of the blocks' copies. */
    final int[] copies;

    /** Place in the table of regions. */
    final int number;

    /** One of its blocks is no more: it must not be entered, and is left behind the current operation. */
    boolean stale;

    Region(Translation translation, CodeCache.Block[] blocks, int[] copies, int number) {
        this.translation = translation;
        this.blocks = blocks;
        this.copies = copies;
        this.number = number;
    }

    /** Arena index of a place that an exit names. */
    int place(int exit) {
        return copies[Translation.block(exit)] + Translation.word(exit);
    }

    /** The operation that enters at a block. */
    long entry(int block) {
        return Op.REGION | (long) block << 10 | (long) number << 32;
    }
}
