package oriel.hypervisor.disk;

import java.nio.file.Path;

class Qcow2ImageTest extends DiskImageContractTest {
    @Override
    DiskFormat format() {
        return DiskFormat.QCOW2;
    }

    @Override
    Path create(byte[] model) {
        Path path = directory.resolve("disk.qcow2");
        DiskImages.createQcow2(path, model.length);
        return path;
    }
}
