package oriel.broker.image;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.Reader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Properties;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import oriel.hypervisor.disk.DiskException;
import oriel.hypervisor.disk.Qcow2Converter;

/**
 * Builds a golden image from a recipe: runs {@code config/golden/build}, then turns the raw disk into qcow2. What it
 * makes is in place only when it is complete; an interrupted build is started anew.
 */
public final class RecipeBuild {
    private static final String DISK = "disk.qcow2";
    private static final String PROPERTIES = "image.properties";
    private static final String RECIPE_DIGEST = "recipe.sha256";

    private final Path buildProgram;
    private final Path recipe;
    private final Path output;

    /** Told how far a build is. Called on the building thread. */
    @FunctionalInterface
    public interface Progress {
        /**
         * A step.
         *
         * @param percent 0–100
         * @param text what is being done, for people
         * @throws ImageBuildException if the build is to stop
         */
        void at(int percent, String text) throws ImageBuildException;

        /** What the build says besides. */
        default void line(String text) {}
    }

    /**
     * A build to be run.
     *
     * @param buildProgram the build script
     * @param recipe the recipe's folder
     * @param output where the image's files go; made if needed
     */
    public RecipeBuild(Path buildProgram, Path recipe, Path output) {
        this.buildProgram = buildProgram;
        this.recipe = recipe;
        this.output = output;
    }

    /** The image of an earlier, complete build, if the folder holds one. */
    public static boolean isBuilt(Path folder) {
        return Files.exists(folder.resolve(DISK)) && Files.exists(folder.resolve(PROPERTIES));
    }

    /**
     * Whether the output is a complete image of the recipe as it is now. One of another recipe lacks what later versions
     * of Oriel expect of their guests.
     *
     * @throws UncheckedIOException if recipe or image can't be read
     */
    public boolean isCurrent() {
        if (!isBuilt(output)) {
            return false;
        }
        Properties properties = new Properties();
        try (Reader in = Files.newBufferedReader(output.resolve(PROPERTIES), StandardCharsets.UTF_8)) {
            properties.load(in);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return recipeDigest().equals(properties.getProperty(RECIPE_DIGEST));
    }

    /**
     * SHA-256 of the recipe and of the programs that build it, in hexadecimal: names, what is executable, contents.
     *
     * @throws UncheckedIOException if they can't be read
     */
    public String recipeDigest() {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            Path programs = buildProgram.toAbsolutePath().resolveSibling("");
            try (Stream<Path> files = Files.list(programs)) {
                add(digest, programs, files);
            }
            try (Stream<Path> files = Files.walk(recipe)) {
                add(digest, recipe, files);
            }
            return HexFormat.of().formatHex(digest.digest());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e); // every Java platform has it
        }
    }

    private static void add(MessageDigest digest, Path folder, Stream<Path> files) throws IOException {
        for (Path file : files.filter(Files::isRegularFile).sorted().toList()) {
            String name = folder.relativize(file) + (Files.isExecutable(file) ? " x " : " - ");
            digest.update((name + Files.size(file) + "\n").getBytes(StandardCharsets.UTF_8));
            digest.update(Files.readAllBytes(file));
        }
    }

    /**
     * Builds; takes minutes.
     *
     * @throws ImageBuildException if it fails; the message says where the log is
     */
    public void run(Progress progress) throws ImageBuildException, InterruptedException {
        String digest = recipeDigest();
        runProgram(progress);
        try {
            Files.writeString(
                    output.resolve(PROPERTIES), RECIPE_DIGEST + "=" + digest + "\n", StandardOpenOption.APPEND);
            progress.at(98, "compacting the disk");
            Path raw = output.resolve("disk.raw");
            Path partial = output.resolve(DISK + ".partial");
            Files.deleteIfExists(partial);
            Qcow2Converter.convertRaw(raw, partial);
            Files.move(partial, output.resolve(DISK), StandardCopyOption.REPLACE_EXISTING);
            Files.delete(raw);
        } catch (IOException | DiskException e) {
            throw new ImageBuildException("the disk of the image could not be written: " + e.getMessage());
        }
        progress.at(100, "built");
    }

    private void runProgram(Progress progress) throws ImageBuildException, InterruptedException {
        List<String> errors = new ArrayList<>();
        try {
            Files.createDirectories(output);
            Process process = new ProcessBuilder(buildProgram.toString(), recipe.toString(), output.toString())
                    .redirectErrorStream(true)
                    .start();
            try {
                process.getOutputStream().close();
                try (BufferedReader lines =
                        new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
                    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                        report(line, progress, errors);
                    }
                }
                int status = process.waitFor();
                if (status != 0) {
                    throw new ImageBuildException(
                            errors.isEmpty()
                                    ? "%s ended with status %d; its log is %s"
                                            .formatted(buildProgram, status, output.resolve("build.log"))
                                    : errors.stream().collect(Collectors.joining("\n")));
                }
            } finally {
                process.destroy();
            }
        } catch (IOException e) {
            throw new ImageBuildException("%s could not be run: %s".formatted(buildProgram, e.getMessage()));
        }
    }

    private static void report(String line, Progress progress, List<String> errors) throws ImageBuildException {
        String[] words = line.split(" ", 3);
        if (words.length == 3 && words[0].equals("progress") && words[1].matches("[0-9]{1,3}")) {
            progress.at(Math.min(97, Integer.parseInt(words[1])), words[2]);
        } else if (line.startsWith("error ")) {
            errors.add(line.substring("error ".length()));
        } else {
            progress.line(line);
        }
    }
}
