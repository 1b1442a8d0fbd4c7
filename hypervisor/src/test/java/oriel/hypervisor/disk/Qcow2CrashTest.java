package oriel.hypervisor.disk;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The writer is killed, or the host loses power, at every point: the image stays consistent. */
class Qcow2CrashTest {
    private static final int SIZE = 2 << 20;

    @TempDir
    Path directory;

    /** A write, or a barrier where {@code data} is empty. */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    private record Write(long position, byte[] data, boolean barrier) {}

    /** A file in memory that logs writes and can run out of space. */
    private static final class LoggedChannel implements ImageChannel {
        private byte[] content;
        private int size;
        private final List<Write> log = new ArrayList<>();
        private int failures;

        LoggedChannel(byte[] initial) {
            content = Arrays.copyOf(initial, 16 << 20);
            size = initial.length;
        }

        @Override
        public void read(ByteBuffer to, long position) {
            while (to.hasRemaining()) {
                to.put(position < size ? content[(int) position] : 0);
                position++;
            }
        }

        @Override
        public void write(ByteBuffer from, long position) throws IOException {
            if (failures > 0 && --failures == 0) {
                throw new IOException("No space left on device");
            }
            byte[] data = new byte[from.remaining()];
            from.get(data);
            log.add(new Write(position, data, false));
            System.arraycopy(data, 0, content, (int) position, data.length);
            size = Math.max(size, (int) position + data.length);
        }

        @Override
        public long size() {
            return size;
        }

        @Override
        public void force() {
            log.add(new Write(0, new byte[0], true));
        }

        @Override
        public void close() {}

        @Override
        public String toString() {
            return "memory.qcow2";
        }
    }

    private byte[] emptyImage() throws IOException {
        Path path = directory.resolve("empty.qcow2");
        QemuImg.assumeInstalled();
        QemuImg.succeed("create", "-q", "-f", "qcow2", "-o", "cluster_size=4k", path.toString(), "2M");
        return Files.readAllBytes(path);
    }

    private static Qcow2Image open(LoggedChannel channel) throws IOException {
        return new Qcow2Image(channel, Qcow2Header.read(channel, new DiskErrors("memory.qcow2")), null, false);
    }

    private static Qcow2Image open(LoggedChannel channel, Qcow2Image backing) throws IOException {
        return new Qcow2Image(channel, Qcow2Header.read(channel, new DiskErrors("memory.qcow2")), backing, false);
    }

    private static byte[] workload(Qcow2Image image, Random random, int steps) {
        byte[] model = new byte[SIZE];
        for (int i = 0; i < steps; i++) {
            byte[] data = new byte[1 + random.nextInt(20_000)];
            int at = random.nextInt(SIZE - data.length);
            switch (random.nextInt(6)) {
                case 0 -> image.writeZeroes(at, data.length);
                case 1 -> {
                    image.flush();
                    continue;
                }
                default -> {
                    random.nextBytes(data);
                    image.write(at, ByteBuffer.wrap(data));
                }
            }
            System.arraycopy(data, 0, model, at, data.length);
        }
        return model;
    }

    private static byte[] apply(byte[] initial, List<Write> writes) {
        byte[] content = Arrays.copyOf(initial, 16 << 20);
        int size = initial.length;
        for (Write write : writes) {
            System.arraycopy(write.data, 0, content, (int) write.position, write.data.length);
            size = Math.max(size, (int) write.position + write.data.length);
        }
        return Arrays.copyOf(content, size);
    }

    /** Leaked clusters (status 3) are allowed, errors aren't. */
    private void checkNoErrors(byte[] content, String when) throws IOException {
        Path path = Files.write(directory.resolve("crashed.qcow2"), content);
        QemuImg.Result result = QemuImg.run("check", "-f", "qcow2", path.toString());
        assertThat(result.status()).as("%s: %s", when, result.output()).isIn(0, 3);
    }

