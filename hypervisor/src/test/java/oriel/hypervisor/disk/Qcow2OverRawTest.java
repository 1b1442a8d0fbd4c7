package oriel.hypervisor.disk;

import java.nio.file.Path;

class Qcow2OverRawTest extends DiskImageContractTest {
    @Override
    DiskFormat format() {
        return DiskFormat.QCOW2;
    }

    @Override
    Path create(byte[] model) {
        Path base = RawImageTest.file(directory.resolve("base.raw"), model, 11);
        Path path = directory.resolve("overlay.qcow2");
        DiskImages.createOverlay(path, base, DiskFormat.RAW);
        return path;
    }
}
