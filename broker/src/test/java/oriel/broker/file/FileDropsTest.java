package oriel.broker.file;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import oriel.broker.problem.RefusedException;

/** Files handed over: their names, their parts, and what the guest's shell makes of them. */
class FileDropsTest {
    @ParameterizedTest
    @CsvSource({
        "letter.odt, letter.odt",
        "../../etc/passwd, passwd",
        "C:\\Users\\ann\\plan.pdf, plan.pdf",
        ".bashrc, bashrc",
        "-rf, rf",
        "Übung 1.txt, Übung 1.txt",
        "'', file",
        "..., file",
    })
    void aNameIsMadeHarmless(String given, String expected) {
        assertThat(FileName.harmless(given)).isEqualTo(expected);
    }

    @Test
    void nothingInANameIsInvisibleOrEndless() {
        assertThat(FileName.harmless("in\u202evoice\u0000\n.gpj.exe")).isEqualTo("invoice.gpj.exe");
        assertThat(FileName.harmless("x".repeat(500) + ".pdf")).hasSize(200).endsWith(".pdf");
        // Of a file system's 255 bytes, with room for a number; never half a character.
        String long1 = FileName.harmless("🙂".repeat(120) + ".pdf");
        assertThat(long1.getBytes(StandardCharsets.UTF_8)).hasSizeLessThanOrEqualTo(200);
        assertThat(long1).endsWith("🙂.pdf");
        assertThat(FileName.harmless("文".repeat(120) + "." + "字".repeat(120)))
                .startsWith("文文")
                .endsWith("文");
    }

    @Test
    void aPartLiesWithinItsFile() {
        UUID id = UUID.randomUUID();
        assertThatThrownBy(() -> new FilePart(id, "a", FilePart.MOST + 1, 0, ""))
                .isInstanceOf(RefusedException.class);
        assertThatThrownBy(() -> new FilePart(id, "a", 10, 11, "")).isInstanceOf(RefusedException.class);
        assertThatThrownBy(() -> new FilePart(id, "a", 2, 0, "QUJD").length()).isInstanceOf(RefusedException.class);
        assertThatThrownBy(() -> new FilePart(id, "a", 2, 0, "?").length()).isInstanceOf(RefusedException.class);
        assertThat(new FilePart(id, "a", 3, 0, "QUJD").length()).isEqualTo(3);
    }

    private record Ended(int status, String output) {}

    /** As the guest's agent runs it. */
    private static Ended write(Path home, UUID id, long offset, byte[] bytes, String name) throws Exception {
        ProcessBuilder builder = new ProcessBuilder(List.of(
                "/bin/sh",
                "-c",
                FileDrops.WRITE,
                "sh",
                id.toString(),
                Long.toString(offset),
                Integer.toString(bytes.length),
                name));
        builder.environment().put("HOME", home.toString());
        Process process = builder.start();
        try (OutputStream in = process.getOutputStream()) {
            in.write(Base64.getEncoder().encode(bytes));
        }
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        return new Ended(process.waitFor(), output);
    }

    @Test
    void itLiesOnTheDesktopWhereThereIsOneAndWhatWasCalledOffGoes(@TempDir Path home) throws Exception {
        Path desktop = Files.createDirectory(home.resolve("Desktop"));
        Path abandoned = desktop.resolve("." + UUID.randomUUID() + ".part");
        Path young = desktop.resolve("." + UUID.randomUUID() + ".part");
        Path own = desktop.resolve(".my.part");
        for (Path file : List.of(abandoned, young, own)) {
            Files.writeString(file, "x");
        }
        for (Path old : List.of(abandoned, own)) {
            Files.setLastModifiedTime(old, FileTime.from(Instant.now().minus(Duration.ofHours(1))));
        }
        Ended last = write(home, UUID.randomUUID(), 0, new byte[] {1, 2, 3}, "Übung 🙂.bin");
        assertThat(last).isEqualTo(new Ended(0, "Desktop/Übung 🙂.bin"));
        assertThat(desktop.resolve("Übung 🙂.bin")).hasBinaryContent(new byte[] {1, 2, 3});
        assertThat(abandoned).doesNotExist();
        assertThat(young).exists();
        assertThat(own).as("somebody's own file").exists();
        assertThat(home.resolve("Documents")).doesNotExist();
    }

    @Test
    void partsBecomeTheFileAndARepeatedOneDoesNoHarm(@TempDir Path home) throws Exception {
        byte[] content = new byte[5000];
        new Random(7).nextBytes(content);
        byte[] first = java.util.Arrays.copyOf(content, 3000);
        byte[] rest = java.util.Arrays.copyOfRange(content, 3000, 5000);
        UUID id = UUID.randomUUID();
        assertThat(write(home, id, 0, first, "").status()).isZero();
        assertThat(write(home, id, 0, first, "").status())
                .as("its answer was lost")
                .isZero();
        assertThat(write(home, id, 4000, rest, "").status())
                .as("a part is missing")
                .isEqualTo(3);
        Ended last = write(home, id, 3000, rest, "it's $(a) plan.bin");
        assertThat(last.output()).isEqualTo("Documents/it's $(a) plan.bin");
        Path documents = home.resolve("Documents");
        assertThat(documents.resolve("it's $(a) plan.bin")).hasBinaryContent(content);

        Files.createSymbolicLink(documents.resolve("empty.txt"), home.resolve("elsewhere"));
        assertThat(write(home, UUID.randomUUID(), 0, new byte[0], "empty.txt").output())
                .as("nothing there is written over or through")
                .isEqualTo("Documents/empty (1).txt");
        assertThat(home.resolve("elsewhere")).doesNotExist();
        assertThat(documents.toFile().list()).hasSize(3);
    }
}
