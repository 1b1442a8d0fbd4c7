package oriel.displayd.recording;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import oriel.displayd.rfb.PixelFormat;
import oriel.displayd.testing.RfbDecoder;

/** Plays a recording with a decoder that knows nothing of it but that it is RFB. */
final class RecordedPicture {
    private static final int LAST_RECT = -224;
    private static final int DESKTOP_SIZE = -223;

    private RecordedPicture() {}

    /** The picture at the end of what follows the last keyframe at or before a time, up to the next keyframe. */
    static int[] after(Path file, Duration at) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (RecordingReader reader = new RecordingReader(file)) {
            reader.seek(at);
            RecordingReader.Chunk chunk = reader.next();
            assertThat(chunk).isNotNull();
            assertThat(chunk.begins()).isTrue();
            while (chunk != null && (bytes.size() == 0 || !chunk.begins())) {
                bytes.writeBytes(chunk.bytes());
                chunk = reader.next();
            }
        }
        return play(bytes.toByteArray());
    }

    private static int[] play(byte[] session) throws IOException {
        DataInputStream in = new DataInputStream(new ByteArrayInputStream(session));
        assertThat(in.readNBytes(12)).isEqualTo("RFB 003.008\n".getBytes(US_ASCII));
        assertThat(in.readNBytes(6)).containsExactly(1, 1, 0, 0, 0, 0);
        RfbDecoder decoder = new RfbDecoder(PixelFormat.NATIVE, in.readUnsignedShort(), in.readUnsignedShort());
        in.skipNBytes(16);
        in.skipNBytes(in.readInt());
        try {
            while (true) {
                assertThat(in.readUnsignedByte()).as("FramebufferUpdate").isZero();
                update(in, decoder);
            }
        } catch (EOFException e) {
            return decoder.pixels().clone(); // cut off in the middle of an update, or at its end
        }
    }

    private static void update(DataInputStream in, RfbDecoder decoder) throws IOException {
        in.skipNBytes(1);
        int count = in.readUnsignedShort();
        for (int i = 0; i < count; i++) {
            int x = in.readUnsignedShort();
            int y = in.readUnsignedShort();
            int width = in.readUnsignedShort();
            int height = in.readUnsignedShort();
            int encoding = in.readInt();
            if (encoding == LAST_RECT) {
                return;
            }
            if (encoding == DESKTOP_SIZE) {
                decoder.resize(width, height);
            } else {
                decoder.decode(encoding, x, y, width, height, in);
            }
        }
    }
}
