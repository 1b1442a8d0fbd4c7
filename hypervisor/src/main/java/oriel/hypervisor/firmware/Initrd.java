package oriel.hypervisor.firmware;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import oriel.hypervisor.memory.GuestMemory;

/** The initial RAM disk that a kernel gets. Immutable. */
public final class Initrd {
    private static final Initrd NONE = new Initrd(new byte[0]);

    private final byte[] contents;

    private Initrd(byte[] contents) {
        this.contents = contents;
    }

    /** No initrd. */
    public static Initrd none() {
        return NONE;
    }

    /** Contents that are already there: a cpio archive, compressed or not. */
    public static Initrd of(byte[] contents) {
        return new Initrd(contents.clone());
    }

    /**
     * Reads a file.
     *
     * @throws FirmwareException if it is missing or unreadable
     */
    public static Initrd read(Path file) {
        try {
            return new Initrd(Files.readAllBytes(file));
        } catch (NoSuchFileException e) {
            throw new FirmwareException(
                    "there is no initrd %s: name an existing file, or build the golden image".formatted(file), e);
        } catch (IOException e) {
            throw new FirmwareException("can't read initrd %s: %s".formatted(file, e.getMessage()), e);
        }
    }

    /** Bytes. */
    public int size() {
        return contents.length;
    }

    void writeTo(GuestMemory memory, long gpa) {
        memory.write(gpa, contents, 0, contents.length);
    }
}
