package oriel.hypervisor.host;

import java.io.IOException;
import java.lang.ref.SoftReference;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.HashMap;
import java.util.Map;

/** What was made of files, as they are now, kept while there is memory for it. Thread-safe. */
final class FileCache<T> {
    private final Reading<T> read;
    private final Map<Path, Entry<T>> entries = new HashMap<>();

    private record Entry<T>(FileTime changed, SoftReference<T> value) {}

    /** How to make something of a file. */
    interface Reading<T> {
        T read(Path file) throws IOException;
    }

    FileCache(Reading<T> read) {
        this.read = read;
    }

    /** What is made of a file; whatever reading it throws. */
    synchronized T get(Path file) throws IOException {
        FileTime changed = changed(file);
        Entry<T> entry = entries.get(file);
        T value = entry == null || !entry.changed.equals(changed) ? null : entry.value.get();
        if (value == null) {
            value = read.read(file);
            entries.put(file, new Entry<>(changed, new SoftReference<>(value)));
        }
        return value;
    }

    /** Forgets a file that is gone. */
    synchronized void forget(Path file) {
        entries.remove(file);
    }

    private static FileTime changed(Path file) {
        try {
            return Files.getLastModifiedTime(file);
        } catch (IOException e) {
            return FileTime.fromMillis(0); // reading it will say what is wrong
        }
    }
}
