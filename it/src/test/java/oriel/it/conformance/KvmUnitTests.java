package oriel.it.conformance;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * The x86 runs of a built kvm-unit-tests tree, as its {@code x86/unittests.cfg} lists them, without those that need
 * nested virtualisation, Hyper-V, a real performance unit or the host's own processor model: neither a translator nor
 * this processor claims these.
 */
final class KvmUnitTests {
    private static final Set<String> OTHER_GROUPS = Set.of("vmx", "svm", "hyperv", "pmu", "nodefault", "tdx", "sev");

    private KvmUnitTests() {}

    /**
     * One run.
     *
     * @param kernel the ELF file that is booted
     * @param cpus processors it wants
     * @param qemuOptions for a run in QEMU
     */
    record Run(String name, Path kernel, String arguments, int cpus, List<String> qemuOptions) {}

    /** Reads the list. */
    static List<Run> list(Path tree) throws IOException {
        List<Run> runs = new ArrayList<>();
        Map<String, String> section = new LinkedHashMap<>();
        String name = "";
        for (String line : Files.readAllLines(tree.resolve("x86/unittests.cfg"))) {
            if (line.startsWith("[")) {
                add(runs, tree, name, section);
                name = line.substring(1, line.indexOf(']'));
                section.clear();
            } else if (line.matches("[a-z_]+ *=.*")) {
                int equals = line.indexOf('=');
                section.put(
                        line.substring(0, equals).strip(),
                        line.substring(equals + 1).strip());
            }
        }
        add(runs, tree, name, section);
        return runs;
    }

    private static void add(List<Run> runs, Path tree, String name, Map<String, String> section) {
        String file = section.getOrDefault("file", "");
        Path kernel = tree.resolve("x86").resolve(file);
        String options = section.getOrDefault("qemu_params", section.getOrDefault("extra_params", ""));
        boolean foreign =
                List.of(section.getOrDefault("groups", "").split(" ")).stream().anyMatch(OTHER_GROUPS::contains);
        boolean host = options.contains("-cpu host") || options.contains("-enable-kvm");
        if (file.isEmpty()
                || foreign
                || host
                || section.containsKey("check")
                || section.getOrDefault("accel", "").equals("kvm")
                || section.getOrDefault("arch", "x86_64").equals("i386")
                || !Files.exists(kernel)) {
            return;
        }
        runs.add(new Run(
                name,
                kernel,
                unquote(section.getOrDefault("test_args", section.getOrDefault("extra_args", ""))),
                Integer.parseInt(section.getOrDefault("smp", "1")),
                options.isEmpty()
                        ? List.of("-cpu", "qemu64")
                        : List.of(options.split(" +")).stream().collect(Collectors.toList())));
    }

    private static String unquote(String text) {
        return text.replaceAll("^['\"]|['\"]$", "");
    }
}
