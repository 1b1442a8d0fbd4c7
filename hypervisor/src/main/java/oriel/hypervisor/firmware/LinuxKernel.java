package oriel.hypervisor.firmware;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.zip.GZIPInputStream;
import org.jspecify.annotations.Nullable;
import org.tukaani.xz.SingleXZInputStream;

/**
 * A Linux kernel for x86-64, ready to be loaded: a bzImage or a plain vmlinux (Documentation/arch/x86/boot.rst). An XZ or
 * gzip payload is unpacked here, on the host, where it costs a second instead of billions of guest instructions; a kernel
 * packed otherwise unpacks itself in the guest. Immutable.
 */
public final class LinuxKernel {
    /** Where the setup header is, in the file and in boot_params. */
    static final int HEADER = 0x1F1;

    private static final int VERSION_2_06 = 0x206, VERSION_2_08 = 0x208, VERSION_2_12 = 0x20C;
    private static final int SECTOR = 512, XLF_KERNEL_64 = 1;

    /** A kernel is some 70 MB; what unpacks to more than this is not one. */
    private static final int LARGEST_PAYLOAD = 512 << 20;

    private static final long LARGEST_FILE = 1 << 30;
    private static final int DECODER_MEMORY_KIB = 256 << 10;

    private final byte[] setupHeader;
    private final @Nullable ElfImage elf;
    private final byte[] selfUnpacking;

    private LinuxKernel(byte[] setupHeader, @Nullable ElfImage elf, byte[] selfUnpacking) {
        this.setupHeader = setupHeader;
        this.elf = elf;
        this.selfUnpacking = selfUnpacking;
    }

    /**
     * Reads and unpacks a kernel. Takes a second or two for an XZ payload.
     *
     * @throws FirmwareException if the file is missing, damaged or not a 64-bit kernel; the message says what to do
     */
    public static LinuxKernel read(Path file) {
        try {
            if (Files.size(file) > LARGEST_FILE) {
                throw new FirmwareException("%s is too large to be a kernel: name a vmlinuz file".formatted(file));
            }
            return parse(Files.readAllBytes(file), file.toString());
        } catch (NoSuchFileException e) {
            throw new FirmwareException(
                    "there is no kernel %s: name an existing vmlinuz file, or build the golden image".formatted(file),
                    e);
        } catch (IOException e) {
            throw new FirmwareException("can't read kernel %s: %s".formatted(file, e.getMessage()), e);
        }
    }

    /**
     * Parses a kernel file.
     *
     * @param name for error messages
     * @throws FirmwareException as {@link #read}
     */
    static LinuxKernel parse(byte[] file, String name) {
        if (ElfImage.looksLikeOne(file)) {
            return new LinuxKernel(headerOfNoFile(), ElfImage.parse(file, name), new byte[0]);
        }
        ByteBuffer in = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
        if (file.length < 0x280 || in.getInt(0x202) != 0x5372_6448) { // "HdrS"
            throw new FirmwareException(name + " is not a Linux kernel: name a vmlinuz (bzImage) or vmlinux file");
        }
        int version = in.getShort(0x206) & 0xFFFF;
        if (version < VERSION_2_06) {
            throw new FirmwareException("%s has boot protocol %d.%02d; it needs 2.06 (Linux 2.6.22) or newer"
                    .formatted(name, version >> 8, version & 0xFF));
        }
        int headerEnd = Math.min(0x202 + (file[0x201] & 0xFF), 0x290);
        byte[] header = Arrays.copyOfRange(file, HEADER, headerEnd);
        int setupSectors = file[HEADER] == 0 ? 4 : file[HEADER] & 0xFF;
        int protectedMode = (setupSectors + 1) * SECTOR;
        if (protectedMode >= file.length) {
            throw damaged(name, "it ends before its protected-mode part", null);
        }
        byte[] payload = version >= VERSION_2_08 ? payload(file, protectedMode, name) : new byte[0];
        byte[] vmlinux = unpack(payload, name);
        if (vmlinux.length > 0) {
            return new LinuxKernel(header, ElfImage.parse(vmlinux, name), new byte[0]);
        }
        if (version < VERSION_2_12 || (in.getShort(0x236) & XLF_KERNEL_64) == 0) {
            throw new FirmwareException(name + " has no 64-bit entry point: use an amd64 kernel of Linux 3.8 or newer");
        }
        return new LinuxKernel(header, null, Arrays.copyOfRange(file, protectedMode, file.length));
    }

