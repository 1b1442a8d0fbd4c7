package oriel.hypervisor.cpu.emulated;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.GZIPInputStream;

/**
 * Vectors of SingleStepTests in the binary format of their 16-bit processors: chunks of a four-letter tag, a length and
 * content, which may be chunks again. Cycles, queues and hashes are left out.
 *
 * @param processor four letters: {@code 8086}, {@code C286}
 */
record MooFile(String processor, List<Vector> vectors) {
    /** Registers in the order of the format. */
    static final int AX = 0, BX = 1, CX = 2, DX = 3, CS = 4, SS = 5, DS = 6, ES = 7;

    static final int SP = 8, BP = 9, SI = 10, DI = 11, IP = 12, FLAGS = 13, REGISTERS = 14;

    /**
     * One instruction and what it does.
     *
     * @param initial all registers
     * @param last the registers behind it
     * @param before memory that matters, by address
     * @param after memory that changed
     * @param exception its vector, or -1
     */
    @SuppressWarnings("ArrayRecordComponent") // of tests only
    record Vector(
            int index,
            String name,
            byte[] bytes,
            int[] initial,
            int[] last,
            Map<Integer, Integer> before,
            Map<Integer, Integer> after,
            int exception) {}

    /** Reads one, packed by gzip if its name says so. */
    static MooFile read(Path file) throws IOException {
        if (!file.toString().endsWith(".gz")) {
            return of(Files.readAllBytes(file));
        }
        try (GZIPInputStream in = new GZIPInputStream(Files.newInputStream(file))) {
            return of(in.readAllBytes());
        }
    }

    static MooFile of(byte[] content) {
        ByteBuffer in = ByteBuffer.wrap(content).order(ByteOrder.LITTLE_ENDIAN);
        if (in.remaining() < 20 || !tag(in).equals("MOO ")) {
            throw new IllegalArgumentException("no MOO file");
        }
        ByteBuffer header = chunk(in);
        header.position(8);
        String processor = tag(header).strip();
        List<Vector> vectors = new ArrayList<>();
        while (in.hasRemaining()) {
            String tag = tag(in);
            ByteBuffer chunk = chunk(in);
            if (tag.equals("TEST")) {
                vectors.add(vector(chunk));
            }
        }
        return new MooFile(processor, vectors);
    }

    private static String tag(ByteBuffer in) {
        byte[] tag = new byte[4];
        in.get(tag);
        return new String(tag, StandardCharsets.US_ASCII);
    }

    private static ByteBuffer chunk(ByteBuffer in) {
        int length = in.getInt();
        ByteBuffer chunk = in.slice(in.position(), length).order(ByteOrder.LITTLE_ENDIAN);
        in.position(in.position() + length);
        return chunk;
    }

    private static Vector vector(ByteBuffer in) {
        int index = in.getInt();
        String name = "";
        byte[] bytes = {};
        int[] initial = new int[REGISTERS];
        int[] last = initial;
        Map<Integer, Integer> before = new LinkedHashMap<>();
        Map<Integer, Integer> after = new LinkedHashMap<>();
        int exception = -1;
        while (in.hasRemaining()) {
            String tag = tag(in);
            ByteBuffer chunk = chunk(in);
            switch (tag) {
                case "NAME" -> name = new String(counted(chunk), StandardCharsets.US_ASCII);
                case "BYTS" -> bytes = counted(chunk);
                case "INIT" -> state(chunk, initial, before);
                case "FINA" -> {
                    last = Arrays.copyOf(initial, REGISTERS);
                    state(chunk, last, after);
                }
                case "EXCP" -> exception = chunk.get() & 0xFF;
                default -> {}
            }
        }
        return new Vector(index, name, bytes, initial, last, before, after, exception);
    }

    private static byte[] counted(ByteBuffer in) {
        byte[] bytes = new byte[in.getInt()];
        in.get(bytes);
        return bytes;
    }

    /** Only what differs from before is there. */
    private static void state(ByteBuffer in, int[] registers, Map<Integer, Integer> memory) {
        while (in.hasRemaining()) {
            String tag = tag(in);
            ByteBuffer chunk = chunk(in);
            if (tag.equals("REGS")) {
                int present = chunk.getShort();
                for (int i = 0; i < REGISTERS; i++) {
                    if ((present >> i & 1) != 0) {
                        registers[i] = chunk.getShort() & 0xFFFF;
                    }
                }
            } else if (tag.equals("RAM ")) {
                for (int i = chunk.getInt(); i > 0; i--) {
                    int address = chunk.getInt();
                    memory.put(address, chunk.get() & 0xFF);
                }
            }
        }
    }
}
