package oriel.hypervisor.disk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** QEMU's own tool as the judge of what we write. Tests that need it are skipped where it isn't installed. */
final class QemuImg {
    private QemuImg() {}

    record Result(int status, String output) {}

    static boolean installed() {
        return Files.isExecutable(Path.of("/usr/bin/qemu-img"));
    }

    static void assumeInstalled() {
        assumeTrue(installed(), "qemu-img (Debian package qemu-utils) is not installed");
    }

    static Result run(String... arguments) {
        List<String> command = new ArrayList<>(List.of("/usr/bin/qemu-img"));
        command.addAll(List.of(arguments));
        try {
            Process process =
                    new ProcessBuilder(command).redirectErrorStream(true).start();
            String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            return new Result(process.waitFor(), output);
        } catch (IOException | InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    static void succeed(String... arguments) {
        Result result = run(arguments);
        assertThat(result.status()).as(result.output()).isZero();
    }

    /** No errors and no leaks. */
    static void check(Path image, DiskFormat format) {
        assumeInstalled();
        if (format == DiskFormat.QCOW2) {
            succeed("check", "-f", "qcow2", image.toString());
        }
    }

    static void compare(Path image, DiskFormat format, byte[] content, Path directory) {
        assumeInstalled();
        try {
            Path raw = Files.write(directory.resolve("expected.raw"), content);
            succeed("compare", "-f", format.label(), "-F", "raw", image.toString(), raw.toString());
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }
}
