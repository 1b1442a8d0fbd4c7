package oriel.hypervisor.device.storage;

import java.nio.ByteBuffer;
import oriel.hypervisor.disk.DiskException;
import oriel.hypervisor.disk.DiskImage;

/** A disc whose every byte says where it is, without a file. */
final class TestDisc implements DiskImage {
    private final long size;
    boolean broken;

    TestDisc(int blocks) {
        size = (long) blocks * CdDrive.BLOCK;
    }

    static byte at(long offset) {
        return (byte) (offset ^ offset >> 11 ^ offset >> 19);
    }

    @Override
    public long size() {
        return size;
    }

    @Override
    public boolean readOnly() {
        return true;
    }

    @Override
    public void read(long offset, ByteBuffer to) {
        if (broken) {
            throw new DiskException("scratched");
        }
        if (offset < 0 || offset + to.remaining() > size) {
            throw new IllegalArgumentException("outside the disc");
        }
        while (to.hasRemaining()) {
            to.put(at(offset++));
        }
    }

    @Override
    public void write(long offset, ByteBuffer from) {
        throw new DiskException("read-only");
    }

    @Override
    public void writeZeroes(long offset, long length) {
        throw new DiskException("read-only");
    }

    @Override
    public void discard(long offset, long length) {
        throw new DiskException("read-only");
    }

    @Override
    public void flush() {}

    @Override
    public void close() {}
}