    /** Every prefix is checked by our own walk, a sample by QEMU's tool. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2})
    void killedAtAnyWrite(long seed) throws IOException {
        byte[] initial = emptyImage();
        LoggedChannel channel = new LoggedChannel(initial);
        Qcow2Image image = open(channel);
        workload(image, new Random(seed), 60);
        image.close();
        List<Write> log = channel.log;
        Random random = new Random(seed);
        int step = Math.max(1, log.size() / 60);
        for (int i = 0; i < log.size(); i++) {
            List<Write> prefix = new ArrayList<>(log.subList(0, i));
            Write last = log.get(i);
            // The write that was under way may be there in part, cut between two entries.
            int cut = last.data.length / 2 & ~7;
            prefix.add(new Write(last.position, Arrays.copyOf(last.data, cut), false));
            byte[] crashed = apply(initial, prefix);
            Qcow2Walk.check(crashed);
            if (i % step == random.nextInt(step)) {
                checkNoErrors(crashed, "killed at write " + i);
            }
        }
    }

    /** After the last barrier the host may write in any order, or not at all. */
    @ParameterizedTest
    @ValueSource(longs = {3, 4})
    void powerLostAtAnyTime(long seed) throws IOException {
        byte[] initial = emptyImage();
        LoggedChannel channel = new LoggedChannel(initial);
        Qcow2Image image = open(channel);
        workload(image, new Random(seed), 60);
        image.close();
        List<Write> log = channel.log;
        Random random = new Random(seed);
        for (int i = 0; i < 400; i++) {
            int end = random.nextInt(log.size() + 1);
            int barrier = end;
            while (barrier > 0 && !log.get(barrier - 1).barrier) {
                barrier--;
            }
            List<Write> survived = new ArrayList<>(log.subList(0, barrier));
            for (Write write : log.subList(barrier, end)) {
                if (random.nextBoolean()) {
                    survived.add(write);
                }
            }
            byte[] crashed = apply(initial, survived);
            Qcow2Walk.check(crashed);
            if (i % 20 == 0) {
                checkNoErrors(crashed, "power lost at write " + end);
            }
        }
    }

    /** A disk that is made larger: its size is the old or the new one, and the old range what it was. */
    @ParameterizedTest
    @ValueSource(longs = {5, 6})
    void killedWhileItGrows(long seed) throws IOException {
        byte[] initial = emptyImage();
        LoggedChannel channel = new LoggedChannel(initial);
        byte[] model;
        int begun;
        try (Qcow2Image image = open(channel)) {
            model = workload(image, new Random(seed), 20);
            image.flush();
            begun = channel.log.size();
            // An L2 table of 512 entries is 2 MiB; the table of 512 such leaves its cluster at 1 GiB.
            image.grow(3 << 20);
            image.grow(3L << 30);
        }
        List<Write> log = channel.log;
        for (int i = begun; i <= log.size(); i++) {
            byte[] crashed = apply(initial, log.subList(0, i));
            Qcow2Walk.check(crashed);
            if (seed == 5) {
                checkNoErrors(crashed, "killed at write " + i);
            }
            try (DiskImage again = open(new LoggedChannel(crashed))) {
                assertThat(again.size()).isIn((long) SIZE, 3L << 20, 3L << 30);
                ByteBuffer first = ByteBuffer.allocate((int) Math.min(again.size(), 3 << 20));
                again.read(0, first);
                assertThat(first.array()).isEqualTo(Arrays.copyOf(model, first.capacity()));
            }
        }
    }

    /**
     * The overlay's chain is made shorter while a guest writes. Whatever its header names then, it shows what was
     * flushed, or what was written since.
     */
    @ParameterizedTest
    @ValueSource(longs = {7, 8})
    void killedWhileItsChainIsMadeShorter(long seed) throws IOException {
        Random random = new Random(seed);
        LoggedChannel golden = new LoggedChannel(emptyImage());
        LoggedChannel middle = new LoggedChannel(emptyImage());
        byte[] model = new byte[SIZE];
        try (Qcow2Image image = open(golden)) {
            overlay(model, workload(image, random, 15));
        }
        try (Qcow2Image image = open(middle, open(golden))) {
            for (int i = 0; i < 10; i++) {
                write(image, random, model);
            }
        }
        byte[] initial = emptyImage();
        LoggedChannel channel = new LoggedChannel(initial);
        Qcow2Image base = open(golden);
        List<Integer> flushedAt = new ArrayList<>();
        List<byte[]> flushed = new ArrayList<>();
        try (Qcow2Image head = open(channel, open(middle, base))) {
            new HeaderEdit(channel).backingFile("middle", 4096, new DiskErrors("memory.qcow2"));
            for (long at = 0; at < SIZE; at += head.pullSize()) {
                head.pull(at, base);
                if (random.nextInt(40) == 0) {
                    write(head, random, model);
                    head.flush();
                    flushedAt.add(channel.log.size());
                    flushed.add(model.clone());
                }
            }
            flushedAt.add(channel.log.size());
            flushed.add(model.clone());
            head.rebase(base, open(golden), "base");
        }
        for (int i = flushedAt.getFirst(); i <= channel.log.size(); i++) {
            byte[] crashed = apply(initial, channel.log.subList(0, i));
            Qcow2Walk.check(crashed);
            int known = 0;
            while (known + 1 < flushedAt.size() && flushedAt.get(known + 1) <= i) {
                known++;
            }
            byte[] next = flushed.get(Math.min(known + 1, flushed.size() - 1));
            LoggedChannel again = new LoggedChannel(crashed);
            String name = Qcow2Header.read(again, new DiskErrors("memory.qcow2"))
                    .backingFile()
                    .orElseThrow();
            assertThat(name).isIn("middle", "base");
            Qcow2Image behind = open(golden);
            try (DiskImage shown = open(again, name.equals("base") ? behind : open(middle, behind))) {
                byte[] found = DiskImageContractTest.readAll(shown);
                for (int at = 0; at < SIZE; at++) {
                    if (found[at] != flushed.get(known)[at] && found[at] != next[at]) {
                        throw new AssertionError("byte %d is wrong, killed at write %d, on %s".formatted(at, i, name));
                    }
                }
            }
        }
    }

