package oriel.broker.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Where Oriel keeps its state: given, or ORIEL_DATA_DIR, or by the XDG base directory specification. */
final class DataDirectory {
    private DataDirectory() {}

    static Path choose(@Nullable Path given, Map<String, String> environment, String home) {
        if (given != null) {
            return given.toAbsolutePath().normalize();
        }
        String own = environment.getOrDefault("ORIEL_DATA_DIR", "");
        if (!own.isEmpty()) {
            return Path.of(own).toAbsolutePath().normalize();
        }
        String xdg = environment.getOrDefault("XDG_DATA_HOME", "");
        // Relative paths in XDG variables are invalid and to be ignored (§ "Environment variables").
        Path base = xdg.startsWith("/") ? Path.of(xdg) : Path.of(home, ".local", "share");
        return base.resolve("oriel");
    }

    /** Makes it, for nobody else to read: it has password hashes and users' disks. */
    static void make(Path directory) {
        try {
            if (!Files.isDirectory(directory)) {
                Path parent = directory.getParent();
                if (parent != null) {
                    Files.createDirectories(parent);
                }
                Files.createDirectory(
                        directory, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
            }
        } catch (IOException | UnsupportedOperationException e) {
            throw new Main.Failure(
                    2,
                    "The data directory " + directory + " cannot be made (" + e.getMessage() + "). Choose another one"
                            + " with --data-dir.");
        }
        if (!Files.isWritable(directory)) {
            throw new Main.Failure(
                    2, "The data directory " + directory + " is not writable. Choose another one with --data-dir.");
        }
    }
}
