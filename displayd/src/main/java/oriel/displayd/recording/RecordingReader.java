package oriel.displayd.recording;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Reads a recording, also one whose writer was killed: then the records are gone through once, and what is incomplete at
 * the end is left out. Not thread-safe.
 */
public final class RecordingReader implements AutoCloseable {
    /**
     * Where playing may start.
     *
     * @param at since the start
     * @param position of its record in the file
     */
    public record Segment(Duration at, long position) {}

    /**
     * Bytes for a decoder of RFB.
     *
     * @param begins whether they are the first of a new RFB session
     * @param at since the start
     */
    @SuppressWarnings("ArrayRecordComponent") // a picture's bytes, read once
    public record Chunk(boolean begins, Duration at, byte[] bytes) {}

    private record Header(int kind, int length, int millis) {}

    private final FileChannel file;
    private final Instant start;
    private final List<Segment> segments;
    private final long end;
    private final Duration duration;
    private final boolean finished;
    private long position;

    /**
     * Opens a file and finds its segments.
     *
     * @throws IOException if it is no recording, or can't be read
     */
    public RecordingReader(Path path) throws IOException {
        file = FileChannel.open(path, StandardOpenOption.READ);
        try {
            ByteBuffer header = read(0, RecordingFormat.HEADER_BYTES);
            if (header == null || header.getLong() != RecordingFormat.HEADER_MAGIC) {
                throw new IOException(path + " is not a recording of a session");
            }
            int version = header.getInt();
            if (version != RecordingFormat.VERSION) {
                throw new IOException(
                        path + " is a recording of version " + version + ", known is " + RecordingFormat.VERSION);
            }
            start = Instant.ofEpochMilli(header.getLong(16));
            long index = indexPosition();
            finished = index >= 0;
            List<Segment> found = new ArrayList<>();
            long at = RecordingFormat.HEADER_BYTES;
            int millis = 0;
            Header record = header(at);
            while (record != null && record.kind() != RecordingFormat.INDEX) {
                if (record.kind() == RecordingFormat.SEGMENT) {
                    found.add(new Segment(Duration.ofMillis(record.millis()), at));
                }
                millis = record.millis();
                at += RecordingFormat.RECORD_HEADER_BYTES + record.length();
                record = header(at);
            }
            segments = List.copyOf(found);
            end = at;
            duration = Duration.ofMillis(millis);
        } catch (IOException | RuntimeException e) {
            file.close();
            throw e;
        }
    }

    private long indexPosition() throws IOException {
        long at = file.size() - RecordingFormat.TRAILER_BYTES;
        ByteBuffer trailer = at < RecordingFormat.HEADER_BYTES ? null : read(at, RecordingFormat.TRAILER_BYTES);
        if (trailer == null || trailer.getLong(8) != RecordingFormat.TRAILER_MAGIC) {
            return -1;
        }
        Header index = header(trailer.getLong(0));
        return index != null && index.kind() == RecordingFormat.INDEX ? trailer.getLong(0) : -1;
    }

    /** The header of a record that is whole and makes sense, else null. */
    private @Nullable Header header(long at) throws IOException {
        ByteBuffer bytes = read(at, RecordingFormat.RECORD_HEADER_BYTES);
        if (bytes == null) {
            return null;
        }
        int first = bytes.getInt();
        Header header = new Header(first >>> 24, first & RecordingFormat.MAX_PAYLOAD, bytes.getInt());
        boolean known = header.kind() == RecordingFormat.SEGMENT
                || header.kind() == RecordingFormat.DATA
                || header.kind() == RecordingFormat.INDEX;
        boolean whole = at + RecordingFormat.RECORD_HEADER_BYTES + header.length() <= file.size();
        return known && whole && header.millis() >= 0 ? header : null;
    }

    private @Nullable ByteBuffer read(long at, int length) throws IOException {
        if (at < 0 || at + length > file.size()) {
            return null;
        }
        ByteBuffer bytes = ByteBuffer.allocate(length);
        while (bytes.hasRemaining()) {
            if (file.read(bytes, at + bytes.position()) < 0) {
                throw new EOFException("the recording became shorter while it was read");
            }
        }
        return bytes.flip();
    }

    /** When it began. */
    public Instant start() {
        return start;
    }

    /** Up to the last change. */
    public Duration duration() {
        return duration;
    }

    /** Where playing may start, in order of time. */
    public List<Segment> segments() {
        return segments;
    }

    /** Whether its writer came to the end. */
    public boolean isFinished() {
        return finished;
    }

    /** Goes to the last segment that begins at or before a time; what {@link #next} gives then begins with it. */
    public void seek(Duration at) {
        position = end;
        for (Segment segment : segments) {
            if (position == end || segment.at().compareTo(at) <= 0) {
                position = segment.position();
            }
        }
    }

    /** The next bytes, or null at the end. Before the first {@link #seek} there are none. */
    public @Nullable Chunk next() throws IOException {
        Header header = position == 0 || position >= end ? null : header(position);
        if (header == null) {
            return null;
        }
        ByteBuffer payload = read(position + RecordingFormat.RECORD_HEADER_BYTES, header.length());
        if (payload == null) {
            return null;
        }
        position += RecordingFormat.RECORD_HEADER_BYTES + header.length();
        byte[] bytes = new byte[header.length()];
        payload.get(bytes);
        return new Chunk(header.kind() == RecordingFormat.SEGMENT, Duration.ofMillis(header.millis()), bytes);
    }

    @Override
    public void close() throws IOException {
        file.close();
    }
}
