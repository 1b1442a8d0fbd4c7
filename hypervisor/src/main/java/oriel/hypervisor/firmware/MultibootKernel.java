package oriel.hypervisor.firmware;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Optional;
import oriel.hypervisor.memory.GuestMemory;

/**
 * A kernel that says how to load it by a Multiboot header (Multiboot Specification 0.6.96): test kernels, hobby systems,
 * memory testers. It is an ELF executable of 32 or 64 bits, or a flat file with addresses in its header. Immutable.
 */
public final class MultibootKernel {
    private static final int MAGIC = 0x1BADB002, SEARCHED = 8192, MINIMUM_HEADER = 12, ADDRESS_HEADER = 32;
    private static final int FLAG_ADDRESSES = 1 << 16;

    /** Bits 0–15 are demands: page-aligned modules, memory information and a video mode, of which the last is ignored. */
    private static final int KNOWN_DEMANDS = 7;

    private static final long LARGEST_FILE = 512 << 20;

    private final byte[] file;
    private final Optional<ElfImage> elf;
    private final Flat flat;

    /** File bytes from {@code offset} go to {@code load}; zeros follow to {@code end}. */
    private record Flat(int offset, int size, long load, long end, long entry) {}

    private MultibootKernel(byte[] file, Optional<ElfImage> elf, Flat flat) {
        this.file = file;
        this.elf = elf;
        this.flat = flat;
    }

    /** Whether a file has a Multiboot header. */
    public static boolean isOne(Path file) {
        try (var in = Files.newInputStream(file)) {
            return header(in.readNBytes(SEARCHED)) >= 0;
        } catch (IOException e) {
            return false; // whoever reads it next says why
        }
    }

    /**
     * Reads a kernel.
     *
     * @throws FirmwareException if the file is missing, damaged or has no Multiboot header
     */
    public static MultibootKernel read(Path file) {
        try {
            if (Files.size(file) > LARGEST_FILE) {
                throw new FirmwareException("%s is too large to be a kernel".formatted(file));
            }
            return parse(Files.readAllBytes(file), file.toString());
        } catch (NoSuchFileException e) {
            throw new FirmwareException("there is no kernel %s: name an existing file".formatted(file), e);
        } catch (IOException e) {
            throw new FirmwareException("can't read kernel %s: %s".formatted(file, e.getMessage()), e);
        }
    }

    /**
     * Parses a kernel.
     *
     * @param name for error messages
     * @throws FirmwareException as {@link #read}
     */
    static MultibootKernel parse(byte[] file, String name) {
        int at = header(file);
        if (at < 0) {
            throw new FirmwareException(
                    name + " has no Multiboot header in its first 8 KiB: it is no Multiboot kernel");
        }
        ByteBuffer in = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
        int flags = in.getInt(at + 4);
        if ((flags & 0xFFFF & ~KNOWN_DEMANDS) != 0) {
            throw new FirmwareException(
                    "%s demands what this loader doesn't have (Multiboot flags %#x)".formatted(name, flags & 0xFFFF));
        }
        if ((flags & FLAG_ADDRESSES) == 0) {
            return new MultibootKernel(file, Optional.of(ElfImage.parseAny(file, name)), new Flat(0, 0, 0, 0, 0));
        }
        return new MultibootKernel(file, Optional.empty(), flat(in, at, name));
    }

    private static Flat flat(ByteBuffer in, int at, String name) {
        if (at + ADDRESS_HEADER > in.limit()) {
            throw damaged(name);
        }
        long header = in.getInt(at + 12) & 0xFFFF_FFFFL;
        long load = in.getInt(at + 16) & 0xFFFF_FFFFL;
        long loadEnd = in.getInt(at + 20) & 0xFFFF_FFFFL;
        long bssEnd = in.getInt(at + 24) & 0xFFFF_FFFFL;
        long entry = in.getInt(at + 28) & 0xFFFF_FFFFL;
        long offset = at - (header - load);
        long size = loadEnd == 0 ? in.limit() - offset : loadEnd - load;
        if (offset < 0 || offset > at || size < 0 || size > in.limit() - offset) {
            throw damaged(name);
        }
        return new Flat((int) offset, (int) size, load, Math.max(bssEnd, load + size), entry);
    }

    /** Where the header is, which is aligned to 4 bytes (§3.1), or -1. */
    private static int header(byte[] file) {
        ByteBuffer in = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
        for (int at = 0; at + MINIMUM_HEADER <= Math.min(file.length, SEARCHED); at += 4) {
            if (in.getInt(at) == MAGIC && in.getInt(at) + in.getInt(at + 4) + in.getInt(at + 8) == 0) {
                return at;
            }
        }
        return -1;
    }

    private static FirmwareException damaged(String name) {
        return new FirmwareException(
                "kernel %s is damaged: its Multiboot header names bytes that aren't there".formatted(name));
    }

    long entry() {
        return elf.map(ElfImage::entry).orElse(flat.entry);
    }

    long start() {
        return elf.map(ElfImage::start).orElse(flat.load);
    }

    long end() {
        return elf.map(ElfImage::end).orElse(flat.end);
    }

    void writeTo(GuestMemory memory) {
        if (elf.isPresent()) {
            elf.get().writeTo(memory);
            return;
        }
        memory.write(flat.load, file, flat.offset, flat.size);
        ElfImage.writeZeros(memory, flat.load + flat.size, flat.end);
    }
}
