package oriel.hypervisor.memory;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * Loads and stores at host addresses: little-endian, any alignment, no bounds check. Whoever turns a guest address into
 * a host address (the TLB fill, {@link GuestMemory}) is the security boundary; nothing else may make one up.
 */
public final class NativeMemory {
    // Constant and of maximal size, so that the JIT folds its bounds and liveness checks away.
    @SuppressWarnings("restricted")
    private static final MemorySegment ALL = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);

    private static final ValueLayout.OfShort I16 = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt I32 = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong I64 = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private NativeMemory() {}

    /** Loads a byte. */
    public static byte get8(long address) {
        return ALL.get(JAVA_BYTE, address);
    }

    /** Loads two bytes. */
    public static short get16(long address) {
        return ALL.get(I16, address);
    }

    /** Loads four bytes. */
    public static int get32(long address) {
        return ALL.get(I32, address);
    }

    /** Loads eight bytes. */
    public static long get64(long address) {
        return ALL.get(I64, address);
    }

    /** Stores a byte. */
    public static void put8(long address, byte value) {
        ALL.set(JAVA_BYTE, address, value);
    }

    /** Stores two bytes. */
    public static void put16(long address, short value) {
        ALL.set(I16, address, value);
    }

    /** Stores four bytes. */
    public static void put32(long address, int value) {
        ALL.set(I32, address, value);
    }

    /** Stores eight bytes. */
    public static void put64(long address, long value) {
        ALL.set(I64, address, value);
    }

    /** Copies between host addresses; overlapping ranges behave as if through a buffer. */
    public static void copy(long from, long to, long length) {
        MemorySegment.copy(ALL, from, ALL, to, length);
    }

    /** Fills with one byte. */
    public static void fill(long address, long length, byte value) {
        ALL.asSlice(address, length).fill(value);
    }

    /** Copies out to an array. */
    public static void read(long address, byte[] to, int offset, int length) {
        MemorySegment.copy(ALL, JAVA_BYTE, address, to, offset, length);
    }

    /** Copies in from an array. */
    public static void write(long address, byte[] from, int offset, int length) {
        MemorySegment.copy(from, offset, ALL, JAVA_BYTE, address, length);
    }
}
