package oriel.hypervisor.disk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What every image format owes a device. */
abstract class DiskImageContractTest {
    /** Not whole clusters, so that the last one is partial. */
    static final int SIZE = (3 << 20) + 5 * 512;

    @TempDir
    Path directory;

    /** Creates an image that shows {@code model}, which it may fill first. */
    abstract Path create(byte[] model);

    abstract DiskFormat format();

    DiskImage open(Path path, boolean readOnly) {
        return DiskImages.open(path, Optional.of(format()), readOnly);
    }

    static byte[] readAll(DiskImage image) {
        byte[] all = new byte[(int) image.size()];
        image.read(0, ByteBuffer.wrap(all));
        return all;
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void behavesLikeAnArrayOfBytes(long seed) {
        byte[] model = new byte[SIZE];
        Path path = create(model);
        Random random = new Random(seed);
        DiskImage image = open(path, false);
        for (int step = 0; step < 400; step++) {
            int length = 1 + (random.nextInt(4) == 0 ? random.nextInt(300_000) : random.nextInt(5000));
            int offset = random.nextInt(SIZE - length + 1);
            if (random.nextBoolean()) {
                offset &= ~511;
            }
            switch (random.nextInt(10)) {
                case 0, 1, 2, 3, 4 -> {
                    byte[] data = new byte[length];
                    random.nextBytes(data);
                    image.write(offset, ByteBuffer.wrap(data));
                    System.arraycopy(data, 0, model, offset, length);
                }
                case 5, 6 -> {
                    image.writeZeroes(offset, length);
                    Arrays.fill(model, offset, offset + length, (byte) 0);
                }
                case 7 -> image.flush();
                case 8 -> {
                    image.close();
                    image = open(path, false);
                }
                default -> {
                    byte[] data = new byte[length];
                    image.read(offset, ByteBuffer.wrap(data));
                    assertThat(data).isEqualTo(Arrays.copyOfRange(model, offset, offset + length));
                }
            }
        }
        assertThat(readAll(image)).isEqualTo(model);
        image.close();
        QemuImg.check(path, format());
        try (DiskImage again = open(path, true)) {
            assertThat(readAll(again)).isEqualTo(model);
        }
        QemuImg.compare(path, format(), model, directory);
    }

    @Test
    void discardedRangesReadAsOldBytesOrZeroesAndTheRestStays() {
        byte[] model = new byte[SIZE];
        Path path = create(model);
        try (DiskImage image = open(path, false)) {
            Arrays.fill(model, (byte) 0x5A);
            image.write(0, ByteBuffer.wrap(model));
            image.discard(100_000, 500_000);
            image.flush();
            byte[] now = readAll(image);
            for (int i = 0; i < now.length; i++) {
                boolean inside = i >= 100_000 && i < 600_000;
                if (now[i] != 0x5A && !(inside && now[i] == 0)) {
                    throw new AssertionError("byte " + i + " is " + now[i]);
                }
            }
        }
        QemuImg.check(path, format());
    }

    @Test
    void honoursPositionAndLimitOfBuffers() {
        Path path = create(new byte[SIZE]);
        try (DiskImage image = open(path, false)) {
            ByteBuffer data = ByteBuffer.allocateDirect(100_000);
            for (int i = 0; i < data.capacity(); i++) {
                data.put(i, (byte) i);
            }
            image.write(65_000, data.position(10).limit(90_010));
            assertThat(data.hasRemaining()).isFalse();
            assertThat(data.limit()).isEqualTo(90_010);
            ByteBuffer back = ByteBuffer.allocate(20).position(5).limit(15);
            image.read(65_000, back);
            assertThat(back.array())
                    .containsExactly(0, 0, 0, 0, 0, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 0, 0, 0, 0, 0);
        }
    }

    @Test
    void rangesOutsideTheDiskAreRefused() {
        Path path = create(new byte[SIZE]);
        try (DiskImage image = open(path, false)) {
            ByteBuffer two = ByteBuffer.allocate(2);
            assertThatIllegalArgumentException().isThrownBy(() -> image.read(SIZE - 1, two));
            assertThatIllegalArgumentException().isThrownBy(() -> image.write(-1, two));
            assertThatIllegalArgumentException().isThrownBy(() -> image.writeZeroes(1, SIZE));
            assertThatIllegalArgumentException().isThrownBy(() -> image.discard(Long.MAX_VALUE, 2));
        }
    }

    @Test
    void readOnlyImagesRefuseWrites() {
        Path path = create(new byte[SIZE]);
        try (DiskImage image = open(path, true)) {
            assertThat(image.readOnly()).isTrue();
            assertThatThrownBy(() -> image.write(0, ByteBuffer.allocate(1)))
                    .isInstanceOf(DiskException.class)
                    .hasMessageContaining("read-only");
        }
    }

    @Test
    void oneWriterOrManyReaders() {
        Path path = create(new byte[SIZE]);
        try (DiskImage writer = open(path, false)) {
            for (boolean readOnly : new boolean[] {true, false}) {
                assertThatThrownBy(() -> open(path, readOnly))
                        .isInstanceOf(DiskException.class)
                        .hasMessageContaining("in use");
            }
        }
        try (DiskImage one = open(path, true);
                DiskImage two = open(path, true)) {
            assertThat(readAll(one)).isEqualTo(readAll(two));
            assertThatThrownBy(() -> open(path, false)).hasMessageContaining("in use");
        }
        open(path, false).close();
    }

    @Test
    void closingTwiceIsHarmless() {
        Path path = create(new byte[SIZE]);
        DiskImage first = open(path, true);
        first.close();
        first.close();
        open(path, false).close();
    }

    @Test
    void concurrentUseOfDifferentRanges() throws Exception {
        Path path = create(new byte[SIZE]);
        try (DiskImage image = open(path, false);
                var executor = Executors.newVirtualThreadPerTaskExecutor()) {
            int part = 300_001;
            var tasks = IntStream.range(0, 8)
                    .mapToObj(i -> executor.submit(() -> {
                        byte[] data = new byte[part];
                        Arrays.fill(data, (byte) (i + 1));
                        for (int at = 0; at < part; at += 7777) {
                            int length = Math.min(7777, part - at);
                            image.write((long) i * part + at, ByteBuffer.wrap(data, at, length));
                        }
                        byte[] back = new byte[part];
                        image.read((long) i * part, ByteBuffer.wrap(back));
                        assertThat(back).isEqualTo(data);
                    }))
                    .toList();
            for (Future<?> task : tasks) {
                task.get();
            }
        }
        QemuImg.check(path, format());
    }
}
