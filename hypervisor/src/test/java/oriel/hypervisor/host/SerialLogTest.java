package oriel.hypervisor.host;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SerialLogTest {
    @TempDir
    private Path folder;

    private final List<String> lines = new ArrayList<>();

    private static void write(SerialLog log, String text) {
        for (byte value : text.getBytes(StandardCharsets.UTF_8)) {
            log.accept(value);
        }
    }

    @Test
    void handsOnWholeLinesAndKeepsThemAll() throws IOException {
        Path file = folder.resolve("serial.log");
        try (SerialLog log = new SerialLog(file, lines::add)) {
            write(log, "one\r\nt");
            assertThat(lines).containsExactly("one");
            write(log, "wo\nwithout an end");
        }
        assertThat(lines).containsExactly("one", "two", "without an end");
        assertThat(file).hasContent("one\r\ntwo\nwithout an end");
    }

    @Test
    void keepsTheLogOfTheRunBefore() throws IOException {
        Path file = folder.resolve("serial.log");
        for (String run : List.of("first", "second", "third")) {
            try (SerialLog log = new SerialLog(file, lines::add)) {
                write(log, run);
            }
        }
        assertThat(file).hasContent("third");
        assertThat(folder.resolve("serial.log.1")).hasContent("second");
    }

    @Test
    void isBoundedWhateverTheGuestWrites() throws IOException {
        Path file = folder.resolve("serial.log");
        try (SerialLog log = new SerialLog(file, lines::add)) {
            for (int i = 0; i < 10 << 20; i++) {
                log.accept('x');
            }
        }
        assertThat(lines).allMatch(line -> line.length() <= 1024);
        assertThat(Files.size(file) + Files.size(folder.resolve("serial.log.1")))
                .isLessThanOrEqualTo(8 << 20);
    }

    @Test
    void logThatCannotBeWrittenLosesNoLineAndNoMachine() throws IOException {
        Path inside = Files.createDirectory(folder.resolve("machine"));
        try (SerialLog log = new SerialLog(inside.resolve("serial.log"), lines::add)) {
            write(log, "one\n");
            Files.delete(inside.resolve("serial.log"));
            Files.delete(inside);
            write(log, "x".repeat(1023).concat("\n").repeat(4100));
            write(log, "last\n");
        }
        assertThat(lines).startsWith("one").endsWith("last");
    }
}
