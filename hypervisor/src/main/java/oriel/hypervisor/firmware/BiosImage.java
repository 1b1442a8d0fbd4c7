package oriel.hypervisor.firmware;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/**
 * A PC BIOS and the BIOS of its graphics adapter, as SeaBIOS builds them: the first ends at the end of the 32-bit address
 * space, the second is what the adapter's expansion ROM would hold. Immutable.
 */
public final class BiosImage {
    /** Where Debian's package {@code seabios} puts its files. */
    public static final Path DEBIAN_FOLDER = Path.of("/usr/share/seabios");

    private static final int SMALLEST = 64 << 10;
    private static final int LARGEST = 1 << 20;
    private static final int LARGEST_OPTION_ROM = 64 << 10;

    private final byte[] system;
    private final byte[] video;

    private BiosImage(byte[] system, byte[] video) {
        this.system = system;
        this.video = video;
    }

    /**
     * From bytes.
     *
     * @param system 64 KiB to 1 MiB, whole pages; the processor starts 16 bytes before its end
     * @param video an option ROM of at most 64 KiB
     * @throws FirmwareException if one of them can't be what it is said to be
     */
    public static BiosImage of(byte[] system, byte[] video) {
        if (system.length < SMALLEST || system.length > LARGEST || system.length % 4096 != 0) {
            throw new FirmwareException(
                    "a PC BIOS is 64 KiB to 1 MiB of whole pages; this one has %d bytes".formatted(system.length));
        }
        boolean signed = video.length > 2 && (video[0] & 0xFF) == 0x55 && (video[1] & 0xFF) == 0xAA;
        if (!signed || video.length > LARGEST_OPTION_ROM) {
            throw new FirmwareException("a video BIOS is an option ROM of at most 64 KiB that starts with 55 AA");
        }
        return new BiosImage(system.clone(), video.clone());
    }

    /**
     * SeaBIOS as a Debian package or a build of it leaves it: {@code bios-256k.bin} and {@code vgabios-stdvga.bin}.
     *
     * @throws FirmwareException if a file is missing or not plausible; the message says what to do
     */
    public static BiosImage seaBios(Path folder) {
        return of(read(folder.resolve("bios-256k.bin")), read(folder.resolve("vgabios-stdvga.bin")));
    }

    private static byte[] read(Path file) {
        try {
            if (Files.size(file) > LARGEST) {
                throw new FirmwareException("%s is too large to be a BIOS".formatted(file));
            }
            return Files.readAllBytes(file);
        } catch (NoSuchFileException e) {
            throw new FirmwareException(
                    "there is no %s: install SeaBIOS (apt-get install seabios) or name its folder".formatted(file), e);
        } catch (IOException e) {
            throw new FirmwareException("can't read %s: %s".formatted(file, e.getMessage()), e);
        }
    }

    /** The system BIOS; a copy. */
    public byte[] system() {
        return system.clone();
    }

    /** The video BIOS; a copy. */
    public byte[] video() {
        return video.clone();
    }
}
