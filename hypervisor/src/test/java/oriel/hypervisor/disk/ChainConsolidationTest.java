package oriel.hypervisor.disk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A chain gets shorter and shows the same all the time. */
class ChainConsolidationTest {
    private static final int SIZE = 8 << 20;
    private static final int LAYERS = 4;

    @TempDir
    private Path folder;

    private final Random random = new Random(5);
    private final byte[] model = new byte[SIZE];

    /** golden, layer-0 … layer-3, each with writes, zeroes and discards of its own. */
    @BeforeEach
    void chain() {
        DiskImages.createQcow2(file("golden"), SIZE);
        scribble("golden");
        String below = "golden";
        for (int layer = 0; layer < LAYERS; layer++) {
            String name = "layer-" + layer;
            DiskImages.createOverlay(file(name), file(below), DiskFormat.QCOW2);
            scribble(name);
            below = name;
        }
    }

    private Path file(String name) {
        return folder.resolve(name + ".qcow2");
    }

    private DiskImage open(String name) {
        return DiskImages.open(file(name), Optional.of(DiskFormat.QCOW2), false);
    }

    private void scribble(String name) {
        try (DiskImage disk = open(name)) {
            for (int i = 0; i < 20; i++) {
                step(disk);
            }
        }
    }

    private void step(DiskImage disk) {
        byte[] data = new byte[1 + random.nextInt(200_000)];
        int at = random.nextInt(SIZE - data.length);
        if (random.nextInt(4) == 0) {
            disk.writeZeroes(at, data.length);
        } else {
            random.nextBytes(data);
            disk.write(at, ByteBuffer.wrap(data));
        }
        System.arraycopy(data, 0, model, at, data.length);
    }

    private void assertShows(DiskImage disk) {
        assertThat(DiskImageContractTest.readAll(disk)).isEqualTo(model);
    }

    @ParameterizedTest
    @ValueSource(strings = {"golden", "layer-0", "layer-1", "layer-2", ""})
    void headLiesOnTheBaseAndShowsTheSame(String base) throws Exception {
        Optional<Path> basePath =
                Optional.of(base).filter(name -> !name.isEmpty()).map(this::file);
        try (DiskImage head = open("layer-3")) {
            ChainConsolidation consolidation = new ChainConsolidation(file("layer-3"), head, basePath);
            consolidation.copy(() -> true);
            assertShows(head);
            consolidation.finish();
            assertThat(consolidation.done()).isTrue();
            assertShows(head);
            step(head);
        }
        assertThat(DiskImages.backingFile(file("layer-3"))).isEqualTo(basePath);
        for (int layer = 2; layer >= 0 && !base.equals("layer-" + layer); layer--) {
            Files.delete(file("layer-" + layer));
        }
        try (DiskImage head = open("layer-3")) {
            assertShows(head);
        }
        QemuImg.check(file("layer-3"), DiskFormat.QCOW2);
        QemuImg.compare(file("layer-3"), DiskFormat.QCOW2, model, folder);
    }

    @Test
    void guestWritesWhileItIsCopied() throws Exception {
        try (ReplaceableDisk head = new ReplaceableDisk(open("layer-3"))) {
            ChainConsolidation consolidation =
                    new ChainConsolidation(file("layer-3"), head, Optional.of(file("golden")));
            AtomicBoolean finished = new AtomicBoolean();
            CompletableFuture<Void> copying = CompletableFuture.runAsync(() -> {
                consolidation.copy(() -> true);
                consolidation.finish();
                finished.set(true);
            });
            for (int i = 0; i < 200 || !finished.get() && !copying.isDone(); i++) {
                step(head);
                if (i % 10 == 0) {
                    head.flush();
                }
            }
            copying.get();
            assertShows(head);
        }
        QemuImg.check(file("layer-3"), DiskFormat.QCOW2);
        QemuImg.compare(file("layer-3"), DiskFormat.QCOW2, model, folder);
    }

    @Test
    void oneThatIsBrokenOffCanBeDoneAgain() {
        try (DiskImage head = open("layer-3")) {
            int[] left = {20};
            new ChainConsolidation(file("layer-3"), head, Optional.of(file("golden"))).copy(() -> left[0]-- > 0);
            assertShows(head);
        }
        try (DiskImage head = open("layer-3")) {
            assertShows(head);
            new ChainConsolidation(file("layer-3"), head, Optional.of(file("golden"))).finish();
            assertShows(head);
        }
        assertThat(DiskImages.backingFile(file("layer-3"))).contains(file("golden"));
    }

    @Test
    void longerDiskOverShorterImagesStaysWhatItIs() {
        Path top = file("top");
        DiskImages.createOverlay(top, file("layer-1"), DiskFormat.QCOW2, SIZE + (1 << 20));
        byte[] longer = Arrays.copyOf(readLayer("layer-1"), SIZE + (1 << 20));
        try (DiskImage disk = DiskImages.open(top, Optional.of(DiskFormat.QCOW2), false)) {
            new ChainConsolidation(top, disk, Optional.of(file("golden"))).finish();
            assertThat(DiskImageContractTest.readAll(disk)).isEqualTo(longer);
        }
    }

    private byte[] readLayer(String name) {
        try (DiskImage disk = DiskImages.open(file(name), Optional.of(DiskFormat.QCOW2), true)) {
            return DiskImageContractTest.readAll(disk);
        }
    }

    @Test
    void whatIsNotInTheChainIsRefused() {
        try (DiskImage head = open("layer-2")) {
            assertThatThrownBy(() -> new ChainConsolidation(file("layer-2"), head, Optional.of(file("layer-3"))))
                    .isInstanceOf(DiskException.class)
                    .hasMessageContaining("is not behind");
        }
    }
}
