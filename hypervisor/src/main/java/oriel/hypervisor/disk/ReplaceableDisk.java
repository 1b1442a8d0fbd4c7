package oriel.hypervisor.disk;

import java.nio.ByteBuffer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A disk whose image can be exchanged for another that shows the same, under a running machine: an overlay on it after
 * a snapshot, a shorter chain after a consolidation. As thread-safe as its images; {@link #replace} needs a caller who
 * sees to it that no request is under way.
 */
public final class ReplaceableDisk implements DiskImage {
    private volatile DiskImage image;
    private volatile @Nullable Runnable beforeFlush;

    /** Begins with an image, which belongs to this disk. */
    public ReplaceableDisk(DiskImage image) {
        this.image = image;
    }

    /**
     * Something that must be durable before anything written to this disk is: done once, on the thread of the first flush,
     * and again at the next one if it fails, which that flush does then.
     */
    public void beforeFirstFlush(Runnable work) {
        beforeFlush = work;
    }

    private void beforeFlush() {
        Runnable work = beforeFlush;
        if (work != null) {
            work.run();
            beforeFlush = null;
        }
    }

    /**
     * Closes the image, durably, and opens another. If that fails, the old one is opened again.
     *
     * @param next opens the image that takes over
     * @param before opens the image that is there now
     * @throws DiskException if it failed; the disk goes on with its old image, or is closed if even that can't be opened
     */
    public void replace(Supplier<DiskImage> next, Supplier<DiskImage> before) {
        image.close();
        try {
            image = next.get();
        } catch (RuntimeException e) {
            image = before.get();
            throw e;
        }
    }

    @Override
    public long size() {
        return image.size();
    }

    @Override
    public boolean readOnly() {
        return image.readOnly();
    }

    @Override
    public void read(long offset, ByteBuffer to) {
        image.read(offset, to);
    }

    @Override
    public void write(long offset, ByteBuffer from) {
        image.write(offset, from);
    }

    @Override
    public void writeZeroes(long offset, long length) {
        image.writeZeroes(offset, length);
    }

    @Override
    public void discard(long offset, long length) {
        image.discard(offset, length);
    }

    @Override
    public void flush() {
        beforeFlush();
        image.flush();
    }

    @Override
    public void grow(long newSize) {
        image.grow(newSize);
    }

    /** The image that is there now. */
    DiskImage image() {
        return image;
    }

    @Override
    public void abandon() {
        beforeFlush = null;
        image.abandon();
    }

    @Override
    public void close() {
        try {
            beforeFlush();
        } finally {
            image.close();
        }
    }

    @Override
    public String toString() {
        return image.toString();
    }
}
