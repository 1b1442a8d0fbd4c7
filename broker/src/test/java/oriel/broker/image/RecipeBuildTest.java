package oriel.broker.image;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A build whose program makes an empty disk: what is noted of the recipe, and when an image is out of date. */
class RecipeBuildTest {
    @TempDir
    private Path folder;

    private Path recipe;
    private RecipeBuild build;

    @BeforeEach
    void prepare() throws Exception {
        recipe = Files.createDirectories(folder.resolve("golden/desktop"));
        Files.writeString(recipe.resolve("recipe.conf"), "packages=dash\n");
        Path program = Files.writeString(folder.resolve("golden/build"), """
                #!/bin/sh
                set -e
                truncate -s 1M "$2/disk.raw"
                echo title=Desktop >"$2/image.properties"
                echo "progress 97 built"
                """);
        assertThat(program.toFile().setExecutable(true)).isTrue();
        build = new RecipeBuild(program, recipe, folder.resolve("image"));
    }

    @Test
    void anImageIsCurrentUntilItsRecipeChanges() throws Exception {
        assertThat(build.isCurrent()).as("not built").isFalse();
        build.run((percent, text) -> {});
        assertThat(build.isCurrent()).isTrue();
        Files.writeString(recipe.resolve("recipe.conf"), "packages=bash\n");
        assertThat(build.isCurrent()).as("another package").isFalse();
        build.run((percent, text) -> {});
        assertThat(build.isCurrent()).isTrue();
    }

    @Test
    void filesProgramsAndWhatIsExecutableCount() throws Exception {
        build.run((percent, text) -> {});
        Path file =
                Files.writeString(Files.createDirectory(recipe.resolve("files")).resolve("hook"), "#!/bin/sh\n");
        assertThat(build.isCurrent()).as("another file").isFalse();
        build.run((percent, text) -> {});
        assertThat(file.toFile().setExecutable(true)).isTrue();
        assertThat(build.isCurrent()).as("executable now").isFalse();
        build.run((percent, text) -> {});
        Files.writeString(folder.resolve("golden/assemble"), "#!/bin/sh\n");
        assertThat(build.isCurrent()).as("another program").isFalse();
    }

    @Test
    void anImageOfUnknownOriginIsNotCurrent() throws Exception {
        build.run((percent, text) -> {});
        Files.writeString(folder.resolve("image/image.properties"), "title=Desktop\n");
        assertThat(build.isCurrent()).isFalse();
    }
}
