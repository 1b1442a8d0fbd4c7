package oriel.broker.image;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import oriel.hypervisor.disk.DiskException;
import oriel.hypervisor.disk.Qcow2Converter;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Turns disks of other systems into golden ones. Raw disks are converted here; the others by {@code qemu-img}, which is
 * told the format by its file name's ending and never guesses it, and only if the file refers to no other file.
 */
final class DiskImport {
    private static final Pattern PERCENT = Pattern.compile("\\((\\d{1,3})\\.\\d+/100%\\)");
    private static final Set<String> FORMATS = Set.of("qcow2", "vmdk", "vhdx", "vdi");
    private static final JsonMapper JSON = JsonMapper.builder().build();

    private DiskImport() {}

    /**
     * Converts.
     *
     * @throws ImageBuildException if it can't; the message says what to do
     */
    static void convert(Path from, Path to, RecipeBuild.Progress progress)
            throws ImageBuildException, InterruptedException {
        String name = from.getFileName().toString().toLowerCase(Locale.ROOT);
        String format = name.substring(name.lastIndexOf('.') + 1);
        try {
            if (Set.of("raw", "img").contains(format)) {
                progress.at(5, "reading the raw disk");
                Qcow2Converter.convertRaw(from, to);
            } else if (FORMATS.contains(format)) {
                standsAlone(from, format);
                qemu(from, format, to, progress);
            } else {
                throw new ImageBuildException("\"" + name + "\" is none of .raw, .img, .qcow2, .vmdk, .vhdx, .vdi.");
            }
        } catch (IOException | DiskException e) {
            throw new ImageBuildException("The disk could not be converted: " + e.getMessage());
        }
    }

    /** A disk that names another file would bring that file's content into the image: whatever this process may read. */
    private static void standsAlone(Path from, String format)
            throws IOException, ImageBuildException, InterruptedException {
        Process process = run(List.of("qemu-img", "info", "-f", format, "--output=json", from.toString()));
        String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (process.waitFor() != 0) {
            throw new ImageBuildException(
                    "qemu-img can't read it as " + format + ": " + text.strip().replaceAll("\\s+", " "));
        }
        JsonNode info = JSON.readTree(text);
        List<String> others = new ArrayList<>();
        for (String field : List.of("backing-filename", "full-backing-filename")) {
            if (info.has(field)) {
                others.add(info.path(field).asString());
            }
        }
        JsonNode data = info.path("format-specific").path("data");
        if (data.has("data-file")) {
            others.add(data.path("data-file").asString());
        }
        for (JsonNode extent : data.path("extents")) {
            String file = extent.path("filename").asString("");
            if (!file.isEmpty() && !Path.of(file).getFileName().equals(from.getFileName())) {
                others.add(file);
            }
        }
        if (!others.isEmpty()) {
            throw new ImageBuildException("The disk refers to other files (" + String.join(", ", others)
                    + "). Flatten it with qemu-img convert where it comes from.");
        }
    }

    private static void qemu(Path from, String format, Path to, RecipeBuild.Progress progress)
            throws IOException, ImageBuildException, InterruptedException {
        Process process =
                run(List.of("qemu-img", "convert", "-p", "-f", format, "-O", "qcow2", from.toString(), to.toString()));
        StringBuilder line = new StringBuilder();
        StringBuilder errors = new StringBuilder();
        try (InputStream in = process.getInputStream()) {
            for (int c = in.read(); c >= 0; c = in.read()) {
                if (c == '\r' || c == '\n') {
                    Matcher percent = PERCENT.matcher(line);
                    if (percent.find()) {
                        progress.at(Math.min(95, Integer.parseInt(percent.group(1))), "converting the disk");
                    } else if (errors.length() < 1000) {
                        errors.append(line).append(' ');
                    }
                    line.setLength(0);
                } else if (line.length() < 1000) {
                    line.append((char) c);
                }
            }
            if (process.waitFor() != 0) {
                throw new ImageBuildException(
                        "qemu-img could not convert it: " + errors.toString().strip());
            }
        } finally {
            process.destroy();
        }
    }

    private static Process run(List<String> command) throws IOException, ImageBuildException {
        try {
            return new ProcessBuilder(command).redirectErrorStream(true).start();
        } catch (IOException e) {
            throw new ImageBuildException("qemu-img is not there. Install qemu-utils, or import a raw disk.");
        }
    }

    /** Whether a file may be imported from a folder: directly in it, under a plain name. */
    static Path source(Path folder, String file) throws ImageBuildException {
        Path path = folder.resolve(file).normalize();
        if (!folder.equals(path.getParent()) || Files.isSymbolicLink(path) || !Files.isRegularFile(path)) {
            throw new ImageBuildException("There is no file \"" + file + "\" in " + folder + ".");
        }
        return path;
    }
}
