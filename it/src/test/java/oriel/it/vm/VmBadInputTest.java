package oriel.it.vm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import oriel.hypervisor.disk.DiskImages;
import oriel.it.guest.GoldenImage;
import oriel.it.process.OrielProcess;

/**
 * {@code oriel vm} given what it can't use says so in one line, ends with status 1 (or 2 for wrong usage), and leaves
 * every file as it was.
 */
@Tag("guest")
class VmBadInputTest {
    /** In the header, the offset of the L1 table (qcow2 specification, "Header"). */
    private static final int L1_TABLE_OFFSET = 40;

    @TempDir
    private Path folder;

    @TempDir
    private Path elsewhere;

    /** Anything that can be used as a kernel: what a kernel is doesn't matter where it is not reached. */
    private Path kernel;

    @BeforeEach
    void files() throws IOException, InterruptedException {
        kernel = GoldenImage.get().kernel();
        Files.writeString(folder.resolve("text"), "no kernel at all\n".repeat(5000));
        Files.createFile(folder.resolve("empty"));
        DiskImages.createQcow2(folder.resolve("good.qcow2"), 64 << 20);
    }

    private record Outcome(int status, List<String> lines) {}

    private Outcome run(String... options) throws IOException, InterruptedException {
        List<String> arguments = new ArrayList<>(List.of("vm"));
        arguments.addAll(Arrays.asList(options));
        Map<Path, Integer> before = contents();
        Path messages = elsewhere.resolve("messages");
        Process process = OrielProcess.of(arguments)
                .directory(folder.toFile())
                .redirectErrorStream(true)
                .redirectOutput(messages.toFile())
                .start();
        try {
            assertThat(process.waitFor(60, TimeUnit.SECONDS))
                    .as("ends: " + arguments)
                    .isTrue();
        } finally {
            process.destroyForcibly().waitFor();
        }
        String says = Files.readString(messages);
        assertThat(contents()).as("files, after: %s", says).isEqualTo(before);
        return new Outcome(process.exitValue(), says.lines().toList());
    }

