package oriel.broker.cli;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import oriel.hypervisor.disk.DiskImage;

/**
 * The disks of a machine of {@code oriel vm}.
 *
 * @param virtio seen as /dev/vda, /dev/vdb, …
 * @param ide the IDE disk
 */
record VmDisks(List<VmDisk> virtio, Optional<VmDisk> ide) implements AutoCloseable {
    static final String IDE = "ide";

    VmDisks {
        virtio = List.copyOf(virtio);
    }

    List<DiskImage> images() {
        return virtio.stream().map(VmDisk::image).toList();
    }

    Optional<DiskImage> ideImage() {
        return ide.map(VmDisk::image);
    }

    /** All of them, by their names in a saved machine: numbers, and {@link #IDE}. */
    Map<String, VmDisk> byName() {
        Map<String, VmDisk> all = new LinkedHashMap<>();
        for (int i = 0; i < virtio.size(); i++) {
            all.put(Integer.toString(i), virtio.get(i));
        }
        ide.ifPresent(disk -> all.put(IDE, disk));
        return all;
    }

    /** Opens one after the other; none stays open if one can't be. */
    static final class Opening implements AutoCloseable {
        private final List<VmDisk> virtio = new ArrayList<>();
        private Optional<VmDisk> ide = Optional.empty();
        private boolean done;

        void add(VmDisk disk) {
            virtio.add(disk);
        }

        void addIde(VmDisk disk) {
            ide = Optional.of(disk);
        }

        VmDisks done() {
            done = true;
            return new VmDisks(virtio, ide);
        }

        @Override
        public void close() {
            if (!done) {
                new VmDisks(virtio, ide).close();
            }
        }
    }

    @Override
    public void close() {
        byName().values().forEach(disk -> disk.image().close());
    }
}
