package oriel.hypervisor.disk;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
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
    private volatile Qcow2Header header;
    private @Nullable DiskImage backing; // guarded by lock
    private final boolean readOnly;
    private final int clusterBits;
    private final int clusterSize;
    private long[] l1; // guarded by lock
    private final MetadataCache l2Tables;
    private final @Nullable Refcounts refcounts;
    private final TreeMap<Integer, Long> pendingL1 = new TreeMap<>();
    private final ReadWriteLock lock = new ReentrantReadWriteLock();
    private volatile boolean abandoned;
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
        locked(lock.readLock(), "read", () -> eachPart(offset, to, this::readCluster));
    }

    private interface PartAction {
        /** With a buffer that is limited to what lies in one cluster. */
        void run(long offset, ByteBuffer part) throws IOException;
    }

    private void eachPart(long offset, ByteBuffer buffer, PartAction action) throws IOException {
        long at = offset;
        int limit = buffer.limit();
        while (buffer.position() < limit) {
            int part = Math.min(clusterSize - inCluster(at), limit - buffer.position());
            buffer.limit(buffer.position() + part);
            action.run(at, buffer);
            buffer.limit(limit);
            at += part;
        }
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
        locked(lock.writeLock(), "write", () -> eachPart(offset, from, this::writeCluster));
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

    // ---- another size -----------------------------------------------------------------------------------------------

    @Override
    public void grow(long newSize) {
        if (newSize % 512 != 0 || newSize > 1L << 50) {
            throw new IllegalArgumentException("a disk has whole sectors and at most 1 PiB, not " + newSize + " bytes");
        }
        errors.checkWritable(readOnly);
        locked(lock.writeLock(), "grow", () -> {
            if (newSize < size()) {
                throw errors.unsupported("has %d bytes and can't shrink to %d: copy what is in it to a smaller disk"
                        .formatted(size(), newSize));
            }
            HeaderEdit edit = new HeaderEdit(file);
            if (edit.hasSnapshots()) {
                throw errors.unsupported("has internal snapshots, which keep its size: delete them with"
                        + " 'qemu-img snapshot -d', or convert it");
            }
            growL1(newSize, edit);
            long before = size();
            // What a longer backing file has there must not come to light, nor what a writer left behind the old end.
            DiskImage below = backing;
            long shining = below == null ? before : Math.min(newSize, below.size());
            long clusterEnd = Math.min(newSize, before + clusterSize - 1 & -(long) clusterSize);
            for (long at = before; at < Math.max(shining, clusterEnd); at += clusterSize - inCluster(at)) {
                int part = (int) Math.min(clusterSize - inCluster(at), newSize - at);
                if (part == clusterSize && header.version() >= 3) {
                    unmap(at);
                } else {
                    zeroPart(at, part);
                }
            }
            writeMetadata();
            file.force();
            header = header.withSize(newSize);
            edit.size(header);
            file.force();
        });
    }

    /** An L1 table for a larger disk: more entries where it is if its clusters have room, else a larger one elsewhere. */
    private void growL1(long newSize, HeaderEdit edit) throws IOException {
        long perEntry = (long) clusterSize << clusterBits - 3;
        int needed = Math.toIntExact((newSize + perEntry - 1) / perEntry);
        if (needed <= l1.length) {
            return;
        }
        if (8L * needed > Qcow2Header.MAX_L1_BYTES) {
            throw errors.unsupported("can't have %d bytes with clusters of %d: convert it to one with larger clusters"
                    .formatted(newSize, clusterSize));
        }
        writeMetadata();
        long oldAt = header.l1Offset();
        long oldClusters = clusters(8L * l1.length);
        long[] larger = Arrays.copyOf(l1, needed);
        long newClusters = clusters(8L * needed);
        long at = newClusters == oldClusters && oldClusters > 0 ? oldAt : counts().allocateRun((int) newClusters);
        ByteBuffer table = ByteBuffer.allocate(Math.toIntExact(newClusters << clusterBits));
        table.asLongBuffer().put(larger);
        if (at == oldAt) { // what is there stays: only zeroes behind it, which may be rubbish now
            file.write(table.position(8 * l1.length), at + 8L * l1.length);
        } else {
            file.write(table, at);
            counts().writeBack();
        }
        file.force();
        l1 = larger;
        header = header.withL1(at, needed);
        edit.size(header);
        counts().l1At(at, newClusters);
        if (at != oldAt) {
            for (long cluster = 0; cluster < oldClusters; cluster++) {
                counts().release((oldAt >>> clusterBits) + cluster);
            }
        }
    }

    private long clusters(long bytes) {
        return bytes + clusterSize - 1 >>> clusterBits;
    }

    // ---- a shorter chain --------------------------------------------------------------------------------------------

    /** The image behind this one. */
    @Nullable
    DiskImage backing() {
        lock.readLock().lock();
        try {
            return backing;
        } finally {
            lock.readLock().unlock();
        }
    }

    /**
     * Copies a cluster up, if this image shows it from one between itself and {@code base}. Others may read and write
     * meanwhile.
     *
     * @param base an image of the chain, or null for none: everything is copied
     */
    void pull(long offset, @Nullable DiskImage base) {
        errors.checkWritable(readOnly);
        locked(lock.writeLock(), "write", () -> pullCluster(offset & -(long) clusterSize, base));
    }

    /** Bytes that {@link #pull} does at a time. */
    int pullSize() {
        return clusterSize;
    }

    private void pullCluster(long offset, @Nullable DiskImage base) throws IOException {
        int length = (int) Math.min(clusterSize, size() - offset);
        if ((lookup(offset) & ~COPIED) != 0 || !heldBehind(offset, length, base)) {
            return;
        }
        ByteBuffer content = ByteBuffer.allocate(length);
        readBacking(offset, content);
        content.flip();
        if (header.version() >= 3 && Zeroes.isZero(content)) {
            makeRoom();
            tableForWriting(l1Index(offset)).setEntry(l2Index(offset), ZERO);
        } else {
            writeCluster(offset, content);
        }
    }

    /** Whether an image between this one and {@code base} says what a range holds. */
    private boolean heldBehind(long offset, int length, @Nullable DiskImage base) throws IOException {
        DiskImage below = backing;
        if (below == null || below == base) {
            return false;
        }
        if (!(below instanceof Qcow2Image image) || offset + length > below.size()) {
            return true; // a raw image says all; behind the end of a shorter one there are zeroes
        }
        image.lock.readLock().lock();
        try {
            for (long at = offset; at < offset + length; at += image.clusterSize - image.inCluster(at)) {
                if ((image.lookup(at) & ~COPIED) != 0) {
                    return true;
                }
            }
            return image.heldBehind(offset, length, base);
        } finally {
            image.lock.readLock().unlock();
        }
    }

    /**
     * Lies on {@code base} from now on, durably. What is left to be copied up is copied now.
     *
     * @param base an image of the chain, or null for none
     * @param reopened the same image once more, which belongs to this one then; the chain so far is closed
     * @param name of the base's file, as this image's header is to have it; its format must be that of the present one
     */
    void rebase(@Nullable DiskImage base, @Nullable DiskImage reopened, String name) {
        errors.checkWritable(readOnly);
        locked(lock.writeLock(), "write", () -> {
            for (long at = 0; at < size(); at += clusterSize) {
                pullCluster(at, base);
            }
            writeMetadata();
            file.force();
            new HeaderEdit(file).backingFile(name, clusterSize, errors);
            file.force();
            DiskImage before = backing;
            backing = reopened;
            header = header.withBackingFile(name);
            if (before != null) {
                before.close();
            }
        });
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
    public void abandon() {
        abandoned = true;
    }

    @Override
    public void close() {
        lock.writeLock().lock();
        try {
            if (closed) {
                return;
            }
            List<AutoCloseable> parts = new ArrayList<>();
            if (!readOnly && !abandoned) {
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
