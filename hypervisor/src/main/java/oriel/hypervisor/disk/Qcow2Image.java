package oriel.hypervisor.disk;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;
import org.jspecify.annotations.Nullable;

/**
 * A qcow2 image, version 2 or 3 (QEMU docs/interop/qcow2.txt), with its backing chain.
 *
 * <p>Data goes to the file at once, metadata at {@link #flush} or when its cache is full, in an order that keeps the
 * image consistent whenever the writer is killed or the host loses power: data and refcounts, then L2 tables, then L1
 * entries, then decremented refcounts, each made durable before the next begins.
 *
 * <p>Internal snapshots are left alone: what they share is copied before it is written.
 */
final class Qcow2Image implements DiskImage {
    private static final long COPIED = 1L << 63, COMPRESSED = 1L << 62, ZERO = 1;
    private static final long OFFSET_MASK = 0x00FF_FFFF_FFFF_FE00L;

    private final ImageChannel file;
    private final DiskErrors errors;
    private final Qcow2Header header;
    private final @Nullable DiskImage backing;
    private final boolean readOnly;
    private final int clusterBits;
    private final int clusterSize;
    private final long[] l1;
    private final MetadataCache l2Tables;
    private final @Nullable Refcounts refcounts;
    private final TreeMap<Integer, Long> pendingL1 = new TreeMap<>();
    private final ReadWriteLock lock = new ReentrantReadWriteLock();
    private boolean closed;

    /**
     * Opens.
     *
     * @param backing what is read where this image has nothing; closed with it
     */
    Qcow2Image(ImageChannel file, Qcow2Header header, @Nullable DiskImage backing, boolean readOnly)
            throws IOException {
        this.file = file;
        this.errors = new DiskErrors(file.toString());
        this.header = header;
        this.backing = backing;
        this.readOnly = readOnly;
        clusterBits = header.clusterBits();
        clusterSize = 1 << clusterBits;
        l2Tables = new MetadataCache(file, clusterSize);
        l1 = new long[header.l1Entries()];
        ByteBuffer in = ByteBuffer.allocate(l1.length * 8);
        file.read(in, header.l1Offset());
        in.flip().asLongBuffer().get(l1);
        refcounts = readOnly ? null : prepareForWriting();
    }

    private Refcounts prepareForWriting() throws IOException {
        if ((header.incompatible() & Qcow2Header.CORRUPT) != 0) {
            throw errors.corrupt("it is marked so; it can be opened read-only");
        }
        if ((header.incompatible() & Qcow2Header.DIRTY) != 0) {
            throw errors.unsupported("was not closed properly and its refcounts are stale: run 'qemu-img check -r all "
                    + file + "' once");
        }
        Refcounts counts = new Refcounts(file, errors, header);
        if (header.autoclear() != 0) {
            // Whatever these extensions say (bitmaps, …) our writes don't keep up to date.
            file.write(ByteBuffer.allocate(8), Qcow2Header.AUTOCLEAR_AT);
        }
        return counts;
    }

    @Override
    public long size() {
        return header.size() + 511 & ~511L;
    }

    @Override
    public boolean readOnly() {
        return readOnly;
    }

    private interface IoAction {
        void run() throws IOException;
    }

    private void locked(Lock held, String action, IoAction body) {
        held.lock();
        try {
            if (closed) {
                throw new DiskException(file + " is closed");
            }
            body.run();
        } catch (IOException e) {
            throw errors.io(action, e);
        } finally {
            held.unlock();
        }
    }

    private int inCluster(long offset) {
        return (int) (offset & clusterSize - 1);
    }

    @Override
    public void read(long offset, ByteBuffer to) {
        errors.checkRange(offset, to.remaining(), size());
        locked(lock.readLock(), "read", () -> {
            long at = offset;
            int limit = to.limit();
            while (to.position() < limit) {
                int part = Math.min(clusterSize - inCluster(at), limit - to.position());
                to.limit(to.position() + part);
                readCluster(at, to);
                to.limit(limit);
                at += part;
            }
        });
    }

