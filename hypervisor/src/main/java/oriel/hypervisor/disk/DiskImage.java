package oriel.hypervisor.disk;

import java.nio.ByteBuffer;

/**
 * A virtual disk: an array of bytes of fixed size. Never-written ranges read as zeroes.
 *
 * <p>Thread-safe: several reads may run at once; the outcome of overlapping concurrent writes is either one's. A write
 * that returned is seen by later reads, and is durable (survives the host's power failure) after the next
 * {@link #flush}.
 *
 * <p>All methods but {@link #size} and {@link #readOnly} may block on the host's storage. Ranges outside the disk are
 * an {@link IllegalArgumentException}: devices check what guests ask for before they call.
 */
public interface DiskImage extends AutoCloseable {
    /** Size in bytes as the guest sees it: a multiple of 512. */
    long size();

    /** Whether writes are refused. */
    boolean readOnly();

    /**
     * Fills the rest of a buffer from the disk.
     *
     * @param offset in bytes, any alignment
     * @throws DiskException if the host can't read it or the image is corrupt
     */
    void read(long offset, ByteBuffer to);

    /**
     * Writes the rest of a buffer to the disk. If it fails, the range holds old or new bytes, nothing else.
     *
     * @param offset in bytes, any alignment
     * @throws DiskException if the host can't write it; {@link DiskException#full} tells a lack of space
     */
    void write(long offset, ByteBuffer from);

    /**
     * Makes a range read as zeroes, without taking space where the format allows it.
     *
     * @throws DiskException if the host can't write it
     */
    void writeZeroes(long offset, long length);

    /**
     * Hints that a range's content is no longer needed: it may read as old bytes or zeroes afterwards.
     *
     * @throws DiskException if the host fails
     */
    void discard(long offset, long length);

    /**
     * Makes every write that returned before this call durable.
     *
     * @throws DiskException if the host can't promise that
     */
    void flush();

    /**
     * Makes the disk larger; the new range reads as zeroes. Whoever uses the disk sees the new {@link #size} at once.
     *
     * @param newSize in bytes, a multiple of 512, at least the present size
     * @throws DiskException if the host can't, or the format has no way to
     */
    default void grow(long newSize) {
        throw new DiskException(this + " can't be made larger");
    }

    /** Nobody wants the content any more: {@link #close} needn't make it durable. */
    default void abandon() {}

    /**
     * Flushes and releases the host's files; twice is harmless.
     *
     * @throws DiskException if the last writes could not be made durable
     */
    @Override
    void close();
}