    private static void overlay(byte[] model, byte[] with) {
        System.arraycopy(with, 0, model, 0, model.length);
    }

    private static void write(Qcow2Image image, Random random, byte[] model) {
        byte[] data = new byte[1 + random.nextInt(20_000)];
        random.nextBytes(data);
        int at = random.nextInt(SIZE - data.length);
        image.write(at, ByteBuffer.wrap(data));
        System.arraycopy(data, 0, model, at, data.length);
    }

    @Test
    void flushedDataSurvives() throws IOException {
        LoggedChannel channel = new LoggedChannel(emptyImage());
        Qcow2Image image = open(channel);
        byte[] model = workload(image, new Random(9), 40);
        image.flush();
        byte[] flushed = Arrays.copyOf(channel.content, channel.size);
        try (Qcow2Image again = open(new LoggedChannel(flushed))) {
            assertThat(DiskImageContractTest.readAll(again)).isEqualTo(model);
        }
    }

    @Test
    void aFullHostLosesNothingAndTheWriteCanBeRepeated() throws IOException {
        for (int failAt = 1; failAt < 60; failAt++) {
            LoggedChannel channel = new LoggedChannel(emptyImageOnce());
            Qcow2Image image = open(channel);
            byte[] model = new byte[SIZE];
            Random random = new Random(failAt);
            channel.failures = failAt;
            boolean full = false;
            for (int i = 0; i < 30; i++) {
                byte[] data = new byte[1 + random.nextInt(9000)];
                random.nextBytes(data);
                int at = random.nextInt(SIZE - data.length);
                full |= retry(() -> image.write(at, ByteBuffer.wrap(data)));
                System.arraycopy(data, 0, model, at, data.length);
                if (i % 7 == 0) {
                    full |= retry(image::flush);
                }
            }
            image.close();
            assertThat(full).isTrue();
            byte[] content = Arrays.copyOf(channel.content, channel.size);
            Qcow2Walk.check(content);
            try (DiskImage again = open(new LoggedChannel(content))) {
                assertThat(DiskImageContractTest.readAll(again)).isEqualTo(model);
            }
        }
    }

    private byte @org.jspecify.annotations.Nullable [] empty;

    private byte[] emptyImageOnce() throws IOException {
        byte[] image = empty;
        if (image == null) {
            image = emptyImage();
            empty = image;
        }
        return image;
    }

    private static boolean retry(Runnable operation) {
        try {
            operation.run();
            return false;
        } catch (DiskException e) {
            assertThat(e.full()).isTrue();
            operation.run();
            return true;
        }
    }

    @Test
    void openingByPathFindsWhatWasWritten() throws IOException {
        Path path = directory.resolve("disk.qcow2");
        DiskImages.createQcow2(path, SIZE);
        byte[] data = {1, 2, 3};
        try (DiskImage image = DiskImages.open(path, Optional.empty(), false)) {
            image.write(12345, ByteBuffer.wrap(data));
        }
        try (DiskImage image = DiskImages.open(path, Optional.empty(), true)) {
            byte[] back = new byte[3];
            image.read(12345, ByteBuffer.wrap(back));
            assertThat(back).isEqualTo(data);
        }
    }
}
