package oriel.it.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import oriel.it.guest.HostCommand;
import oriel.it.guest.ScriptGuest;
import oriel.it.guest.TestCache;

/**
 * QEMU's own programs for x86-64 (tests/tcg) in a guest. Some check themselves; what the others write must be what they
 * write on the host's processor.
 */
@Tag("slow")
class QemuProgramsTest {
    /** SHLD and SHRD of 16 bits by more than 16 (modulo 32): processors differ. */
    private static final String UNDEFINED = "^sh[lr]dw .* C=0*[135][1-9a-f] ";

    /** Programs, what gcc wants beside their source, and their folder. */
    private static final Map<String, List<String>> PROGRAMS = new TreeMap<>(Map.ofEntries(
            Map.entry("i386/test-i386", List.of("-fno-pie", "-no-pie", "-Ii386")),
            Map.entry("i386/test-i386-f2xm1", List.of()),
            Map.entry("i386/test-i386-fbstp", List.of()),
            Map.entry("i386/test-i386-fisttp", List.of()),
            Map.entry("i386/test-i386-fldcst", List.of()),
            Map.entry("i386/test-i386-fp-exceptions", List.of()),
            Map.entry("i386/test-i386-fpatan", List.of()),
            Map.entry("i386/test-i386-fscale", List.of()),
            Map.entry("i386/test-i386-fxam", List.of()),
            Map.entry("i386/test-i386-fxtract", List.of()),
            Map.entry("i386/test-i386-fyl2x", List.of()),
            Map.entry("i386/test-i386-fyl2xp1", List.of()),
            Map.entry("i386/test-i386-pcmpistri", List.of("-msse4.2")),
            Map.entry("i386/test-i386-pseudo-denormal", List.of()),
            Map.entry("i386/test-i386-snan-convert", List.of()),
            Map.entry("i386/test-i386-sse-exceptions", List.of("-msse4.1", "-mfpmath=sse")),
            Map.entry("i386/test-i386-ssse3", List.of("-mssse3")),
            Map.entry("x86_64/cmpxchg", List.of()),
            Map.entry("x86_64/noexec", List.of()),
            Map.entry("multiarch/float_convd", List.of("-Imultiarch", "multiarch/libs/float_helpers.c")),
            Map.entry("multiarch/float_convs", List.of("-Imultiarch", "multiarch/libs/float_helpers.c")),
            Map.entry("multiarch/sha1", List.of()),
            Map.entry("multiarch/sha512", List.of()),
            Map.entry("multiarch/linux/linux-test", List.of("-pthread"))));

    @Test
    void programsDoWhatTheyDoOnTheHost() throws Exception {
        assumeTrue(System.getProperty("os.arch").equals("amd64"), "the host is no x86-64 processor");
        assumeTrue(HostCommand.exists("gcc"), "no gcc: install Debian's packages gcc and libc6-dev");
        Path source = QemuSource.testsTcg();
        Path built = TestCache.folder("qemu-programs");
        Map<String, Path> files = new LinkedHashMap<>();
        StringBuilder script = new StringBuilder("busybox ifconfig lo 127.0.0.1 up\n"); // linux-test talks to itself
        List<String> names = new ArrayList<>();
        for (Map.Entry<String, List<String>> entry : PROGRAMS.entrySet()) {
            String name = entry.getKey().substring(entry.getKey().lastIndexOf('/') + 1);
            Path program = build(source, entry.getKey(), entry.getValue(), built.resolve(name));
            Path expected = built.resolve(name + ".expected");
            int status = runHere(program, expected);
            files.put(name, program);
            files.put(name + ".expected", expected);
            names.add(name);
            script.append("""
                    cd /tmp; %1$s >/tmp/said 2>&1; status=$?
                    busybox grep -vE '%3$s' /tmp/said >/tmp/out
                    busybox grep -vE '%3$s' /bin/%1$s.expected >/tmp/expected
                    if [ $status = %2$d ] && busybox cmp -s /tmp/out /tmp/expected; then echo '@@ same %1$s'
                    else echo "@@ other %1$s status $status"; busybox diff /tmp/expected /tmp/out | busybox head -n 12
                    fi
                    """.formatted(name, status, UNDEFINED));
        }
        String said = ScriptGuest.run(ScriptGuest.initrd(script.toString(), files), 1, Duration.ofMinutes(6));
        String report = said.substring(said.indexOf("@@ "));
        assertThat(report.lines().filter(line -> line.startsWith("@@ same ")).map(line -> line.substring(8)))
                .as(report)
                .containsExactlyInAnyOrderElementsOf(names);
    }

    private static Path build(Path source, String name, List<String> options, Path program)
            throws IOException, InterruptedException {
        if (!Files.exists(program)) {
            List<String> command = new ArrayList<>(List.of("gcc", "-w", "-O2", "-static"));
            command.addAll(List.of("-o", program + ".new", name + ".c"));
            command.addAll(options);
            command.add("-lm");
            HostCommand.run(source, command);
            Files.move(Path.of(program + ".new"), program);
        }
        return program;
    }

    private static int runHere(Path program, Path output) throws IOException, InterruptedException {
        Path folder = Files.createTempDirectory("oriel-qemu-programs");
        Process process = new ProcessBuilder(program.toString())
                .directory(folder.toFile())
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        process.getOutputStream().close();
        boolean ended = process.waitFor(1, TimeUnit.MINUTES);
        process.destroyForcibly();
        Files.deleteIfExists(folder);
        assumeTrue(ended, program + " doesn't end on this host");
        return process.exitValue();
    }
}
