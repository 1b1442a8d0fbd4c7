package oriel.it.guest;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/**
 * An archive that a Linux kernel unpacks into its first root file system
 * (Documentation/driver-api/early-userspace/buffer-format.rst). Archives may follow each other; a later file replaces an
 * earlier one.
 */
public final class CpioArchive {
    private static final int FOLDER = 0040755, EXECUTABLE = 0100755;

    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private int inode;

    /** Puts another archive, compressed or not, in front of what follows. */
    public CpioArchive append(byte[] archive) {
        bytes.writeBytes(archive);
        pad();
        return this;
    }

    /** Adds a folder; its parent must be there. */
    public CpioArchive folder(String name) {
        entry(name, FOLDER, new byte[0]);
        return this;
    }

    /** Adds a file that may be executed. */
    public CpioArchive executable(String name, byte[] content) {
        entry(name, EXECUTABLE, content);
        return this;
    }

    /** The whole archive; nothing can be added afterwards. */
    public byte[] finish() {
        entry("TRAILER!!!", 0, new byte[0]);
        return bytes.toByteArray();
    }

    private void entry(String name, int mode, byte[] content) {
        int[] fields = {++inode, mode, 0, 0, 1, 0, content.length, 0, 0, 0, 0, name.length() + 1, 0};
        StringBuilder header = new StringBuilder("070701");
        for (int field : fields) {
            header.append("%08X".formatted(field));
        }
        bytes.writeBytes((header + name + "\0").getBytes(StandardCharsets.US_ASCII));
        pad();
        bytes.writeBytes(content);
        pad();
    }

    private void pad() {
        while (bytes.size() % 4 != 0) {
            bytes.write(0);
        }
    }
}
