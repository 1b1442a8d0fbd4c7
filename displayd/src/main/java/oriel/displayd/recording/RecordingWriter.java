package oriel.displayd.recording;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** Writes a recording. Its length never exceeds the limit, index included. Not thread-safe. */
public final class RecordingWriter implements AutoCloseable {
    /** Room for a header, a picture and an index: less makes no recording. */
    public static final long LEAST_BYTES = 1 << 16;

    private record Segment(int millis, long position) {}

    private final FileChannel file;
    private final long maximumBytes;
    private final List<Segment> segments = new ArrayList<>();
    private long position;
    private int lastMillis;

    /**
     * Creates the file, for its owner's eyes only.
     *
     * @param path must not exist
     * @param start the instant that times are relative to
     * @param maximumBytes at least {@value #LEAST_BYTES}
     * @throws IOException if it can't be created
     */
    public RecordingWriter(Path path, Instant start, long maximumBytes) throws IOException {
        if (maximumBytes < LEAST_BYTES) {
            throw new IllegalArgumentException(
                    "a recording of at most " + maximumBytes + " bytes: at least " + LEAST_BYTES + " are needed");
        }
        this.maximumBytes = maximumBytes;
        file = FileChannel.open(
                path,
                Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        ByteBuffer header = ByteBuffer.allocate(RecordingFormat.HEADER_BYTES);
        header.putLong(RecordingFormat.HEADER_MAGIC)
                .putInt(RecordingFormat.VERSION)
                .putInt(0)
                .putLong(start.toEpochMilli());
        write(header.flip());
    }

    /**
     * Appends a record.
     *
     * @param begins whether these bytes begin a segment
     * @param millis since the start, never less than the record's before
     * @return false if the limit doesn't allow it: nothing was written
     */
    public boolean append(boolean begins, int millis, byte[] bytes, int offset, int length) throws IOException {
        if (length > RecordingFormat.MAX_PAYLOAD) {
            throw new IllegalArgumentException("a record of " + length + " bytes");
        }
        long index = RecordingFormat.RECORD_HEADER_BYTES
                + (long) RecordingFormat.INDEX_ENTRY_BYTES * (segments.size() + 1)
                + RecordingFormat.TRAILER_BYTES;
        boolean indexFits = RecordingFormat.INDEX_ENTRY_BYTES * (segments.size() + 1L) <= RecordingFormat.MAX_PAYLOAD;
        if (position + RecordingFormat.RECORD_HEADER_BYTES + length + index > maximumBytes || !indexFits) {
            return false;
        }
        if (begins) {
            segments.add(new Segment(millis, position));
        }
        record(begins ? RecordingFormat.SEGMENT : RecordingFormat.DATA, millis, ByteBuffer.wrap(bytes, offset, length));
        return true;
    }

    /** Length of the file so far. */
    public long bytes() {
        return position;
    }

    private void record(int kind, int millis, ByteBuffer payload) throws IOException {
        ByteBuffer header = ByteBuffer.allocate(RecordingFormat.RECORD_HEADER_BYTES);
        lastMillis = millis;
        header.putInt(kind << 24 | payload.remaining()).putInt(millis).flip();
        write(header, payload);
    }

    private void write(ByteBuffer... parts) throws IOException {
        for (ByteBuffer part : parts) {
            position += part.remaining();
        }
        while (parts[parts.length - 1].hasRemaining()) {
            long _ = file.write(parts);
        }
    }

    /** Writes the index and closes the file. */
    @Override
    public void close() throws IOException {
        try (file) {
            long indexAt = position;
            ByteBuffer index = ByteBuffer.allocate(RecordingFormat.INDEX_ENTRY_BYTES * segments.size());
            for (Segment segment : segments) {
                index.putInt(segment.millis()).putLong(segment.position());
            }
            record(RecordingFormat.INDEX, lastMillis, index.flip());
            ByteBuffer trailer = ByteBuffer.allocate(RecordingFormat.TRAILER_BYTES);
            write(trailer.putLong(indexAt)
                    .putLong(RecordingFormat.TRAILER_MAGIC)
                    .flip());
        }
    }
}
