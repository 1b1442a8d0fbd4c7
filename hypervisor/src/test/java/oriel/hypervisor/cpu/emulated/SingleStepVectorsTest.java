package oriel.hypervisor.cpu.emulated;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * SingleStepTests' vectors of the 8086 and the 80286 in real mode. No package registry has them: name a folder of their
 * {@code MOO} files ({@code v1_binary} of the 8086, {@code v1_real_mode} of the 80286) in {@code ORIEL_SINGLE_STEP_TESTS},
 * several of them with a colon between.
 */
class SingleStepVectorsTest {
    private static final int SHOWN = 5;

    @Test
    void doesWhatTheChipsDid() throws IOException {
        String folders = System.getenv("ORIEL_SINGLE_STEP_TESTS");
        assumeTrue(
                folders != null,
                "no SingleStepTests: set ORIEL_SINGLE_STEP_TESTS to a folder of their MOO files for the 8086 or 80286");
        List<String> failures = new ArrayList<>();
        for (String folder : folders.split(":", -1)) {
            List<Path> files;
            try (Stream<Path> list = Files.list(Path.of(folder))) {
                files = list.filter(file -> file.getFileName().toString().contains(".MOO"))
                        .sorted()
                        .toList();
            }
            assertThat(files).as("MOO files in %s", folder).isNotEmpty();
            run(folder, files, failures);
        }
        assertThat(failures).isEmpty();
    }

    // ---- the reader and the rules, by vectors of our own
    // -------------------------------------------------------------

    private static final int[] REGISTERS = {0x1234, 2, 3, 4, 0x1000, 0x2000, 0x3000, 0x4000, 0x100, 6, 7, 8, 0x10, 0x2};

    /** ADD AX, BX: 01 D8. */
    private static byte[] addition(int sum) {
        return vector(
                "add ax, bx",
                new int[] {0x01, 0xD8, 0xF4},
                Map.of(0x10010, 0x01, 0x10011, 0xD8, 0x10012, 0xF4),
                Map.of(MooFile.AX, sum, MooFile.IP, 0x13, MooFile.FLAGS, 6),
                Map.of(),
                -1);
    }

    @Test
    void readsAndRunsVectors() {
        MooFile file = MooFile.of(file("C286", addition(0x1236), addition(0x1237)));
        assertThat(file.processor()).isEqualTo("C286");
        assertThat(file.vectors()).hasSize(2);
        MooFile.Vector right = file.vectors().getFirst();
        assertThat(right.name()).isEqualTo("add ax, bx");
        assertThat(right.initial()).isEqualTo(REGISTERS);
        try (SingleStepVectors vectors = new SingleStepVectors()) {
            assertThat(vectors.run("C286", "01", right)).isEmpty();
            assertThat(vectors.run("C286", "01", file.vectors().getLast())).isEqualTo(" ax 1236, not 1237");
            assertThat(vectors.run("C286", "01", right)).isEmpty();
        }
    }

    /** DIV BL of 1234h by 2 is too large: flags, CS and IP on the stack, and on at the vector of 0. */
    @Test
    void runsExceptionsAndMasksTheFlagsTheyPush() {
        MooFile.Vector vector = MooFile.of(file(
                        "C286",
                        vector(
                                "div bl",
                                new int[] {0xF6, 0xF3, 0xF4},
                                Map.of(0x10010, 0xF6, 0x10011, 0xF3, 0x10012, 0xF4, 0, 0x56, 1, 0, 2, 0, 3, 0x50),
                                Map.of(MooFile.CS, 0x5000, MooFile.IP, 0x57, MooFile.SP, 0xFA, MooFile.FLAGS, 0x8D7),
                                Map.of(0x200FE, 0xD7, 0x200FF, 8, 0x200FC, 0, 0x200FD, 0x10, 0x200FA, 0x10, 0x200FB, 0),
                                0)))
                .vectors()
                .getFirst();
        try (SingleStepVectors vectors = new SingleStepVectors()) {
            assertThat(vectors.run("C286", "F6.6", vector)).isEmpty();
            assertThat(vectors.run("C286", "00", vector))
                    .as("flags that are defined")
                    .contains("flags", "[200fe]");
        }
    }

    /** An 8086 vector has no HLT behind it, but what was prefetched. */
    @Test
    void putsTheStopBehindInstructionsOfAnOlderChip() {
        MooFile.Vector vector = MooFile.of(file(
                        "8086",
                        vector(
                                "inc ax",
                                new int[] {0x40},
                                Map.of(0x10010, 0x40, 0x10011, 0x90, 0x10012, 0x90),
                                Map.of(MooFile.AX, 0x1235, MooFile.IP, 0x11, MooFile.FLAGS, 0xF006),
                                Map.of(0x10010, 0x40, 0x10011, 0x90, 0x10012, 0x90),
                                -1)))
                .vectors()
                .getFirst();
        assertThat(SingleStepVectors.exclusion("8086", "40", vector)).isEmpty();
        assertThat(SingleStepVectors.exclusion("8086", "D8", vector)).contains("another instruction there");
        try (SingleStepVectors vectors = new SingleStepVectors()) {
            assertThat(vectors.run("8086", "40", vector)).isEmpty();
        }
    }

