package oriel.hypervisor.cpu.emulated;

import java.util.Arrays;

/**
 * What a translation is made of and found by: the operations of some blocks of one page, free of everything that
 * belongs to one machine. Immutable: the guest goes on while a translator reads it.
 *
 * @param words by block; a branch's second word holds block numbers of this region, {@link #OUTSIDE}, or
 *     {@link CodeCache#LOCAL_LINK} with a place in the block
 * @param marks by block: where instructions start, as in {@link CodeCache#marks}
 * @param entries whether a block can be entered from outside
 * @param returns whether a block lies behind a call of the region
 */
@SuppressWarnings("ArrayRecordComponent") // compared deeply below
record RegionCode(long[][] words, short[][] marks, boolean[] entries, boolean[] returns) {
    static final int OUTSIDE = -1;

    int instructions() {
        int count = 0;
        for (short[] block : marks) {
            for (short mark : block) {
                if (mark != CodeCache.CONTINUATION) {
                    count++;
                }
            }
        }
        return count;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof RegionCode that
                && Arrays.deepEquals(words, that.words)
                && Arrays.deepEquals(marks, that.marks)
                && Arrays.equals(entries, that.entries)
                && Arrays.equals(returns, that.returns);
    }

    @Override
    public int hashCode() {
        return Arrays.deepHashCode(words) * 31 + Arrays.deepHashCode(marks);
    }
}
