package oriel.displayd.recording;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import oriel.displayd.testing.Pictures;
import oriel.displayd.testing.SyntheticDisplay;
import oriel.displayd.viewer.DisplayHub;
import oriel.displayd.viewer.Recorder;
import oriel.displayd.viewer.ViewerListener;

final class RecordingTest {
    private static final int WIDTH = 320;
    private static final int HEIGHT = 200;
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    @TempDir
    private Path folder;

    private final SyntheticDisplay display = new SyntheticDisplay(WIDTH, HEIGHT);
    private final DisplayHub hub = new DisplayHub(2, 10, ViewerListener.NONE);
    private final List<String> ends = new CopyOnWriteArrayList<>();
    private final Random random = new Random(4);

    @AfterEach
    void stop() {
        hub.close();
    }

    private Recorder record(Path file, long maximumBytes) throws IOException {
        RecordingSettings settings =
                new RecordingSettings(file, Duration.ofSeconds(1), Duration.ofMillis(10), maximumBytes);
        return hub.record(display, settings, (why, detail) -> ends.add(why + " " + detail));
    }

    private void show(Pictures.Kind kind) {
        int[] picture = Pictures.paint(kind, WIDTH, HEIGHT, random);
        display.paint((to, w, h) -> System.arraycopy(picture, 0, to, 0, to.length));
    }

    /** Shows drawings until there are some keyframes; what the screen shows at the end is in the file. */
    private Path recorded() throws IOException {
        Path file = folder.resolve("session.oriel");
        Recorder recorder = record(file, 1 << 24);
        await().atMost(PATIENCE).pollInterval(Duration.ofMillis(20)).until(() -> {
            show(Pictures.Kind.BOXES);
            return recorder.segments() >= 3;
        });
        await().atMost(PATIENCE).until(() -> {
            // The file is read while it grows: what is whole so far is a recording.
            return Arrays.equals(RecordedPicture.after(file, Duration.ofDays(1)), display.snapshot());
        });
        recorder.close();
        return file;
    }

    @Test
    void playingMayStartAtAnyKeyframe() throws IOException {
        Path file = recorded();
        assertThat(ends).containsExactly("CLOSED ");
        assertThat(RecordedPicture.after(file, Duration.ofDays(1))).isEqualTo(display.snapshot());
        try (RecordingReader reader = new RecordingReader(file)) {
            assertThat(reader.isFinished()).isTrue();
            assertThat(reader.segments()).hasSizeGreaterThanOrEqualTo(3);
            assertThat(reader.start()).isBetween(Instant.now().minusSeconds(600), Instant.now());
            assertThat(reader.duration())
                    .isGreaterThanOrEqualTo(reader.segments().getLast().at());
            for (RecordingReader.Segment segment : reader.segments()) {
                int[] picture = RecordedPicture.after(file, segment.at());
                assertThat(picture).hasSize(WIDTH * HEIGHT);
                assertThat(Arrays.stream(picture).distinct().count())
                        .as("a drawing, not nothing")
                        .isGreaterThan(5);
            }
        }
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                .isEqualTo("rw-------");
    }

    @Test
    void aFileThatWasCutOffStillPlays() throws IOException {
        byte[] whole = Files.readAllBytes(recorded());
        Path cut = folder.resolve("cut");
        for (int i = 0; i < 40; i++) {
            int length = 300 + random.nextInt(whole.length - 300);
            Files.write(cut, Arrays.copyOf(whole, length));
            try (RecordingReader reader = new RecordingReader(cut)) {
                assertThat(reader.isFinished()).isFalse();
                assertThat(reader.segments()).isNotEmpty();
            }
            assertThat(RecordedPicture.after(cut, Duration.ZERO)).hasSize(WIDTH * HEIGHT);
        }
    }

    @Test
    void whateverIsInAFileIsReadOrRefused() throws IOException {
        byte[] whole = Files.readAllBytes(recorded());
        Path broken = folder.resolve("broken");
        for (int i = 0; i < 200; i++) {
            byte[] bytes = whole.clone();
            for (int n = 0; n < 5; n++) {
                bytes[random.nextInt(i % 2 == 0 ? 200 : bytes.length)] = (byte) random.nextInt();
            }
            Files.write(broken, bytes);
            try (RecordingReader reader = new RecordingReader(broken)) {
                reader.seek(Duration.ofSeconds(1));
                while (reader.next() != null) {
                    assertThat(reader.segments()).isNotNull();
                }
            } catch (IOException e) {
                assertThat(e).hasMessageContaining("recording");
            }
        }
    }

    @Test
    void itEndsWhereItWouldBecomeTooLong() throws IOException {
        Path file = folder.resolve("long");
        Recorder recorder = record(file, RecordingWriter.LEAST_BYTES);
        await().atMost(PATIENCE).pollInterval(Duration.ofMillis(20)).until(() -> {
            show(Pictures.Kind.FEW_COLOURS);
            return recorder.isEnded();
        });
        await().atMost(PATIENCE).until(() -> !ends.isEmpty());
        assertThat(ends.getFirst()).startsWith("TOO_LONG");
        assertThat(Files.size(file)).isLessThanOrEqualTo(RecordingWriter.LEAST_BYTES);
        try (RecordingReader reader = new RecordingReader(file)) {
            assertThat(reader.isFinished()).isTrue();
        }
        await().atMost(PATIENCE).until(() -> display.listenerCount() == 0);
    }

    @Test
    void itEndsWithTheMachine() throws IOException {
        Path file = folder.resolve("session");
        Recorder _ = record(file, 1 << 24);
        await().atMost(PATIENCE).until(() -> display.listenerCount() == 1);
        display.close("powered off");
        await().atMost(PATIENCE).until(() -> !ends.isEmpty());
        assertThat(ends).containsExactly("MACHINE_STOPPED powered off");
    }

    @Test
    void itEndsWithTheHub() throws IOException {
        Path file = folder.resolve("session");
        Recorder _ = record(file, 1 << 24);
        hub.close();
        assertThat(ends).hasSize(1);
        try (RecordingReader reader = new RecordingReader(file)) {
            assertThat(reader.isFinished()).isTrue();
        }
    }

    @Test
    void aFileThatIsThereIsNotOverwritten() throws IOException {
        Path file = Files.createFile(folder.resolve("there"));
        assertThatIOException().isThrownBy(() -> record(file, 1 << 24)).withMessageContaining("there");
        assertThatIOException()
                .isThrownBy(() -> record(folder.resolve("no/folder"), 1 << 24))
                .isInstanceOf(NoSuchFileException.class);
        assertThat(display.listenerCount()).isZero();
    }

    @Test
    void theBytesAreAsDescribed() throws IOException {
        Path file = folder.resolve("bytes");
        try (RecordingWriter writer = new RecordingWriter(file, Instant.ofEpochMilli(0x0102030405L), 1 << 20)) {
            assertThat(writer.append(true, 7, new byte[] {1, 2, 3}, 0, 3)).isTrue();
            assertThat(writer.append(false, 258, new byte[] {9, 8, 7}, 1, 1)).isTrue();
        }
        assertThat(HexFormat.of().formatHex(Files.readAllBytes(file)))
                .isEqualTo("4f7269656c52656300000001000000000000000102030405"
                        + "4b00000300000007010203"
                        + "440000010000010208"
                        + "4900000c00000102" + "000000070000000000000018"
                        + "000000000000002c" + "4f7269656c496478");
    }
}
