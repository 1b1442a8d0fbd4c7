package oriel.hypervisor.cpu.emulated;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import oriel.hypervisor.memory.NativeMemory;

/**
 * A part of {@link SharedCode}: records in a ring of words, found by an index. New records overwrite the oldest; one that
 * is used when it is nearly due is written anew. Thread-safe.
 *
 * <p>A record is its origin with its length, its shape, the place of its translation, the guest's bytes, and then the
 * operations and their marks. A translation is a record of its own: its shape, and fixes and code.
 */
final class SharedCodeShard {
    private static final int FIRST_WORDS = 1 << 10, FIRST_INDEX = 1 << 8;

    // Origin: page offset, mode, model; above them what callers don't say, the length.
    private static final int MODE = 12, MODEL = 24, LENGTH = 32;
    private static final long SAID = (1L << LENGTH) - 1;

    /** Words before the guest's bytes. */
    private static final int HEADER = 3;

    private static final int SHAPE = 1, TRANSLATION = 2;

    // Shape of operations: words, place of the links plus one.
    private static final int LINKS = 16;

    // Shape of a translation: bytes, fixes; in its second word taken and not taken plus one, and leave.
    private static final int FIXES = 16;
    private static final int LARGEST_TRANSLATION = 1 << 14;

    // An entry of the index: bits of the hash, which also are its place in the index, and where the record is.
    private static final int TAG = 40;
    private static final long PLACE = (1L << TAG) - 1;

    private final int limit;
    private long[] ring;

    /** Words written so far: a record's place is this number when it was written. */
    private long head = 1;

    private long[] index = new long[FIRST_INDEX];
    private int indexed;

    /** With room for a number of words, rounded down to a power of two, and an index of at most half as many. */
    SharedCodeShard(long words) {
        limit = (int) Math.min(1 << 28, Long.highestOneBit(words));
        ring = new long[Math.min(limit, FIRST_WORDS)];
    }

    /** What decoding depends on beside the bytes. */
    static long origin(int offset, int mode, int model) {
        return offset | (long) mode << MODE | (long) model << MODEL;
    }

    static int offset(long origin) {
        return (int) origin & 0xFFF;
    }

    synchronized long bytes() {
        return ((long) ring.length + index.length) * Long.BYTES;
    }

    synchronized boolean find(long hash, long host, long origin, SharedBlock into) {
        int slot = slot(hash, host, origin);
        if (slot < 0) {
            return false;
        }
        if (isOld(index[slot])) {
            long place = move(index[slot] & PLACE, sizeOfBlock(position(index[slot])));
            index[slot] = index[slot] & ~PLACE | place;
        }
        int at = position(index[slot]);
        into.length = length(ring[at]);
        into.operations.restore(
                ring,
                at + HEADER + words(into.length),
                (int) ring[at + SHAPE] & 0xFFFF,
                ((int) ring[at + SHAPE] >>> LINKS) - 1);
        long translation = ring[at + TRANSLATION];
        into.translation = translation == 0 || !isLive(translation) ? null : translation(position(translation));
        if (into.translation != null && isOld(translation)) {
            long moved = move(translation, sizeOfTranslation(position(translation)));
            ring[position(index[slot]) + TRANSLATION] = moved; // if that is overwritten by now, it was due
        }
        return true;
    }

    private TranslatedBlock translation(int at) {
        int shape = (int) ring[at];
        long places = ring[at + 1];
        int[] fixes = new int[shape >>> FIXES];
        for (int i = 0; i < fixes.length; i++) {
            fixes[i] = (int) (ring[at + 2 + (i >> 2)] >>> (i & 3) * 16) & 0xFFFF;
        }
        byte[] code = new byte[shape & 0xFFFF];
        MemorySegment.copy(
                MemorySegment.ofArray(ring),
                (at + 2L + (fixes.length + 3 >> 2)) * Long.BYTES,
                MemorySegment.ofArray(code),
                0,
                code.length);
        return new TranslatedBlock(
                code,
                ((int) places & 0xFFFF) - 1,
                ((int) (places >>> 16) & 0xFFFF) - 1,
                (int) (places >>> 32) & 0xFFFF,
                fixes);
    }

    synchronized void add(long hash, long host, long origin, int length, BlockBuilder code) {
        int size = code.size();
        long place = reserve(HEADER + words(length) + size + (size + 3 >> 2));
        int at = position(place);
        ring[at] = origin | (long) length << LENGTH;
        ring[at + SHAPE] = size | (long) (code.linkWord() + 1) << LINKS;
        ring[at + TRANSLATION] = 0;
        for (int i = 0; i < length; i += Long.BYTES) {
            ring[at + HEADER + (i >> 3)] = bytes(host + i, Math.min(Long.BYTES, length - i));
        }
        code.save(ring, at + HEADER + words(length));
        enter(tag(hash), place);
    }

