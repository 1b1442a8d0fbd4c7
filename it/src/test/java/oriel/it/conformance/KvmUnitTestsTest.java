package oriel.it.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import oriel.it.guest.HostCommand;

/**
 * kvm-unit-tests on the emulated processor and in QEMU's translator, in the same run. No package registry has them: name
 * the folder of a built tree in the environment variable {@code ORIEL_KVM_UNIT_TESTS}.
 */
@Tag("guest")
class KvmUnitTestsTest {
    private static final Duration LIMIT = Duration.ofSeconds(40);

    /** What must not be lost. Others depend on how fast the host is, or need what no PC of ours has. */
    private static final List<String> REQUIRED = List.of(
            "smptest",
            "smptest3",
            "vmexit_cpuid",
            "vmexit_cr0_wp",
            "vmexit_cr4_pge",
            "smap",
            "emulator",
            "eventinj",
            "idt_test",
            "memory",
            "msr",
            "msr64",
            "setjmp",
            "tsc",
            "tsc_adjust",
            "rmap_chain",
            "debug");

    @Test
    void passesMoreThanQemusTranslator() throws IOException, InterruptedException {
        String tree = System.getenv("ORIEL_KVM_UNIT_TESTS");
        assumeTrue(tree != null, "no kvm-unit-tests: set ORIEL_KVM_UNIT_TESTS to the folder of a built tree");
        boolean qemu = HostCommand.exists("qemu-system-x86_64");
        List<String> ours = new ArrayList<>();
        List<String> theirs = new ArrayList<>();
        for (KvmUnitTests.Run run : KvmUnitTests.list(Path.of(tree))) {
            TestKernelRun here = TestKernelRun.onOriel(run.kernel(), run.arguments(), run.cpus(), LIMIT);
            if (here.passed()) {
                ours.add(run.name());
            }
            String there = "not asked";
            if (qemu) {
                TestKernelRun peer =
                        TestKernelRun.onQemu(run.kernel(), run.arguments(), run.cpus(), LIMIT, run.qemuOptions());
                there = peer.verdict();
                if (peer.passed()) {
                    theirs.add(run.name());
                }
            }
            System.out.printf("%-45s Oriel %-8s QEMU TCG %s%n", run.name(), here.verdict(), there);
        }
        System.out.printf("kvm-unit-tests: Oriel passes %d, QEMU TCG %d%n", ours.size(), theirs.size());
        assertThat(ours).containsAll(REQUIRED);
        assertThat(ours).hasSizeGreaterThanOrEqualTo(theirs.size());
    }
}
