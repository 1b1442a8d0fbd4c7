package oriel.hypervisor.host;

import java.io.IOException;
import java.lang.ref.SoftReference;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Function;

/** What was made of files, as they are now, kept while there is memory for it. Thread-safe. */
final class FileCache<T> {
    private final Function<Path, T> read;
    private final Map<Path, Entry<T>> entries = new HashMap<>();

    private record Entry<T>(FileTime changed, SoftReference<T> value) {}

    FileCache(Function<Path, T> read) {
        this.read = read;
    }

    /** What is made of a file; whatever reading it throws. */
    synchronized T get(Path file) {
        FileTime changed = changed(file);
        Entry<T> entry = entries.get(file);
        T value = entry == null || !entry.changed.equals(changed) ? null : entry.value.get();
        if (value == null) {
            value = read.apply(file);
            entries.put(file, new Entry<>(changed, new SoftReference<>(value)));
        }
        return value;
    }

    private static FileTime changed(Path file) {
        try {
            return Files.getLastModifiedTime(file);
        } catch (IOException e) {
            return FileTime.fromMillis(0); // reading it will say what is wrong
        }
    }
}