    private static byte[] file(String processor, byte[]... vectors) {
        ByteBuffer out = ByteBuffer.allocate(1 << 16).order(ByteOrder.LITTLE_ENDIAN);
        ByteBuffer header = ByteBuffer.allocate(12).order(ByteOrder.LITTLE_ENDIAN);
        header.putInt(1).putInt(vectors.length).put(processor.getBytes(StandardCharsets.US_ASCII));
        chunk(out, "MOO ", header.array());
        for (byte[] vector : vectors) {
            chunk(out, "TEST", vector);
        }
        return taken(out);
    }

    private static byte[] vector(
            String name,
            int[] bytes,
            Map<Integer, Integer> before,
            Map<Integer, Integer> registers,
            Map<Integer, Integer> after,
            int exception) {
        ByteBuffer out =
                ByteBuffer.allocate(1 << 12).order(ByteOrder.LITTLE_ENDIAN).putInt(0);
        chunk(out, "NAME", counted(name.getBytes(StandardCharsets.US_ASCII)));
        byte[] code = new byte[bytes.length];
        for (int i = 0; i < code.length; i++) {
            code[i] = (byte) bytes[i];
        }
        chunk(out, "BYTS", counted(code));
        Map<Integer, Integer> all = new TreeMap<>();
        for (int i = 0; i < REGISTERS.length; i++) {
            all.put(i, REGISTERS[i]);
        }
        chunk(out, "INIT", state(all, before));
        chunk(out, "FINA", state(registers, after));
        chunk(out, "CYCL", new byte[7]);
        if (exception >= 0) {
            chunk(out, "EXCP", new byte[] {(byte) exception, 0, 0, 0, 0});
        }
        return taken(out);
    }

    private static byte[] state(Map<Integer, Integer> registers, Map<Integer, Integer> memory) {
        ByteBuffer out = ByteBuffer.allocate(1 << 10).order(ByteOrder.LITTLE_ENDIAN);
        ByteBuffer values = ByteBuffer.allocate(2 + 2 * registers.size()).order(ByteOrder.LITTLE_ENDIAN);
        int present = 0;
        for (int register : registers.keySet()) {
            present |= 1 << register;
        }
        values.putShort((short) present);
        new TreeMap<>(registers).values().forEach(value -> values.putShort(value.shortValue()));
        chunk(out, "REGS", values.array());
        ByteBuffer bytes = ByteBuffer.allocate(4 + 5 * memory.size()).order(ByteOrder.LITTLE_ENDIAN);
        bytes.putInt(memory.size());
        memory.forEach((address, value) -> bytes.putInt(address).put(value.byteValue()));
        chunk(out, "RAM ", bytes.array());
        return taken(out);
    }

    private static byte[] counted(byte[] content) {
        return ByteBuffer.allocate(4 + content.length)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(content.length)
                .put(content)
                .array();
    }

    private static void chunk(ByteBuffer out, String tag, byte[] content) {
        out.put(tag.getBytes(StandardCharsets.US_ASCII)).putInt(content.length).put(content);
    }

    private static byte[] taken(ByteBuffer out) {
        byte[] bytes = new byte[out.position()];
        out.flip().get(bytes);
        return bytes;
    }

    // ---- theirs -----------------------------------------------------------------------------------------------------

    private static void run(String folder, List<Path> files, List<String> failures) throws IOException {
        int passed = 0;
        int failed = 0;
        Map<String, Integer> excluded = new TreeMap<>();
        try (SingleStepVectors vectors = new SingleStepVectors()) {
            for (Path path : files) {
                String name = path.getFileName().toString();
                String opcode = name.substring(0, name.indexOf(".MOO"));
                MooFile file = MooFile.read(path);
                int failedHere = 0;
                for (MooFile.Vector vector : file.vectors()) {
                    var exclusion = SingleStepVectors.exclusion(file.processor(), opcode, vector);
                    if (exclusion.isPresent()) {
                        excluded.merge(exclusion.get(), 1, Integer::sum);
                        continue;
                    }
                    String difference = vectors.run(file.processor(), opcode, vector);
                    if (difference.equals(SingleStepVectors.WRAPS)) {
                        excluded.merge(difference, 1, Integer::sum);
                    } else if (difference.isEmpty()) {
                        passed++;
                    } else if (failedHere++ < SHOWN) {
                        failures.add("%s %s.%d %s:%s"
                                .formatted(file.processor(), opcode, vector.index(), vector.name(), difference));
                    }
                }
                failed += failedHere;
                if (failedHere > 0) {
                    System.out.printf("%s: %d fail%n", name, failedHere);
                }
            }
        }
        System.out.printf("%s: %d passed, %d failed, left out %s%n", folder, passed, failed, excluded);
    }
}
