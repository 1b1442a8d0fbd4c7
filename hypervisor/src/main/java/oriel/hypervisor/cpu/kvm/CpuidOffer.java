package oriel.hypervisor.cpu.kvm;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import oriel.hypervisor.cpu.emulated.CpuFeature;
import oriel.hypervisor.cpu.emulated.CpuModel;
import oriel.hypervisor.cpu.emulated.CpuidLeaves;
import oriel.hypervisor.cpu.emulated.CpuidLeaves.Leaf;
import oriel.hypervisor.cpu.kvm.Kvm.SupportedLeaf;

/**
 * What CPUID says to a guest: the model's table, without what the host can't do. What says how the processor speculates
 * is the host's: a guest must know what to protect itself from.
 */
final class CpuidOffer {
    private static final int ENTRY = 40, SIGNIFICANT_INDEX = 1;

    /** In leaf 1 ECX: the APIC's timer is ours, whatever the kernel's could do, and there is a hypervisor. */
    private static final int DEADLINE = 1 << 24, HYPERVISOR = 1 << 31;

    /** In leaf 1 EDX: the APIC is ours, threads are topology. */
    private static final int OURS_1_EDX = 1 << 9 | 1 << 28;

    /** In leaf 7: ERMS and FSRM, which only say what is fast. */
    private static final int HINTS_7_EBX = 1 << 9, HINTS_7_EDX = 1 << 4;

    /** In leaf 7 EDX: MD_CLEAR, IBRS, STIBP, IA32_ARCH_CAPABILITIES, SSBD. */
    private static final int SPECULATION_7_EDX = 1 << 10 | 1 << 26 | 1 << 27 | 1 << 29 | 1 << 31;

    /** In leaf 80000008H EBX: AMD's IBPB, IBRS, STIBP, SSBD. */
    private static final int SPECULATION_AMD = 1 << 12 | 1 << 14 | 1 << 15 | 1 << 24;

    private static final int INVARIANT_TSC = 1 << 8;

    private final List<Leaf> leaves = new ArrayList<>();
    private final Set<String> missing = new TreeSet<>();

    /** Of a host that can make the APIC's timer wait for a time stamp, or can't. */
    CpuidOffer(CpuModel model, List<SupportedLeaf> supported, boolean deadline, int tscKhz) {
        for (Leaf leaf : CpuidLeaves.of(model)) {
            leaves.add(offer(model, leaf, host(supported, leaf), deadline, tscKhz));
        }
    }

    private static SupportedLeaf host(List<SupportedLeaf> supported, Leaf leaf) {
        return supported.stream()
                .filter(host -> host.leaf() == leaf.leaf() && (!leaf.bySubleaf() || host.subleaf() == leaf.subleaf()))
                .findFirst()
                .orElse(new SupportedLeaf(leaf.leaf(), leaf.subleaf(), 0, 0, 0, 0));
    }

    private Leaf offer(CpuModel model, Leaf leaf, SupportedLeaf host, boolean deadline, int tscKhz) {
        if (leaf.subleaf() != 0) {
            return leaf;
        }
        return switch (leaf.leaf()) {
            case 1 ->
                with(
                        leaf,
                        leaf.ebx(),
                        possible(
                                model,
                                leaf,
                                "ECX",
                                leaf.ecx(),
                                host.ecx() & ~DEADLINE | HYPERVISOR | (deadline ? DEADLINE : 0)),
                        possible(model, leaf, "EDX", leaf.edx(), host.edx() | OURS_1_EDX));
            case 7 -> {
                int edx = leaf.edx() & ~SPECULATION_7_EDX;
                yield with(
                        leaf,
                        possible(model, leaf, "EBX", leaf.ebx(), host.ebx() | HINTS_7_EBX),
                        possible(model, leaf, "ECX", leaf.ecx(), host.ecx()),
                        possible(model, leaf, "EDX", edx, host.edx() | HINTS_7_EDX) | host.edx() & SPECULATION_7_EDX);
            }
            case 0x15 -> {
                TscRatio ratio = TscRatio.of(tscKhz);
                yield new Leaf(leaf.leaf(), 0, false, ratio.denominator(), ratio.numerator(), leaf.ecx(), leaf.edx());
            }
            case 0x8000_0001 ->
                with(
                        leaf,
                        leaf.ebx(),
                        possible(model, leaf, "ECX", leaf.ecx(), host.ecx()),
                        possible(model, leaf, "EDX", leaf.edx(), host.edx()));
            case 0x8000_0007 ->
                with(
                        leaf,
                        leaf.ebx(),
                        leaf.ecx(),
                        possible(model, leaf, "EDX", leaf.edx(), host.edx() | ~INVARIANT_TSC));
            case 0x8000_0008 -> with(leaf, leaf.ebx() | host.ebx() & SPECULATION_AMD, leaf.ecx(), leaf.edx());
            default -> leaf;
        };
    }

    private static Leaf with(Leaf leaf, int ebx, int ecx, int edx) {
        return new Leaf(leaf.leaf(), leaf.subleaf(), leaf.bySubleaf(), leaf.eax(), ebx, ecx, edx);
    }

    private int possible(CpuModel model, Leaf leaf, String register, int wanted, int host) {
        for (int bits = wanted & ~host; bits != 0; bits &= bits - 1) {
            missing.add(name(model, leaf.leaf(), register, Integer.numberOfTrailingZeros(bits)));
        }
        return wanted & host;
    }

    private static String name(CpuModel model, int leaf, String register, int bit) {
        for (CpuFeature feature : model.features()) {
            if (feature.isAt(leaf, register, bit)) {
                return feature.name();
            }
        }
        return "CPUID.%X.%s.%d".formatted(leaf, register, bit);
    }

    /** What the model has and the guest won't see. */
    Set<String> missing() {
        return missing;
    }

    /** Tells a processor. */
    void install(KernelFile processor) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment table = arena.allocate(8 + (long) leaves.size() * ENTRY, 8);
            table.set(JAVA_INT, 0, leaves.size());
            for (int i = 0; i < leaves.size(); i++) {
                Leaf leaf = leaves.get(i);
                MemorySegment entry = table.asSlice(8 + (long) i * ENTRY, ENTRY);
                entry.set(JAVA_INT, 0, leaf.leaf());
                entry.set(JAVA_INT, 4, leaf.subleaf());
                entry.set(JAVA_INT, 8, leaf.bySubleaf() ? SIGNIFICANT_INDEX : 0);
                entry.set(JAVA_INT, 12, leaf.eax());
                entry.set(JAVA_INT, 16, leaf.ebx());
                entry.set(JAVA_INT, 20, leaf.ecx());
                entry.set(JAVA_INT, 24, leaf.edx());
            }
            processor.call(Request.SET_CPUID2, table);
        }
    }
}
