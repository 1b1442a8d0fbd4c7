package oriel.hypervisor.host;

import java.io.IOException;
import java.lang.ref.SoftReference;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.HashMap;
import java.util.Map;
import oriel.hypervisor.firmware.LinuxKernel;

/**
 * Unpacked kernels, kept while there is memory for them: unpacking one costs two seconds, and the machines of a pool all
 * boot the same. Thread-safe.
 */
final class KernelCache {
    private final Map<Path, Entry> entries = new HashMap<>();

    private record Entry(FileTime changed, SoftReference<LinuxKernel> kernel) {}

    /**
     * The kernel of a file, as the file is now.
     *
     * @throws oriel.hypervisor.firmware.FirmwareException if it can't be read
     */
    synchronized LinuxKernel get(Path file) {
        FileTime changed = changed(file);
        Entry entry = entries.get(file);
        LinuxKernel kernel = entry == null || !entry.changed.equals(changed) ? null : entry.kernel.get();
        if (kernel == null) {
            kernel = LinuxKernel.read(file);
            entries.put(file, new Entry(changed, new SoftReference<>(kernel)));
        }
        return kernel;
    }

    private static FileTime changed(Path file) {
        try {
            return Files.getLastModifiedTime(file);
        } catch (IOException e) {
            return FileTime.fromMillis(0); // reading it will say what is wrong
        }
    }
}