    /** A setup header for a kernel that comes as plain ELF: what boot.rst says a boot loader must know anyway. */
    private static byte[] headerOfNoFile() {
        ByteBuffer header = ByteBuffer.allocate(0x26C - HEADER).order(ByteOrder.LITTLE_ENDIAN);
        header.putShort(0x1FE - HEADER, (short) 0xAA55);
        header.putInt(0x202 - HEADER, 0x5372_6448);
        header.putShort(0x206 - HEADER, (short) 0x20F);
        header.put(0x211 - HEADER, (byte) 1); // loaded high
        header.putInt(0x22C - HEADER, 0x7FFF_FFFF);
        header.putInt(0x230 - HEADER, 0x20_0000);
        header.putShort(0x236 - HEADER, (short) XLF_KERNEL_64);
        header.putInt(0x238 - HEADER, 2047);
        return header.array();
    }

    private static byte[] payload(byte[] file, int protectedMode, String name) {
        ByteBuffer header = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
        long offset = header.getInt(0x248) & 0xFFFF_FFFFL;
        long length = header.getInt(0x24C) & 0xFFFF_FFFFL;
        long start = protectedMode + offset;
        if (start + length > file.length) {
            throw damaged(name, "it is cut short", null);
        }
        return Arrays.copyOfRange(file, (int) start, (int) (start + length));
    }

    /** The vmlinux in a payload; empty if it is packed in a way that the guest must undo itself. */
    private static byte[] unpack(byte[] payload, String name) {
        if (ElfImage.looksLikeOne(payload)) {
            return payload;
        }
        boolean xz = startsWith(payload, 0xFD, '7', 'z', 'X', 'Z', 0);
        boolean gzip = startsWith(payload, 0x1F, 0x8B);
        if (!xz && !gzip) {
            return new byte[0];
        }
        // After the packed stream come four bytes with the unpacked size (arch/x86/boot/compressed, "mkpiggy").
        int packed = payload.length - 4;
        long size = ByteBuffer.wrap(payload).order(ByteOrder.LITTLE_ENDIAN).getInt(packed) & 0xFFFF_FFFFL;
        if (size > LARGEST_PAYLOAD) {
            throw damaged(name, "it claims to unpack to " + size + " bytes", null);
        }
        InputStream bytes = new ByteArrayInputStream(payload, 0, packed);
        try (InputStream in =
                xz ? new SingleXZInputStream(bytes, DECODER_MEMORY_KIB) : new GZIPInputStream(bytes, 1 << 16)) {
            byte[] vmlinux = in.readNBytes((int) size);
            if (vmlinux.length != size || in.read() >= 0) { // reading the end checks the stream's check sum
                throw damaged(name, "its payload is not as long as it says", null);
            }
            return vmlinux;
        } catch (IOException e) {
            throw damaged(name, "its payload doesn't unpack", e);
        }
    }

    private static boolean startsWith(byte[] bytes, int... magic) {
        if (bytes.length < magic.length + 4) {
            return false;
        }
        for (int i = 0; i < magic.length; i++) {
            if ((bytes[i] & 0xFF) != magic[i]) {
                return false;
            }
        }
        return true;
    }

    private static FirmwareException damaged(String name, String why, @Nullable Throwable cause) {
        return new FirmwareException(
                "kernel %s is damaged: %s; reinstall the kernel package or build the golden image again"
                        .formatted(name, why),
                cause);
    }

    /** The setup header, from {@link #HEADER} on: a copy. */
    byte[] setupHeader() {
        return setupHeader.clone();
    }

    /** The unpacked kernel; null if it must unpack itself. */
    @Nullable
    ElfImage elf() {
        return elf;
    }

    /** The protected-mode part of a kernel that must unpack itself; not to be changed. */
    byte[] selfUnpacking() {
        return selfUnpacking;
    }

    /** Whether the kernel was unpacked on the host; otherwise it unpacks itself in the guest, slowly. */
    public boolean unpacked() {
        return elf != null;
    }

    private long field(int offset, int size) {
        long value = 0;
        for (int i = size - 1; i >= 0; i--) {
            int at = offset - HEADER + i;
            value = value << 8 | (at < setupHeader.length ? setupHeader[at] & 0xFF : 0);
        }
        return value;
    }

    long initrdLimit() {
        return field(0x22C, 4);
    }

    int commandLineLimit() {
        long limit = field(0x238, 4);
        return (int) (limit == 0 ? 255 : Math.min(limit, 0xFFFF));
    }

    long alignment() {
        long alignment = field(0x230, 4);
        return Long.bitCount(alignment) == 1 ? alignment : 0x20_0000;
    }

    boolean relocatable() {
        return field(0x234, 1) != 0;
    }

    long preferredAddress() {
        long address = field(0x258, 8);
        return address == 0 ? 0x10_0000 : address;
    }

    /** Bytes from the load address that the kernel uses before it looks at the memory map. */
    long initSize() {
        return field(0x260, 4);
    }
}
