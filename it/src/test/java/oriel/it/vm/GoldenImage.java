package oriel.it.vm;

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
record GoldenImage(Path folder, String commandLine) {
    private static final String NAME = "debian-desktop";

    /** Takes the one that is there, or builds it, as the product does at its first start. */
    static GoldenImage get() throws IOException, InterruptedException {
        String data = System.getProperty("oriel.data");
        Path images = data == null ? Path.of("target", "images") : Path.of(data, "images");
        Path folder = images.resolve(NAME).toAbsolutePath();
        if (!RecipeBuild.isBuilt(folder)) {
            assumeTrue(
                    Files.isExecutable(Path.of("/usr/bin/mmdebstrap")),
                    "no golden image, and no mmdebstrap to build one: install Debian's package mmdebstrap");
            build(folder);
        }
        Properties properties = new Properties();
        try (Reader in = Files.newBufferedReader(folder.resolve("image.properties"))) {
            properties.load(in);
        }
        return new GoldenImage(
                folder,
                properties.getProperty("command_line") + " " + properties.getProperty("command_line.emulated", ""));
    }

    private static void build(Path folder) throws InterruptedException {
        Path recipes = Path.of(System.getProperty("oriel.home", ".."), "config", "golden");
        try {
            new RecipeBuild(recipes.resolve("build"), recipes.resolve(NAME), folder)
                    .run((percent, text) -> System.out.println("[golden image] " + percent + " % " + text));
        } catch (ImageBuildException e) {
            throw new AssertionError("the golden image was not built: " + e.getMessage(), e);
        }
    }

    Path kernel() {
        return folder.resolve("vmlinuz");
    }

    Path initrd() {
        return folder.resolve("initrd.img");
    }

    Path disk() {
        return folder.resolve("disk.qcow2");
    }
}