    private Map<Path, Integer> contents() throws IOException {
        Map<Path, Integer> found = new TreeMap<>();
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file : files.toList()) {
                found.put(file, Arrays.hashCode(Files.readAllBytes(file)));
            }
        }
        return found;
    }

    private void assertRefused(int status, String because, String... options) throws IOException, InterruptedException {
        Outcome outcome = run(options);
        assertThat(outcome.lines())
                .hasSize(1)
                .first()
                .asString()
                .startsWith("oriel vm: ")
                .contains(because);
        assertThat(outcome.status()).isEqualTo(status);
    }

    @ParameterizedTest
    @CsvSource({
        "nosuch, there is no kernel nosuch",
        "text, text is not a Linux kernel",
        "empty, empty is not a Linux kernel",
        "good.qcow2, good.qcow2 is not a Linux kernel",
        "., can't read kernel ."
    })
    void kernelThatIsNone(String name, String because) throws Exception {
        assertRefused(1, because, "--kernel", name, "--serial", "file:serial.log");
    }

    @Test
    void initrdThatIsNotThere() throws Exception {
        assertRefused(1, "there is no initrd nosuch", "--kernel", kernel.toString(), "--initrd", "nosuch");
    }

    private void assertDiskRefused(String disk, String because) throws IOException, InterruptedException {
        assertRefused(
                1,
                because,
                "--kernel",
                kernel.toString(),
                "--disk",
                "good.qcow2,format=qcow2",
                "--disk",
                disk,
                "--serial",
                "file:serial.log",
                "--screenshot",
                "screen.png");
    }

    @Test
    void diskThatIsNotThere() throws Exception {
        assertDiskRefused("missing.qcow2", "missing.qcow2 does not exist");
        assertDiskRefused(".", "can't open .");
    }

    @Test
    void diskWithoutQcow2Signature() throws Exception {
        assertDiskRefused("text,format=qcow2", "text is corrupt: it does not begin with the qcow2 signature");
        assertDiskRefused("empty,format=qcow2", "empty is corrupt");
    }

    @ParameterizedTest
    @CsvSource({"7", "40", "72", "100", "65536", "131072", "196608"})
    void truncatedDisk(int length) throws Exception {
        try (RandomAccessFile file = new RandomAccessFile(copy("cut.qcow2").toFile(), "rw")) {
            file.setLength(length);
        }
        assertDiskRefused("cut.qcow2,format=qcow2", "cut.qcow2 is corrupt");
    }

    @ParameterizedTest
    @CsvSource({"4503599627370496", "-65536", "1048576", "12345"})
    void diskWhoseL1TableIsNotInTheFile(long offset) throws Exception {
        try (RandomAccessFile file = new RandomAccessFile(copy("l1.qcow2").toFile(), "rw")) {
            file.seek(L1_TABLE_OFFSET);
            file.writeLong(offset);
        }
        assertDiskRefused("l1.qcow2,format=qcow2", "l1.qcow2 is corrupt");
    }

    /** A damaged header never is anything but a refusal or a usable disk: no stack trace, no hang. */
    @Test
    void headersWithRandomDamage() throws Exception {
        Random random = new Random(4711);
        for (int round = 0; round < 6; round++) {
            Path disk = copy("damaged.qcow2");
            try (RandomAccessFile file = new RandomAccessFile(disk.toFile(), "rw")) {
                for (int i = 0; i < 3; i++) {
                    file.seek(4 + random.nextInt(100));
                    file.write(random.nextInt(1, 256));
                }
            }
            // The kernel is refused after the disk was opened.
            Outcome outcome = run("--kernel", "text", "--disk", "damaged.qcow2,format=qcow2");
            assertThat(outcome.status()).isEqualTo(1);
            assertThat(outcome.lines()).hasSize(1).first().asString().startsWith("oriel vm: ");
        }
    }

    private Path copy(String name) throws IOException {
        Path copy = folder.resolve(name);
        Files.deleteIfExists(copy);
        return Files.copy(folder.resolve("good.qcow2"), copy);
    }

    @Test
    void diskThatAnotherProcessHas() throws Exception {
        Path mine = copy("mine.qcow2");
        try (VmProcess other = VmProcess.start(
                elsewhere,
                List.of(
                        "--kernel",
                        kernel.toString(),
                        "--append",
                        "console=ttyS0",
                        "--disk",
                        mine + ",format=qcow2",
                        "--display",
                        "rfb:0"))) {
            other.awaitMessage("VNC viewers connect", Duration.ofMinutes(1));
            assertDiskRefused("mine.qcow2,format=qcow2", "in use");
        }
    }

    @Test
    void portThatAnotherProcessHas() throws Exception {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            assertRefused(
                    1,
                    "port " + taken.getLocalPort() + " is in use",
                    "--kernel",
                    kernel.toString(),
                    "--disk",
                    "good.qcow2",
                    "--serial",
                    "file:serial.log",
                    "--display",
                    "rfb:" + taken.getLocalPort());
        }
    }

    @ParameterizedTest
    @CsvSource({
        "--bogus, 1, Unknown option",
        "--memory, 0, memory must be 16 to 65536 MiB",
        "--memory, 15, memory must be 16 to 65536 MiB",
        "--memory, 65537, memory must be 16 to 65536 MiB",
        "--memory, lots, 'lots' is not an int",
        "--cpus, 0, a machine has 1 to 64 processors",
        "--cpus, 65, a machine has 1 to 64 processors",
        "--size, 1280, --size is WIDTHxHEIGHT",
        "--size, 12x, --size is WIDTHxHEIGHT",
        "--size, 1x2x3, --size is WIDTHxHEIGHT",
        "--size, -1x200, --size is WIDTHxHEIGHT",
        "--size, 0x0, out of range",
        "--size, 99999x1, out of range",
        "--size, 10000x10000, video memory",
        "--accel, warp, '--accel is auto, emulated or kvm'",
        "--display, rfb:99999, --display is none or rfb:PORT",
        "--display, window, --display is none or rfb:PORT",
        "--serial, com1, '--serial is stdio, file:PATH or none'",
        "--timeout, -3, --timeout is a number of seconds",
        "--disk, 'good.qcow2,format=vmdk', format is raw or qcow2"
    })
    void wrongUsage(String option, String value, String because) throws Exception {
        assertRefused(2, because, "--kernel", kernel.toString(), option, value);
    }

    @Test
    void noKernelNamed() throws Exception {
        assertRefused(2, "--kernel", "--append", "quiet");
    }

    @Test
    void folderThatIsNotThere() throws Exception {
        assertRefused(1, "there is no folder", "--kernel", kernel.toString(), "--screenshot", "nosuch/screen.png");
        assertRefused(1, "there is no folder", "--kernel", kernel.toString(), "--serial", "file:nosuch/serial.log");
    }

    @Test
    void accelerationThatThisHostHasNot() throws Exception {
        assumeFalse(Files.exists(Path.of("/dev/kvm")), "this host has KVM");
        assertRefused(1, "use --accel emulated", "--kernel", kernel.toString(), "--accel", "kvm");
    }
}
