package oriel.it.guest;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Properties;
import oriel.broker.image.ImageBuildException;
import oriel.broker.image.RecipeBuild;

/**
 * The golden desktop image with its stock Debian kernel.
 *
 * @param folder the built image
 * @param commandLine of the kernel, under emulation
 */
public record GoldenImage(Path folder, String commandLine) {
    private static final String NAME = "debian-desktop";

    /** Takes one of today's recipe if there is one, or builds it, as the product does at its first start. */
    public static GoldenImage get() throws IOException, InterruptedException {
        Path recipes = Path.of(System.getProperty("oriel.home", ".."), "config", "golden");
        String data = System.getProperty("oriel.data");
        Path product = Path.of(data == null ? "target" : data, "images", NAME).toAbsolutePath();
        RecipeBuild build = new RecipeBuild(recipes.resolve("build"), recipes.resolve(NAME), product);
        if (!build.isCurrent()) {
            // Not over the product's own: its machines may stand on it.
            Path own = TestCache.folder("golden-" + build.recipeDigest().substring(0, 12))
                    .resolve(NAME);
            build = new RecipeBuild(recipes.resolve("build"), recipes.resolve(NAME), own.toAbsolutePath());
            if (!build.isCurrent()) {
                assumeTrue(
                        Files.isExecutable(Path.of("/usr/bin/mmdebstrap")),
                        "no golden image, and no mmdebstrap to build one: install Debian's package mmdebstrap");
                build(build);
            }
            return read(own.toAbsolutePath());
        }
        return read(product);
    }

    private static GoldenImage read(Path folder) throws IOException {
        Properties properties = new Properties();
        try (Reader in = Files.newBufferedReader(folder.resolve("image.properties"))) {
            properties.load(in);
        }
        return new GoldenImage(
                folder,
                properties.getProperty("command_line") + " " + properties.getProperty("command_line.emulated", ""));
    }

    private static void build(RecipeBuild build) throws InterruptedException {
        try {
            build.run((percent, text) -> System.out.println("[golden image] " + percent + " % " + text));
        } catch (ImageBuildException e) {
            throw new AssertionError("the golden image was not built: " + e.getMessage(), e);
        }
    }

    /** The folder of images that this one is in, as {@code oriel up --images} takes it. */
    public Path images() {
        return folder.resolveSibling(".").normalize();
    }

    public Path kernel() {
        return folder.resolve("vmlinuz");
    }

    public Path initrd() {
        return folder.resolve("initrd.img");
    }

    public Path disk() {
        return folder.resolve("disk.qcow2");
    }
}
