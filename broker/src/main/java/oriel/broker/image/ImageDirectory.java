package oriel.broker.image;

import java.io.IOException;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Properties;
import oriel.broker.problem.Reason;
import oriel.broker.problem.RefusedException;
import oriel.hypervisor.host.BootSpec;

/**
 * A built golden image: {@code disk.qcow2} or {@code disk.raw}, {@code vmlinuz}, {@code initrd.img} and
 * {@code image.properties} with {@code title}, {@code command_line} and, for emulated processors, more in
 * {@code command_line.emulated}.
 *
 * @param title for people
 * @param disk the golden disk
 * @param boot kernel, initial RAM disk, command line
 * @param fingerprint size and time of the disk: other when it was built again
 */
public record ImageDirectory(String title, Path disk, BootSpec boot, String fingerprint) {
    private static final List<String> DISKS = List.of("disk.qcow2", "disk.raw");

    /**
     * Reads a directory.
     *
     * @param emulated whether machines run on an emulated processor
     * @throws RefusedException {@link Reason#IMAGE_NOT_READY} if something is missing
     */
    public static ImageDirectory read(Path directory, boolean emulated) {
        Path real = directory.toAbsolutePath().normalize();
        Path disk = DISKS.stream()
                .map(real::resolve)
                .filter(Files::isRegularFile)
                .findFirst()
                .orElseThrow(() -> notReady(real, "has no disk.qcow2 or disk.raw"));
        Properties properties = new Properties();
        Path file = present(real, "image.properties");
        try (Reader reader = Files.newBufferedReader(file, StandardCharsets.UTF_8)) {
            properties.load(reader);
        } catch (IOException | IllegalArgumentException e) {
            throw notReady(real, "has an image.properties that cannot be read (" + e.getMessage() + ")");
        }
        String commandLine = properties.getProperty("command_line", "");
        String more = emulated ? properties.getProperty("command_line.emulated", "") : "";
        return new ImageDirectory(
                properties.getProperty("title", real.getFileName().toString()),
                disk,
                new BootSpec(present(real, "vmlinuz"), present(real, "initrd.img"), (commandLine + " " + more).strip()),
                fingerprint(real, disk));
    }

    private static String fingerprint(Path directory, Path disk) {
        try {
            return Files.size(disk) + "-" + Files.getLastModifiedTime(disk).toMillis();
        } catch (IOException e) {
            throw notReady(directory, "has a disk that cannot be read (" + e.getMessage() + ")");
        }
    }

    private static Path present(Path directory, String name) {
        Path file = directory.resolve(name);
        if (!Files.isRegularFile(file)) {
            throw notReady(directory, "has no " + name);
        }
        return file;
    }

    private static RefusedException notReady(Path directory, String what) {
        return new RefusedException(
                Reason.IMAGE_NOT_READY, "The image directory " + directory + " " + what + ". Build the image again.");
    }
}
