package oriel.hypervisor.device.virtio;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;
import oriel.hypervisor.disk.DiskException;
import oriel.hypervisor.disk.DiskImage;

/** A disk in memory that remembers what was asked of it and can be told to fail. */
final class MemoryDisk implements DiskImage {
    final byte[] bytes;
    final List<String> log = Collections.synchronizedList(new ArrayList<>());
    private final boolean readOnly;
    volatile @Nullable DiskException failure;

    MemoryDisk(int size, boolean readOnly) {
        bytes = new byte[size];
        this.readOnly = readOnly;
    }

    private void enter(String what) {
        log.add(what);
        DiskException fail = failure;
        if (fail != null) {
            throw fail;
        }
    }

    @Override
    public long size() {
        return bytes.length;
    }

    @Override
    public boolean readOnly() {
        return readOnly;
    }

    @Override
    public void read(long offset, ByteBuffer to) {
        enter("read " + offset + "+" + to.remaining());
        to.put(bytes, (int) offset, to.remaining());
    }

    @Override
    public void write(long offset, ByteBuffer from) {
        enter("write " + offset + "+" + from.remaining());
        from.get(bytes, (int) offset, from.remaining());
    }

    @Override
    public void writeZeroes(long offset, long length) {
        enter("zero " + offset + "+" + length);
        java.util.Arrays.fill(bytes, (int) offset, (int) (offset + length), (byte) 0);
    }

    @Override
    public void discard(long offset, long length) {
        enter("discard " + offset + "+" + length);
    }

    @Override
    public void flush() {
        enter("flush");
    }

    @Override
    public void close() {}
}
