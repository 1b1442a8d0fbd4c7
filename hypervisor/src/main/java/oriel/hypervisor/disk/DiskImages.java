package oriel.hypervisor.disk;

import java.io.IOException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashSet;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Opens and creates disk images. Stateless. */
public final class DiskImages {
    private static final int MAX_CHAIN = 64;
    private static final Pattern PROTOCOL = Pattern.compile("[a-z][a-z0-9+.-]+:.*", Pattern.DOTALL);

    private DiskImages() {}

    /**
     * Opens an image and the images behind it, those read-only.
     *
     * @param format empty to look at the file's first bytes. Name it for anything that a guest has written: a guest can
     *     write a qcow2 header into a raw disk, and with it the name of a backing file.
     * @throws DiskException if a file is missing, corrupt, in use, or needs what isn't supported
     */
    public static DiskImage open(Path path, Optional<DiskFormat> format, boolean readOnly) {
        return open(path, format, readOnly, _ -> true);
    }

    /**
     * Opens an image that may have been made by somebody who isn't trusted.
     *
     * @param backingAllowed which files may be read as backing files, given their real paths; {@code _ -> false} for
     *     an uploaded image, which must stand alone
     * @throws DiskException as {@link #open(Path, Optional, boolean)} does, or if a backing file isn't allowed
     */
    public static DiskImage open(
            Path path, Optional<DiskFormat> format, boolean readOnly, Predicate<Path> backingAllowed) {
        return open(path, format, readOnly, backingAllowed, new HashSet<>());
    }

    private static DiskImage open(
            Path path, Optional<DiskFormat> format, boolean readOnly, Predicate<Path> backingAllowed, Set<Path> chain) {
        DiskErrors errors = new DiskErrors(path.toString());
        checkChain(path, chain, errors);
        FileImageChannel file = FileImageChannel.open(path, !readOnly);
        DiskImage image = null;
        DiskImage backing = null;
        try {
            if (format.orElseGet(() -> probe(file, errors)) == DiskFormat.RAW) {
                image = new RawImage(file, readOnly);
            } else {
                Qcow2Header header = Qcow2Header.read(file, errors);
                backing = openBacking(path, header, backingAllowed, chain, errors);
                image = new Qcow2Image(file, header, backing, readOnly);
            }
            return image;
        } catch (IOException e) {
            throw errors.io("open", e);
        } finally {
            if (image == null) {
                closeQuietly(file, backing);
            }
        }
    }

    private static void checkChain(Path path, Set<Path> chain, DiskErrors errors) {
        try {
            if (!chain.add(path.toRealPath()) || chain.size() > MAX_CHAIN) {
                throw errors.corrupt("its backing chain has a loop or more than " + MAX_CHAIN + " images");
            }
        } catch (NoSuchFileException e) {
            throw new DiskException(path + " does not exist: check the path, or restore the file", e);
        } catch (IOException e) {
            throw errors.io("open", e);
        }
    }

    /**
     * What a file's first bytes say that it is, also while a machine writes it. For files that somebody named by hand, and
     * not for what a guest may have written.
     *
     * @throws DiskException if it can't be read
     */
    public static DiskFormat probe(Path path) {
        DiskErrors errors = new DiskErrors(path.toString());
        try (var in = Files.newInputStream(path)) {
            return ByteBuffer.wrap(in.readNBytes(4)).getInt() == Qcow2Header.MAGIC ? DiskFormat.QCOW2 : DiskFormat.RAW;
        } catch (IOException e) {
            throw errors.io("read", e);
        } catch (BufferUnderflowException e) {
            return DiskFormat.RAW;
        }
    }

    private static DiskFormat probe(ImageChannel file, DiskErrors errors) {
        try {
            return Qcow2Header.isQcow2(file) ? DiskFormat.QCOW2 : DiskFormat.RAW;
        } catch (IOException e) {
            throw errors.io("read", e);
        }
    }

    /** After a failure that is already on its way to the caller. */
    private static void closeQuietly(ImageChannel file, @Nullable DiskImage backing) {
        try (file) {
            if (backing != null) {
                backing.close();
            }
        } catch (IOException e) {
            // The first failure says more.
        }
    }

    private static @Nullable DiskImage openBacking(
            Path overlay, Qcow2Header header, Predicate<Path> allowed, Set<Path> chain, DiskErrors errors)
            throws IOException {
        if (header.backingFile().isEmpty()) {
            return null;
        }
        String name = header.backingFile().get();
        DiskFormat format = backingFormat(name, header.backingFormat(), errors);
        Path path = backingPath(overlay, name, errors);
        if (!Files.isRegularFile(path)) {
            throw errors.unsupported("needs its backing file " + path
                    + ", which is missing: restore it, or run 'qemu-img rebase -u' if it has moved");
        }
        if (!allowed.test(path.toRealPath())) {
            throw errors.unsupported("has the backing file " + name
                    + ", which this image may not read: convert it to a standalone image with 'qemu-img convert'");
        }
        return open(path, Optional.of(format), true, allowed, chain);
    }

    private static DiskFormat backingFormat(String name, Optional<String> label, DiskErrors errors) {
        for (DiskFormat format : DiskFormat.values()) {
            if (label.filter(format.label()::equals).isPresent()) {
                return format;
            }
        }
        String problem = label.map(l -> "has a backing file of format '" + l.toLowerCase(Locale.ROOT) + "'")
                .orElse("does not say the format of its backing file " + name);
        throw errors.unsupported(problem + ": set it to raw or qcow2 with 'qemu-img rebase -u -F FORMAT -b FILE'");
    }

