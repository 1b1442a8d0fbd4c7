package oriel.broker.recording;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import java.util.stream.Stream;

/** The files of recordings, one folder for all. Readable by nobody but the broker. */
final class RecordingFiles {
    private static final String ENDING = ".orielrec";

    private final Path folder;

    RecordingFiles(Path folder) {
        this.folder = folder;
    }

    /** Where a recording goes; the folder is there then. */
    Path prepare(UUID id) throws IOException {
        if (!Files.isDirectory(folder)) {
            Files.createDirectories(folder);
            if (Files.getFileStore(folder).supportsFileAttributeView("posix")) {
                Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwx------"));
            }
        }
        return of(id);
    }

    Path of(UUID id) {
        return folder.resolve(id + ENDING);
    }

    long size(UUID id) {
        try {
            return Files.size(of(id));
        } catch (IOException e) {
            return 0;
        }
    }

    /** So many bytes from a place on, fewer at the end. */
    byte[] read(UUID id, long offset, int most) throws IOException {
        try (SeekableByteChannel file = Files.newByteChannel(of(id))) {
            long left = Math.max(0, file.size() - offset);
            ByteBuffer bytes = ByteBuffer.allocate((int) Math.min(left, most));
            file.position(offset);
            while (bytes.hasRemaining() && file.read(bytes) >= 0) {}
            byte[] read = new byte[bytes.position()];
            bytes.flip().get(read);
            return read;
        }
    }

    /** When somebody last wrote to it. */
    Instant touched(UUID id) {
        try {
            return Files.getLastModifiedTime(of(id)).toInstant();
        } catch (IOException e) {
            return Instant.MAX;
        }
    }

    void delete(UUID id) throws IOException {
        Files.deleteIfExists(of(id));
    }

    /** The recordings that have files. */
    List<UUID> ids() throws IOException {
        if (!Files.isDirectory(folder)) {
            return List.of();
        }
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString())
                    .filter(name -> name.matches("[0-9a-f-]{36}" + ENDING.replace(".", "\\.")))
                    .map(name -> UUID.fromString(name.substring(0, 36)))
                    .toList();
        }
    }
}
