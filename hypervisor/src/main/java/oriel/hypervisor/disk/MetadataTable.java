package oriel.hypervisor.disk;

import java.nio.ByteBuffer;

/** One cluster of metadata in memory, an L2 table or a refcount block, and which part of it the file doesn't have yet. */
final class MetadataTable {
    final long offset;
    final ByteBuffer data;
    private int dirtyFrom = Integer.MAX_VALUE;
    private int dirtyTo;

    MetadataTable(long offset, ByteBuffer data) {
        this.offset = offset;
        this.data = data;
    }

    boolean dirty() {
        return dirtyTo > dirtyFrom;
    }

    void markDirty(int from, int length) {
        dirtyFrom = Math.min(dirtyFrom, from);
        dirtyTo = Math.max(dirtyTo, from + length);
    }

    void markClean() {
        dirtyFrom = Integer.MAX_VALUE;
        dirtyTo = 0;
    }

    ByteBuffer dirtyPart() {
        return data.duplicate().position(dirtyFrom).limit(dirtyTo);
    }

    int dirtyFrom() {
        return dirtyFrom;
    }

    /** Entry of an L2 table. */
    long entry(int index) {
        return data.getLong(index * 8);
    }

    void setEntry(int index, long value) {
        data.putLong(index * 8, value);
        markDirty(index * 8, 8);
    }
}
