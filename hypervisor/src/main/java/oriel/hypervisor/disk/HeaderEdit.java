package oriel.hypervisor.disk;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/**
 * Changes the header of a qcow2 image that is in use. Each change is one write within the first sector, which a disk does
 * as a whole or not at all; what it refers to is durable before. The caller makes the change itself durable.
 */
final class HeaderEdit {
    private static final int BACKING_AT = 8, SIZE_AT = 24, SNAPSHOTS_AT = 60, SECTOR = 512;

    private final ImageChannel file;

    HeaderEdit(ImageChannel file) {
        this.file = file;
    }

    boolean hasSnapshots() throws IOException {
        ByteBuffer count = ByteBuffer.allocate(4);
        file.read(count, SNAPSHOTS_AT);
        return count.getInt(0) != 0;
    }

    /** The disk's size, and the L1 table's size and place. */
    void size(Qcow2Header header) throws IOException {
        ByteBuffer fields = ByteBuffer.allocate(24).putLong(header.size()).putInt(0); // no encryption
        fields.putInt(header.l1Entries()).putLong(header.l1Offset());
        file.write(fields.flip(), SIZE_AT);
    }

    /**
     * The name of the backing file; empty: none. The new name is put where the old one isn't, before the header refers to
     * it.
     */
    void backingFile(String name, int clusterSize, DiskErrors errors) throws IOException {
        byte[] text = name.getBytes(StandardCharsets.UTF_8);
        ByteBuffer fields = ByteBuffer.allocate(12);
        file.read(fields, BACKING_AT);
        long oldAt = fields.getLong(0);
        int oldLength = fields.getInt(8);
        long at = 0;
        if (text.length > 0) {
            // Behind the old one, or before it in the room that an earlier change left; extensions end before both.
            int extensions = (int) Math.min(oldAt == 0 ? SECTOR : oldAt, SECTOR);
            at = oldAt >= extensions + text.length && oldAt >= SECTOR + text.length ? SECTOR : oldAt + oldLength;
            if (at < SECTOR) {
                at = SECTOR;
            }
            if (text.length > Qcow2Header.MAX_BACKING_NAME || at + text.length > clusterSize) {
                throw errors.unsupported("has no room in its header for the name " + name
                        + ": convert it with 'qemu-img convert -O qcow2' to one with larger clusters");
            }
            file.write(ByteBuffer.wrap(text), at);
            file.force();
        }
        file.write(fields.clear().putLong(at).putInt(text.length).flip(), BACKING_AT);
    }
}