    /** Reads within one cluster. */
    private void readCluster(long offset, ByteBuffer to) throws IOException {
        long entry = lookup(offset);
        if ((entry & COMPRESSED) != 0) {
            byte[] data = decompress(entry);
            to.put(data, inCluster(offset), to.remaining());
        } else if (isZero(entry)) {
            putZeroes(to);
        } else if (hostOffset(entry) != 0) {
            file.read(to, hostOffset(entry) + inCluster(offset));
        } else {
            readBacking(offset, to);
        }
    }

    private static void putZeroes(ByteBuffer to) {
        while (to.remaining() >= 8) {
            to.putLong(0);
        }
        while (to.hasRemaining()) {
            to.put((byte) 0);
        }
    }

    private void readBacking(long offset, ByteBuffer to) {
        DiskImage below = backing;
        int limit = to.limit();
        if (below != null && offset < below.size()) {
            int part = (int) Math.min(to.remaining(), below.size() - offset);
            to.limit(to.position() + part);
            below.read(offset, to);
            to.limit(limit);
        }
        putZeroes(to);
    }

    private int l1Index(long offset) {
        return (int) (offset >>> clusterBits >>> clusterBits - 3);
    }

    private int l2Index(long offset) {
        return (int) (offset >>> clusterBits) & header.l2Entries() - 1;
    }

    /** The L2 entry of an offset, 0 where there is no table. */
    private long lookup(long offset) throws IOException {
        long table = l1[l1Index(offset)] & OFFSET_MASK;
        return table == 0 ? 0 : l2Tables.get(checkCluster(table, "L2 table")).entry(l2Index(offset));
    }

    private long checkCluster(long offset, String what) {
        if (inCluster(offset) != 0 || offset >>> 55 != 0) {
            throw errors.corrupt("the " + what + " at 0x" + Long.toHexString(offset) + " isn't a cluster");
        }
        return offset;
    }

    /** Version 2 has no zero clusters; the bit is reserved there. */
    private boolean isZero(long entry) {
        return (entry & (COMPRESSED | ZERO)) == ZERO && header.version() >= 3;
    }

    private long hostOffset(long entry) {
        return (entry & COMPRESSED) != 0 ? 0 : checkCluster(entry & OFFSET_MASK, "data cluster");
    }

    private int compressedOffsetBits() {
        return 62 - (clusterBits - 8);
    }

    private long compressedOffset(long entry) {
        return entry & (1L << compressedOffsetBits()) - 1;
    }

    /** Bytes from the offset to the end of the last 512-byte sector. */
    private int compressedLength(long entry) {
        int sectors = (int) ((entry & COMPRESSED - 1) >>> compressedOffsetBits()) + 1;
        return sectors * 512 - (int) (compressedOffset(entry) & 511);
    }

    private byte[] decompress(long entry) throws IOException {
        if (header.zstd()) {
            throw errors.unsupported("has clusters compressed with zstd, which isn't supported: convert it with"
                    + " 'qemu-img convert -O qcow2'");
        }
        long at = compressedOffset(entry);
        if (at >= file.size()) {
            throw errors.corrupt("a compressed cluster is beyond the end of the file");
        }
        ByteBuffer in = ByteBuffer.allocate(compressedLength(entry));
        file.read(in, at);
        byte[] out = new byte[clusterSize];
        Inflater inflater = new Inflater(true);
        try {
            inflater.setInput(in.array());
            int length = 0;
            while (length < out.length) {
                int count = inflater.inflate(out, length, out.length - length);
                if (count == 0) {
                    throw errors.corrupt("a compressed cluster is too short");
                }
                length += count;
            }
        } catch (DataFormatException e) {
            throw errors.corrupt("a compressed cluster can't be inflated (" + e.getMessage() + ")");
        } finally {
            inflater.end();
        }
        return out;
    }

    private Refcounts counts() {
        Refcounts counts = refcounts;
        if (counts == null) {
            throw new IllegalStateException(file + " is read-only");
        }
        return counts;
    }

    @Override
    public void write(long offset, ByteBuffer from) {
        errors.checkRange(offset, from.remaining(), size());
        errors.checkWritable(readOnly);
        locked(lock.writeLock(), "write", () -> {
            long at = offset;
            int limit = from.limit();
            while (from.position() < limit) {
                int part = Math.min(clusterSize - inCluster(at), limit - from.position());
                from.limit(from.position() + part);
                writeCluster(at, from);
                from.limit(limit);
                at += part;
            }
        });
    }

