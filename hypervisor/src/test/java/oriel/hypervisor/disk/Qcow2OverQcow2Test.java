package oriel.hypervisor.disk;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Random;

class Qcow2OverQcow2Test extends DiskImageContractTest {
    @Override
    DiskFormat format() {
        return DiskFormat.QCOW2;
    }

    @Override
    Path create(byte[] model) {
        Path raw = RawImageTest.file(directory.resolve("golden.raw"), model, 13);
        Path golden = directory.resolve("golden.qcow2");
        Qcow2Converter.convertRaw(raw, golden);
        Path middle = directory.resolve("middle.qcow2");
        DiskImages.createOverlay(middle, golden, DiskFormat.QCOW2);
        try (DiskImage image = DiskImages.open(middle, Optional.empty(), false)) {
            byte[] data = new byte[200_000];
            new Random(17).nextBytes(data);
            image.write(1_000_000, ByteBuffer.wrap(data));
            System.arraycopy(data, 0, model, 1_000_000, data.length);
            image.writeZeroes(0, 131_072);
            java.util.Arrays.fill(model, 0, 131_072, (byte) 0);
        }
        Path path = directory.resolve("overlay.qcow2");
        DiskImages.createOverlay(path, middle, DiskFormat.QCOW2);
        return path;
    }
}
