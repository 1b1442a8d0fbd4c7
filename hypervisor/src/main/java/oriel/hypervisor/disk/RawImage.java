package oriel.hypervisor.disk;

import java.io.IOException;
import java.nio.ByteBuffer;

/** A raw image. A file whose length isn't whole sectors reads as if zeroes followed. */
final class RawImage implements DiskImage {
    private static final int CHUNK = 1 << 16;

    private final ImageChannel file;
    private final boolean readOnly;
    private volatile long size;
    private final DiskErrors errors;
    private volatile boolean closed;

    RawImage(ImageChannel file, boolean readOnly) throws IOException {
        this.file = file;
        this.readOnly = readOnly;
        this.size = (file.size() + 511) & ~511L;
        this.errors = new DiskErrors(file.toString());
    }

    @Override
    public long size() {
        return size;
    }

    @Override
    public boolean readOnly() {
        return readOnly;
    }

    @Override
    public void read(long offset, ByteBuffer to) {
        errors.checkRange(offset, to.remaining(), size);
        try {
            file.read(to, offset);
        } catch (IOException e) {
            throw errors.io("read", e);
        }
    }

    @Override
    public void write(long offset, ByteBuffer from) {
        errors.checkRange(offset, from.remaining(), size);
        errors.checkWritable(readOnly);
        try {
            file.write(from, offset);
        } catch (IOException e) {
            throw errors.io("write", e);
        }
    }

    /** Skips what is zero already, so that holes stay holes. */
    @Override
    public void writeZeroes(long offset, long length) {
        errors.checkRange(offset, length, size);
        errors.checkWritable(readOnly);
        ByteBuffer chunk = ByteBuffer.allocate((int) Math.min(CHUNK, length));
        ByteBuffer zeroes = ByteBuffer.allocate(chunk.capacity());
        try {
            for (long at = offset; at < offset + length; at += CHUNK) {
                int part = (int) Math.min(CHUNK, offset + length - at);
                file.read(chunk.clear().limit(part), at);
                if (!Zeroes.isZero(chunk.flip())) {
                    file.write(zeroes.clear().limit(part), at);
                }
            }
        } catch (IOException e) {
            throw errors.io("write", e);
        }
    }

    @Override
    public void grow(long newSize) {
        if (newSize % 512 != 0 || newSize < size) {
            throw new DiskException(file + " has " + size + " bytes and can't become " + newSize
                    + ": a disk has whole sectors and doesn't shrink");
        }
        errors.checkWritable(readOnly);
        try {
            if (newSize > size) {
                file.write(ByteBuffer.allocate(1), newSize - 1); // the rest is a hole
                size = newSize;
            }
        } catch (IOException e) {
            throw errors.io("grow", e);
        }
    }

    @Override
    public void discard(long offset, long length) {
        errors.checkRange(offset, length, size);
        errors.checkWritable(readOnly);
    }

    @Override
    public void flush() {
        if (readOnly) {
            return;
        }
        try {
            file.force();
        } catch (IOException e) {
            throw errors.io("flush", e);
        }
    }

    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        try (file) {
            flush();
        } catch (IOException e) {
            throw errors.io("close", e);
        }
    }

    @Override
    public String toString() {
        return file.toString();
    }
}
