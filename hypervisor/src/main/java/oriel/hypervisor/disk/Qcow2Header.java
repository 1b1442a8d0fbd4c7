package oriel.hypervisor.disk;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/**
 * The header of a qcow2 image (QEMU docs/interop/qcow2.txt), checked: every size in it is bounded and every table lies
 * in the file.
 *
 * @param version 2 or 3
 * @param clusterBits 9–21
 * @param size of the disk in bytes
 * @param incompatible feature bits
 * @param autoclear feature bits
 * @param refcountOrder refcounts have 2^order bits, 0–6
 * @param zstd whether compressed clusters are zstd, not deflate
 */
record Qcow2Header(
        int version,
        int clusterBits,
        long size,
        Optional<String> backingFile,
        Optional<String> backingFormat,
        long l1Offset,
        int l1Entries,
        long refcountTableOffset,
        int refcountTableClusters,
        long incompatible,
        long autoclear,
        int refcountOrder,
        boolean zstd) {
    static final int MAGIC = 0x514649FB;
    static final long DIRTY = 1, CORRUPT = 2;
    static final int AUTOCLEAR_AT = 88, REFCOUNT_TABLE_AT = 48;
    static final int MAX_REFCOUNT_TABLE_BYTES = 8 << 20;

    private static final long DATA_FILE = 4, COMPRESSION_TYPE = 8, EXTENDED_L2 = 16;
    private static final int V2_LENGTH = 72, V3_LENGTH = 104;
    private static final int BACKING_FORMAT = 0xE2792ACA;
    static final int MAX_L1_BYTES = 32 << 20, MAX_BACKING_NAME = 1023;

    long clusterSize() {
        return 1L << clusterBits;
    }

    /** Entries of an L2 table. */
    int l2Entries() {
        return 1 << clusterBits - 3;
    }

    Qcow2Header withSize(long newSize) {
        return changed(newSize, backingFile, l1Offset, l1Entries);
    }

    Qcow2Header withL1(long offset, int entries) {
        return changed(size, backingFile, offset, entries);
    }

    /** An empty name for none. */
    Qcow2Header withBackingFile(String name) {
        return changed(size, Optional.of(name).filter(text -> !text.isEmpty()), l1Offset, l1Entries);
    }

    private Qcow2Header changed(long newSize, Optional<String> backing, long newL1Offset, int newL1Entries) {
        return new Qcow2Header(
                version,
                clusterBits,
                newSize,
                backing,
                backingFormat,
                newL1Offset,
                newL1Entries,
                refcountTableOffset,
                refcountTableClusters,
                incompatible,
                autoclear,
                refcountOrder,
                zstd);
    }

    static boolean isQcow2(ImageChannel file) throws IOException {
        ByteBuffer start = ByteBuffer.allocate(8);
        file.read(start, 0);
        return start.getInt(0) == MAGIC;
    }

    static Qcow2Header read(ImageChannel file, DiskErrors errors) throws IOException {
        ByteBuffer in = ByteBuffer.allocate(V3_LENGTH + 8);
        file.read(in, 0);
        if (in.getInt(0) != MAGIC) {
            throw errors.corrupt("it does not begin with the qcow2 signature");
        }
        require(file.size() >= V2_LENGTH, errors, "it ends within its header");
        int version = in.getInt(4);
        if (version != 2 && version != 3) {
            throw errors.unsupported("is qcow2 version " + version
                    + ", only 2 and 3 are known: convert it with 'qemu-img convert -O qcow2'");
        }
        int clusterBits = in.getInt(20);
        require(clusterBits >= 9 && clusterBits <= 21, errors, "cluster_bits is " + clusterBits);
        if (in.getInt(32) != 0) {
            throw errors.unsupported("is encrypted: convert it with 'qemu-img convert -O qcow2' to a plain image");
        }
        boolean v3 = version == 3;
        long incompatible = v3 ? in.getLong(72) : 0;
        checkFeatures(incompatible, errors);
        int refcountOrder = v3 ? in.getInt(96) : 4;
        require(refcountOrder >= 0 && refcountOrder <= 6, errors, "refcount_order is " + refcountOrder);
        int headerLength = v3 ? in.getInt(100) : V2_LENGTH;
        long clusterSize = 1L << clusterBits;
        require(
                headerLength >= (v3 ? V3_LENGTH : V2_LENGTH) && headerLength <= clusterSize,
                errors,
                "header_length is " + headerLength);
        boolean zstd = (incompatible & COMPRESSION_TYPE) != 0 && headerLength > V3_LENGTH && in.get(104) != 0;

        long size = in.getLong(24);
        require(size >= 0 && size <= 1L << 60, errors, "the disk size is " + Long.toUnsignedString(size));
        int l1Entries = in.getInt(36);
        long l1Offset = in.getLong(40);
        long needed = (size + clusterSize - 1 >>> clusterBits) + (1L << clusterBits - 3) - 1 >>> clusterBits - 3;
        require(l1Entries >= needed && l1Entries >= 0, errors, "the L1 table is too small for the disk");
        requireTable(l1Offset, 8L * l1Entries, MAX_L1_BYTES, clusterSize, file.size(), errors, "L1 table");
        long tableOffset = in.getLong(REFCOUNT_TABLE_AT);
        long tableClusters = in.getInt(56) & 0xFFFF_FFFFL;
        requireTable(
                tableOffset,
                tableClusters << clusterBits,
                Math.max(MAX_REFCOUNT_TABLE_BYTES, (int) clusterSize),
                clusterSize,
                file.size(),
                errors,
                "refcount table");

        return new Qcow2Header(
                version,
                clusterBits,
                size,
                backingFile(file, in.getLong(8), in.getInt(16), clusterSize, errors),
                backingFormat(file, headerLength, (int) clusterSize, in.getLong(8)),
                l1Offset,
                l1Entries,
                tableOffset,
                (int) tableClusters,
                incompatible,
                v3 ? in.getLong(AUTOCLEAR_AT) : 0,
                refcountOrder,
                zstd);
    }

    private static void require(boolean valid, DiskErrors errors, String what) {
        if (!valid) {
            throw errors.corrupt(what);
        }
    }

    /** The file may end inside the table's last cluster, but not before the table: a cut table would read as empty. */
    private static void requireTable(
            long offset, long bytes, int max, long clusterSize, long fileSize, DiskErrors errors, String name) {
        require(bytes <= max, errors, "the " + name + " has " + bytes + " bytes, more than " + max);
        boolean aligned = offset >= clusterSize && (offset & clusterSize - 1) == 0;
        boolean inside = aligned && offset < fileSize && offset <= fileSize - bytes + clusterSize;
        require(bytes == 0 || inside, errors, "the " + name + " is outside the file");
    }

    private static void checkFeatures(long incompatible, DiskErrors errors) {
        if ((incompatible & DATA_FILE) != 0) {
            throw errors.unsupported("keeps its data in an external file, which isn't supported: convert it with"
                    + " 'qemu-img convert -O qcow2'");
        }
        if ((incompatible & EXTENDED_L2) != 0) {
            throw errors.unsupported("has extended L2 entries (subclusters), which aren't supported: convert it with"
                    + " 'qemu-img convert -O qcow2 -o extended_l2=off'");
        }
        long unknown = incompatible & ~(DIRTY | CORRUPT | COMPRESSION_TYPE);
        if (unknown != 0) {
            throw errors.unsupported("needs qcow2 features that this version doesn't know (bits 0x"
                    + Long.toHexString(unknown) + "): use a newer Oriel, or convert it with 'qemu-img convert'");
        }
    }

    private static Optional<String> backingFile(
            ImageChannel file, long offset, int length, long clusterSize, DiskErrors errors) throws IOException {
        if (offset == 0 || length == 0) {
            return Optional.empty();
        }
        boolean inside = length > 0 && length <= MAX_BACKING_NAME && offset > 0 && offset <= clusterSize - length;
        require(inside, errors, "the name of its backing file is outside the header cluster");
        ByteBuffer name = ByteBuffer.allocate(length);
        file.read(name, offset);
        return Optional.of(new String(name.array(), StandardCharsets.UTF_8));
    }

    private static Optional<String> backingFormat(ImageChannel file, int headerLength, int clusterSize, long nameAt)
            throws IOException {
        int end = nameAt > 0 && nameAt < clusterSize ? (int) nameAt : clusterSize;
        if (end <= headerLength) {
            return Optional.empty();
        }
        ByteBuffer in = ByteBuffer.allocate(end);
        file.read(in, 0);
        for (int at = headerLength; at + 8 <= end; ) {
            int type = in.getInt(at);
            int length = in.getInt(at + 4);
            if (type == 0 || length < 0 || length > end - at - 8) {
                break;
            }
            if (type == BACKING_FORMAT) {
                return Optional.of(new String(in.array(), at + 8, length, StandardCharsets.US_ASCII));
            }
            at += 8 + (length + 7 & ~7);
        }
        return Optional.empty();
    }

    /** The header cluster's used part, for a new image of version 3. */
    byte[] toBytes() {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        byte[] name = backingFile.orElse("").getBytes(StandardCharsets.UTF_8);
        byte[] format = backingFormat.orElse("").getBytes(StandardCharsets.US_ASCII);
        int extensions = V3_LENGTH + 8 + (format.length == 0 ? 0 : 8 + (format.length + 7 & ~7));
        ByteBuffer header = ByteBuffer.allocate(extensions);
        header.putInt(MAGIC).putInt(version);
        header.putLong(name.length == 0 ? 0 : extensions).putInt(name.length);
        header.putInt(clusterBits).putLong(size).putInt(0);
        header.putInt(l1Entries).putLong(l1Offset);
        header.putLong(refcountTableOffset).putInt(refcountTableClusters);
        header.putInt(0).putLong(0); // no snapshots
        header.putLong(incompatible).putLong(0).putLong(autoclear);
        header.putInt(refcountOrder).putInt(V3_LENGTH);
        if (format.length > 0) {
            header.putInt(BACKING_FORMAT).putInt(format.length).put(format);
        }
        out.writeBytes(header.array());
        out.writeBytes(name);
        return out.toByteArray();
    }
}