    synchronized void add(long hash, long host, long origin, TranslatedBlock translation) {
        int bytes = translation.code().length;
        int slot = bytes > LARGEST_TRANSLATION ? -1 : slot(hash, host, origin);
        if (slot < 0) {
            return;
        }
        int[] fixes = translation.fixes();
        long place = reserve(2 + (fixes.length + 3 >> 2) + words(bytes));
        int at = position(place);
        ring[at] = bytes | (long) fixes.length << FIXES;
        ring[at + 1] =
                translation.taken() + 1 | (long) (translation.notTaken() + 1) << 16 | (long) translation.leave() << 32;
        at += 2;
        Arrays.fill(ring, at, at + (fixes.length + 3 >> 2), 0);
        for (int i = 0; i < fixes.length; i++) {
            ring[at + (i >> 2)] |= (long) fixes[i] << (i & 3) * 16;
        }
        at += fixes.length + 3 >> 2;
        MemorySegment.copy(
                MemorySegment.ofArray(translation.code()),
                0,
                MemorySegment.ofArray(ring),
                (long) at * Long.BYTES,
                bytes);
        if (isLive(index[slot])) {
            ring[position(index[slot]) + TRANSLATION] = place;
        }
    }

    // ---- records ----------------------------------------------------------------------------------------------------

    /** Longs that hold some bytes. */
    private static int words(int bytes) {
        return bytes + 7 >>> 3;
    }

    private static int length(long identity) {
        return (int) (identity >>> LENGTH) & 0xFFFF;
    }

    private int sizeOfBlock(int at) {
        int operations = (int) ring[at + SHAPE] & 0xFFFF;
        return HEADER + words(length(ring[at])) + operations + (operations + 3 >> 2);
    }

    private int sizeOfTranslation(int at) {
        int shape = (int) ring[at];
        return 2 + ((shape >>> FIXES) + 3 >> 2) + words(shape & 0xFFFF);
    }

    private int position(long entry) {
        return (int) (entry & PLACE) & ring.length - 1;
    }

    private boolean isLive(long entry) {
        return (entry & PLACE) + ring.length >= head;
    }

    /** Among the oldest quarter. */
    private boolean isOld(long entry) {
        return ring.length == limit && (entry & PLACE) + (limit >> 2) * 3L < head;
    }

    /** Makes room at the head for a record, and says where. */
    private long reserve(int words) {
        while (ring.length < limit && head + words > ring.length) {
            ring = Arrays.copyOf(ring, ring.length * 2);
        }
        int room = ring.length - ((int) head & ring.length - 1);
        if (room < words) {
            head += room; // records are in one piece
        }
        head += words;
        return head - words;
    }

    /** Writes a record anew. It may be about to be overwritten by itself. */
    private long move(long place, int size) {
        int from = position(place);
        long to = reserve(size);
        System.arraycopy(ring, from, ring, position(to), size);
        return to;
    }

    // ---- index ------------------------------------------------------------------------------------------------------

    /** Where a record is entered, or -1. */
    private int slot(long hash, long host, long origin) {
        long tag = tag(hash);
        for (int i = (int) tag & index.length - 1; index[i] != 0; i = i + 1 & index.length - 1) {
            long entry = index[i];
            if (entry >>> TAG == tag && isLive(entry)) {
                int at = position(entry);
                long identity = ring[at];
                if ((identity & SAID) == origin && holds(at + HEADER, host, length(identity), origin)) {
                    return i;
                }
            }
        }
        return -1;
    }

    private boolean holds(int at, long host, int length, long origin) {
        if (offset(origin) + length > InstructionReader.PAGE_SIZE) {
            return false;
        }
        for (int i = 0; i < length; i += Long.BYTES) {
            if (ring[at + (i >> 3)] != bytes(host + i, Math.min(Long.BYTES, length - i))) {
                return false;
            }
        }
        return true;
    }

    /** Up to eight bytes of memory. */
    static long bytes(long host, int length) {
        if (length == Long.BYTES) {
            return NativeMemory.get64(host);
        }
        long value = 0;
        for (int i = 0; i < length; i++) {
            value |= (NativeMemory.get8(host + i) & 0xFFL) << 8 * i;
        }
        return value;
    }

    private static long tag(long hash) {
        return hash >>> 32 & 0xFF_FFFF;
    }

    private void enter(long tag, long place) {
        if (indexed * 2 >= index.length) {
            rebuild();
        }
        int i = (int) tag & index.length - 1;
        while (index[i] != 0 && isLive(index[i])) {
            i = i + 1 & index.length - 1;
        }
        if (index[i] == 0) {
            indexed++;
        }
        index[i] = tag << TAG | place;
    }

    /** Leaves out what was overwritten. */
    private void rebuild() {
        long[] old = index;
        int live = 0;
        for (long entry : old) {
            if (entry != 0 && isLive(entry)) {
                live++;
            }
        }
        index = new long[Math.max(FIRST_INDEX, Integer.highestOneBit(live * 4))];
        indexed = 0;
        for (long entry : old) {
            if (entry != 0 && isLive(entry)) {
                enter(entry >>> TAG, entry & PLACE);
            }
        }
    }
}
