package oriel.hypervisor.disk;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.HashMap;
import java.util.Map;

/**
 * An image's file, locked: one writer, or any number of readers, in all processes of the host.
 *
 * <p>POSIX record locks belong to the process, and closing <em>any</em> descriptor of a file drops them (fcntl(2)). So a
 * file is opened once a process, whoever asks, and the set of open files is the process's, like the locks.
 *
 * <p>The thread that uses it must not be interrupted: {@link FileChannel} closes itself on an interrupt.
 */
final class FileImageChannel implements ImageChannel {
    private static final Map<Object, FileImageChannel> OPEN = new HashMap<>();

    private final Object key;
    private final Path path;
    private final FileChannel file;
    private final boolean writable;
    private int users = 1;

    private FileImageChannel(Object key, Path path, FileChannel file, boolean writable) {
        this.key = key;
        this.path = path;
        this.file = file;
        this.writable = writable;
    }

    /**
     * Opens an existing file.
     *
     * @throws DiskException if it is missing, unreadable or in use
     */
    static FileImageChannel open(Path path, boolean writable) {
        synchronized (OPEN) {
            try {
                Object key = key(path);
                FileImageChannel open = OPEN.get(key);
                if (open != null) {
                    if (writable || open.writable) {
                        throw inUse(path);
                    }
                    open.users++;
                    return open;
                }
                FileImageChannel channel = new FileImageChannel(key, path, lock(path, writable), writable);
                OPEN.put(key, channel);
                return channel;
            } catch (NoSuchFileException e) {
                throw new DiskException(path + " does not exist: check the path, or restore the file", e);
            } catch (IOException e) {
                throw new DiskException("can't open " + path + ": " + e.getMessage() + "; check its permissions", e);
            }
        }
    }

    private static Object key(Path path) throws IOException {
        Object fileKey = Files.readAttributes(path, BasicFileAttributes.class).fileKey();
        return fileKey != null ? fileKey : path.toRealPath();
    }

    private static FileChannel lock(Path path, boolean writable) throws IOException {
        FileChannel file = writable
                ? FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE)
                : FileChannel.open(path, StandardOpenOption.READ);
        boolean locked = false;
        try {
            FileLock lock = file.tryLock(0, Long.MAX_VALUE, !writable);
            locked = lock != null;
        } catch (OverlappingFileLockException e) {
            throw inUse(path);
        } finally {
            if (!locked) {
                file.close();
            }
        }
        if (!locked) {
            throw inUse(path);
        }
        return file;
    }

    private static DiskException inUse(Path path) {
        return new DiskException(
                path
                        + " is in use by another machine or process: stop it first, or make an overlay of the image and use that");
    }

    @Override
    public void read(ByteBuffer to, long position) throws IOException {
        while (to.hasRemaining()) {
            int count = file.read(to, position);
            if (count < 0) {
                while (to.hasRemaining()) {
                    to.put((byte) 0);
                }
                return;
            }
            position += count;
        }
    }

    @Override
    public void write(ByteBuffer from, long position) throws IOException {
        while (from.hasRemaining()) {
            position += file.write(from, position);
        }
    }

    @Override
    public long size() throws IOException {
        return file.size();
    }

    @Override
    public void force() throws IOException {
        file.force(false);
    }

    @Override
    public void close() throws IOException {
        synchronized (OPEN) {
            if (users == 0 || --users > 0) {
                return;
            }
            OPEN.remove(key);
            file.close();
        }
    }

    @Override
    public String toString() {
        return path.toString();
    }
}
