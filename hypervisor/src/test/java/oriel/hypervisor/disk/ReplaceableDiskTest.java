package oriel.hypervisor.disk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReplaceableDiskTest {
    private static final int SIZE = 1 << 20;

    @TempDir
    private Path folder;

    private Path file;
    private ReplaceableDisk disk;
    private final List<String> done = new ArrayList<>();

    @BeforeEach
    void open() {
        file = folder.resolve("disk.qcow2");
        DiskImages.createQcow2(file, SIZE);
        disk = new ReplaceableDisk(image(file));
    }

    private static DiskImage image(Path path) {
        return DiskImages.open(path, Optional.of(DiskFormat.QCOW2), false);
    }

    private byte first() {
        try (DiskImage again = image(file)) {
            ByteBuffer in = ByteBuffer.allocate(1);
            again.read(0, in);
            return in.get(0);
        }
    }

    @Test
    void whatMustBeDurableBeforeIsDoneOnceAtTheFirstFlush() {
        disk.beforeFirstFlush(() -> done.add("label"));
        disk.write(0, ByteBuffer.wrap(new byte[] {1}));
        assertThat(done).isEmpty();
        disk.flush();
        disk.flush();
        disk.close();
        assertThat(done).containsExactly("label");
    }

    @Test
    void closingFlushesToo() {
        disk.beforeFirstFlush(() -> done.add("label"));
        disk.write(0, ByteBuffer.wrap(new byte[] {1}));
        disk.close();
        assertThat(done).containsExactly("label");
        assertThat(first()).isEqualTo((byte) 1);
    }

    @Test
    void flushFailsWithItAndTriesAgain() {
        disk.beforeFirstFlush(() -> {
            done.add("try");
            if (done.size() == 1) {
                throw new DiskException("not durable");
            }
        });
        assertThatThrownBy(disk::flush).hasMessage("not durable");
        disk.flush();
        assertThat(done).hasSize(2);
        disk.close();
    }

    @Test
    void failedWorkStillClosesTheImage() {
        disk.beforeFirstFlush(() -> {
            throw new DiskException("not durable");
        });
        assertThatThrownBy(disk::close).hasMessage("not durable");
        image(file).close();
    }

    @Test
    void abandonedDiskIsClosedWithoutAWord() {
        disk.beforeFirstFlush(() -> done.add("label"));
        disk.write(0, ByteBuffer.wrap(new byte[] {1}));
        disk.abandon();
        disk.close();
        assertThat(done).isEmpty();
        assertThat(first()).as("what was never flushed").isZero();
    }
}