    /** Writes within one cluster. */
    private void writeCluster(long offset, ByteBuffer from) throws IOException {
        makeRoom();
        MetadataTable l2 = tableForWriting(l1Index(offset));
        int index = l2Index(offset);
        long entry = l2.entry(index);
        long host = hostOffset(entry);
        if (host != 0 && !isZero(entry) && isOurs(entry, host)) {
            if (host >= file.size()) {
                throw errors.corrupt("a data cluster is beyond the end of the file");
            }
            file.write(from, host + inCluster(offset));
            if ((entry & COPIED) == 0) {
                l2.setEntry(index, entry | COPIED);
            }
            return;
        }
        long target = counts().allocate();
        try {
            fill(target, entry, offset, from);
        } catch (IOException | RuntimeException e) {
            counts().cancel(target);
            throw e;
        }
        l2.setEntry(index, target | COPIED);
        release(entry);
    }

    private boolean isOurs(long entry, long host) throws IOException {
        return (entry & COPIED) != 0 || counts().get(host >>> clusterBits) == 1;
    }

    /** Writes a newly allocated cluster: the new data over what was readable there. */
    private void fill(long target, long old, long offset, ByteBuffer from) throws IOException {
        if (from.remaining() == clusterSize) {
            file.write(from, target);
            return;
        }
        boolean wasZero = isZero(old) || ((old & COMPRESSED) == 0 && hostOffset(old) == 0 && backing == null);
        if (wasZero && target >= file.size()) {
            file.write(from, target + inCluster(offset)); // a file grows by zeroes
            return;
        }
        ByteBuffer cluster = ByteBuffer.allocate(clusterSize);
        if (!wasZero) {
            readCluster(offset & -clusterSize, cluster);
        }
        cluster.clear().position(inCluster(offset));
        cluster.put(from);
        file.write(cluster.clear(), target);
    }

    /** Gives up an entry's reference to its host clusters. */
    private void release(long entry) {
        if ((entry & COMPRESSED) != 0) {
            long first = compressedOffset(entry) >>> clusterBits;
            long last = compressedOffset(entry) + compressedLength(entry) - 1 >>> clusterBits;
            for (long cluster = first; cluster <= last; cluster++) {
                counts().release(cluster);
            }
        } else if (hostOffset(entry) != 0) {
            counts().release(hostOffset(entry) >>> clusterBits);
        }
    }

    /** The L2 table of an L1 entry, allocated or copied if need be. */
    private MetadataTable tableForWriting(int l1Index) throws IOException {
        long entry = l1[l1Index];
        long offset = checkCluster(entry & OFFSET_MASK, "L2 table");
        if (offset != 0 && isOurs(entry, offset)) {
            if ((entry & COPIED) == 0) {
                setL1(l1Index, offset);
            }
            return l2Tables.get(offset);
        }
        ByteBuffer content = ByteBuffer.allocate(clusterSize);
        if (offset != 0) {
            content.put(l2Tables.get(offset).data.duplicate().clear()).clear();
            clearCopied(content);
        }
        MetadataTable table = l2Tables.create(counts().allocate(), content);
        setL1(l1Index, table.offset);
        if (offset != 0) {
            counts().release(offset >>> clusterBits);
        }
        return table;
    }

    /** In a copy of a shared table everything is shared. */
    private static void clearCopied(ByteBuffer table) {
        for (int at = 0; at < table.capacity(); at += 8) {
            table.putLong(at, table.getLong(at) & ~COPIED);
        }
    }

    private void setL1(int index, long tableOffset) {
        l1[index] = tableOffset | COPIED;
        pendingL1.put(index, l1[index]);
    }

    @Override
    public void writeZeroes(long offset, long length) {
        errors.checkRange(offset, length, size());
        errors.checkWritable(readOnly);
        locked(
                lock.writeLock(),
                "write",
                () -> eachCluster(offset, length, (at, part) -> {
                    if (canUnmap(at, part)) {
                        unmap(at);
                    } else {
                        zeroPart(at, part);
                    }
                }));
    }

