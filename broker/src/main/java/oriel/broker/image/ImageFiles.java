package oriel.broker.image;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/**
 * Where the files of golden images are: each version has a folder of its own, {@code NAME/versions/NUMBER}, which is
 * complete or not there, and never changes. Disks of machines lie on top of these files.
 */
final class ImageFiles {
    static final String LOG = "build.log";
    private static final List<String> DISKS = List.of("disk.qcow2", "disk.raw");
    private static final List<String> OTHERS =
            List.of("vmlinuz", "initrd.img", "image.properties", "packages.tsv", LOG);

    private final Path root;

    ImageFiles(Path root) {
        this.root = root;
    }

    Path folder(String image, int version) {
        return root.resolve(image).resolve("versions").resolve(Integer.toString(version));
    }

    /** Where a version is made; other brokers' and dead ones' attempts do not matter. */
    Path workshop(String image, int version) throws IOException {
        Path folder = root.resolve(image).resolve("versions").resolve(".making-" + version);
        delete(folder);
        return Files.createDirectories(folder);
    }

    /** Puts a made version in place. */
    Path publish(Path workshop, String image, int version) throws IOException {
        Path folder = folder(image, version);
        if (Files.exists(folder)) {
            delete(folder);
        }
        return Files.move(workshop, folder, StandardCopyOption.ATOMIC_MOVE);
    }

    /**
     * Takes a directory that somebody else made into a workshop. Files are copied (which costs no space where the file
     * system shares blocks): whoever builds an image again in the same place may write over them.
     */
    static void take(Path from, Path workshop) throws IOException {
        for (String disk : DISKS) {
            if (Files.isRegularFile(from.resolve(disk))) {
                Files.copy(from.resolve(disk), workshop.resolve(disk), StandardCopyOption.COPY_ATTRIBUTES);
            }
        }
        for (String other : OTHERS) {
            if (Files.isRegularFile(from.resolve(other))) {
                Files.copy(from.resolve(other), workshop.resolve(other), StandardCopyOption.COPY_ATTRIBUTES);
            }
        }
    }

    /** Deletes a folder with all that is in it; not there: done. */
    static void delete(Path folder) throws IOException {
        if (!Files.exists(folder)) {
            return;
        }
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(file);
            }
        }
    }
}