    private static Path backingPath(Path overlay, String name, DiskErrors errors) {
        String plain = name.startsWith("file:") ? name.substring(5) : name;
        if (PROTOCOL.matcher(plain).matches()) {
            throw errors.unsupported("has the backing file " + name + ", which isn't a local file");
        }
        try {
            return overlay.toAbsolutePath().resolveSibling(plain).normalize();
        } catch (InvalidPathException e) {
            throw errors.corrupt("the name of its backing file is not a path");
        }
    }

    /**
     * The backing file that a qcow2 image names, whether it exists or not; empty if it has none.
     *
     * @throws DiskException if the image is missing, corrupt or in use by a writer
     */
    public static Optional<Path> backingFile(Path path) {
        DiskErrors errors = new DiskErrors(path.toString());
        try (FileImageChannel file = FileImageChannel.open(path, false)) {
            return Qcow2Header.read(file, errors).backingFile().map(name -> backingPath(path, name, errors));
        } catch (IOException e) {
            throw errors.io("read", e);
        }
    }

    /**
     * Whether nothing was ever written to a qcow2 overlay: it shows its backing file and nothing else.
     *
     * @throws DiskException if the image is missing, corrupt or in use by a writer
     */
    public static boolean isUntouched(Path path) {
        DiskErrors errors = new DiskErrors(path.toString());
        try (FileImageChannel file = FileImageChannel.open(path, false)) {
            Qcow2Header header = Qcow2Header.read(file, errors);
            ByteBuffer l1 = ByteBuffer.allocate(8 * header.l1Entries());
            file.read(l1, header.l1Offset());
            return Zeroes.isZero(l1.flip());
        } catch (IOException e) {
            throw errors.io("read", e);
        }
    }

    /**
     * Creates an empty qcow2 image (version 3, 64 KiB clusters), a few KiB large.
     *
     * @param size of the disk in bytes, a multiple of 512, at most 1 PiB
     * @throws DiskException if the file exists or can't be written
     */
    public static void createQcow2(Path path, long size) {
        create(path, size, Optional.empty(), Optional.empty(), Durability.AT_ONCE);
    }

    /**
     * Creates a qcow2 image of the size of another, whose content it shows until it is written to. The backing image
     * must never change afterwards. Its path is recorded relative to the overlay's directory.
     *
     * @throws DiskException if the backing image can't be opened, or the overlay exists or can't be written
     */
    public static void createOverlay(Path path, Path backing, DiskFormat backingFormat) {
        long size;
        try (DiskImage below = open(backing, Optional.of(backingFormat), true)) {
            size = below.size();
        }
        createOverlay(path, backing, backingFormat, size);
    }

    /**
     * The same for a backing image that isn't looked at: one that is written until it is frozen, which must be before the
     * overlay is opened.
     *
     * @param size of the disk in bytes
     * @throws DiskException if the overlay exists or can't be written
     */
    public static void createOverlay(Path path, Path backing, DiskFormat backingFormat, long size) {
        createOverlay(path, backing, backingFormat, size, Durability.AT_ONCE);
    }

    /**
     * The same again, with a choice of when the new file must be safe.
     *
     * @throws DiskException if the overlay exists or can't be written
     */
    public static void createOverlay(
            Path path, Path backing, DiskFormat backingFormat, long size, Durability durability) {
        create(path, size, Optional.of(nameFor(path, backing)), Optional.of(backingFormat.label()), durability);
    }

    /** How an overlay's header names its backing file: relative to the overlay's folder. */
    static String nameFor(Path overlay, Path backing) {
        Path directory = overlay.toAbsolutePath().normalize().getParent();
        Path target = backing.toAbsolutePath().normalize();
        return directory == null
                ? target.toString()
                : directory.relativize(target).toString();
    }

    /** When a new image is safe from a power failure of the host. From the end of this process it is safe at once. */
    public enum Durability {
        /** Before anybody may open it. */
        AT_ONCE,
        /** When it is first flushed: right for an image that can be made again as long as nothing was written to it. */
        WITH_FIRST_FLUSH
    }

    private static void create(
            Path path, long size, Optional<String> backing, Optional<String> backingFormat, Durability durability) {
        if (size < 0 || size % 512 != 0 || size > 1L << 50) {
            throw new IllegalArgumentException(
                    "a disk has whole sectors of 512 bytes and at most 1 PiB, not " + size + " bytes");
        }
        boolean created = false;
        boolean complete = false;
        try (FileChannel file = FileChannel.open(path, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            created = true;
            for (var part : Qcow2Layout.of(size, backing, backingFormat).parts().entrySet()) {
                ByteBuffer data = part.getValue();
                long at = part.getKey();
                while (data.hasRemaining()) {
                    at += file.write(data, at);
                }
            }
            if (durability == Durability.AT_ONCE) {
                file.force(true);
            }
            complete = true;
        } catch (FileAlreadyExistsException e) {
            throw new DiskException(path + " exists already: choose another name, or delete it first", e);
        } catch (IOException e) {
            throw new DiskErrors(path.toString()).io("create", e);
        } finally {
            if (created && !complete) {
                deleteQuietly(path);
            }
        }
    }

    private static void deleteQuietly(Path path) {
        try {
            Files.deleteIfExists(path);
        } catch (IOException e) {
            // The failure that led here says more.
        }
    }
}