    @Override
    public void discard(long offset, long length) {
        errors.checkRange(offset, length, size());
        errors.checkWritable(readOnly);
        locked(
                lock.writeLock(),
                "write",
                () -> eachCluster(offset, length, (at, part) -> {
                    if (canUnmap(at, part)) {
                        unmap(at);
                    }
                }));
    }

    /** Whole clusters; version 2 has no way to say "zero" where a backing file would show through. */
    private boolean canUnmap(long offset, int length) {
        boolean whole = inCluster(offset) == 0 && (length == clusterSize || offset + length >= header.size());
        return whole && (header.version() >= 3 || backing == null);
    }

    private interface ClusterAction {
        void run(long offset, int length) throws IOException;
    }

    private void eachCluster(long offset, long length, ClusterAction action) throws IOException {
        long at = offset;
        long end = offset + length;
        while (at < end) {
            if (nothingToZero(at)) {
                at = Math.min(end, (at >>> clusterBits + clusterBits - 3) + 1 << clusterBits + clusterBits - 3);
                continue;
            }
            int part = (int) Math.min(clusterSize - inCluster(at), end - at);
            action.run(at, part);
            at += part;
        }
    }

    /** A whole L2 table's range that is zero already: huge ranges must not take one step a cluster. */
    private boolean nothingToZero(long offset) {
        return backing == null && (l1[l1Index(offset)] & OFFSET_MASK) == 0;
    }

    private void zeroPart(long offset, int length) throws IOException {
        ByteBuffer old = ByteBuffer.allocate(length);
        readCluster(offset, old);
        if (!Zeroes.isZero(old.flip())) {
            writeCluster(offset, ByteBuffer.allocate(length));
        }
    }

    /** Makes a whole cluster zero and gives its space back. */
    private void unmap(long offset) throws IOException {
        long entry = lookup(offset);
        long zero = backing == null ? 0 : ZERO;
        if ((entry & ~COPIED) == zero) {
            return;
        }
        makeRoom();
        tableForWriting(l1Index(offset)).setEntry(l2Index(offset), zero);
        release(entry);
    }

    private void makeRoom() throws IOException {
        if (l2Tables.crowded() || counts().crowded()) {
            writeMetadata();
        }
    }

    /** Writes metadata back in the order that the class promises. */
    private void writeMetadata() throws IOException {
        Refcounts counts = counts();
        counts.writeBack();
        if (l2Tables.dirty() || !pendingL1.isEmpty()) {
            file.force();
            l2Tables.writeBack();
        }
        if (!pendingL1.isEmpty()) {
            file.force();
            for (var change : pendingL1.entrySet()) {
                ByteBuffer entry =
                        ByteBuffer.allocate(8).putLong(change.getValue()).flip();
                file.write(entry, header.l1Offset() + 8L * change.getKey());
            }
            pendingL1.clear();
        }
        if (counts.hasReleases()) {
            file.force();
            counts.applyReleases();
            counts.writeBack();
        }
    }

    @Override
    public void flush() {
        if (readOnly) {
            return;
        }
        locked(lock.writeLock(), "flush", () -> {
            writeMetadata();
            file.force();
        });
    }

    @Override
    public void close() {
        lock.writeLock().lock();
        try {
            if (closed) {
                return;
            }
            List<AutoCloseable> parts = new ArrayList<>();
            if (!readOnly) {
                parts.add(this::flush);
            }
            parts.add(() -> closed = true);
            parts.add(file);
            if (backing != null) {
                parts.add(backing);
            }
            closeAll(parts);
        } finally {
            closed = true;
            lock.writeLock().unlock();
        }
    }

    private void closeAll(List<AutoCloseable> parts) {
        DiskException failure = null;
        for (AutoCloseable part : parts) {
            try {
                part.close();
            } catch (DiskException e) {
                failure = failure == null ? e : failure;
            } catch (IOException e) {
                failure = failure == null ? errors.io("close", e) : failure;
            } catch (Exception e) {
                throw new AssertionError(e);
            }
        }
        if (failure != null) {
            throw failure;
        }
    }

    @Override
    public String toString() {
        return file.toString();
    }
}
