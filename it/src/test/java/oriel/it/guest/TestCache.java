package oriel.it.guest;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Where what tests build and fetch is kept between runs: in Oriel's data directory, never in the source tree. */
public final class TestCache {
    private TestCache() {}

    /** A folder of the cache, made if it is missing. */
    public static Path folder(String name) throws IOException {
        String data = System.getProperty("oriel.data");
        Path root = data == null || data.isEmpty() ? Path.of("target", "cache") : Path.of(data, "cache", "test");
        return Files.createDirectories(root.resolve(name).toAbsolutePath());
    }
}
