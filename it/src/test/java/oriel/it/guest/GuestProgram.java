package oriel.it.guest;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/** Programs for guests: C from this project's test resources, built by the host's gcc, kept by their content. */
public final class GuestProgram {
    private GuestProgram() {}

    /**
     * Builds a statically linked Linux program.
     *
     * @param source a resource next to {@code owner}
     * @throws IOException if gcc is missing or refuses the source
     */
    public static Path build(Class<?> owner, String source, String... options)
            throws IOException, InterruptedException {
        byte[] text;
        try (InputStream in = owner.getResourceAsStream(source)) {
            if (in == null) {
                throw new IOException("no resource " + source);
            }
            text = in.readAllBytes();
        }
        Path folder = TestCache.folder("guest-programs");
        Path program = folder.resolve(source.replaceAll("\\..*", "") + "-" + digest(text, options));
        if (!Files.exists(program)) {
            Path copy = Files.createTempFile(folder, "source", source);
            Path built = Files.createTempFile(folder, "built", "");
            try {
                Files.write(copy, text);
                List<String> command = new ArrayList<>(List.of("gcc", "-O2", "-static"));
                command.addAll(List.of(options));
                command.addAll(List.of("-o", built.toString(), copy.toString()));
                HostCommand.run(folder, command);
                Files.move(built, program, StandardCopyOption.ATOMIC_MOVE);
            } finally {
                Files.delete(copy);
                Files.deleteIfExists(built);
            }
        }
        return program;
    }

    private static String digest(byte[] text, String... options) {
        try {
            MessageDigest sha = MessageDigest.getInstance("SHA-256");
            sha.update(text);
            sha.update(String.join(" ", options).getBytes(java.nio.charset.StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(sha.digest(), 0, 8);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e); // every JDK has it
        }
    }
}
