package oriel.broker.file;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
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
        assertThat(FileName.harmless("x".repeat(500) + ".pdf")).hasSize(120).endsWith(".pdf");
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
        assertThat(last.output()).isEqualTo("it's $(a) plan.bin");
        Path documents = home.resolve("Documents");
        assertThat(documents.resolve("it's $(a) plan.bin")).hasBinaryContent(content);

        Files.createSymbolicLink(documents.resolve("empty.txt"), home.resolve("elsewhere"));
        assertThat(write(home, UUID.randomUUID(), 0, new byte[0], "empty.txt").output())
                .as("nothing there is written over or through")
                .isEqualTo("empty (1).txt");
        assertThat(home.resolve("elsewhere")).doesNotExist();
        assertThat(documents.toFile().list()).hasSize(3);
    }
}
