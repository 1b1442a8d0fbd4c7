package oriel.hypervisor.cpu.kvm;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The host's KVM: {@code /dev/kvm}. Not thread-safe. */
public final class Kvm implements AutoCloseable {
    static final int CAP_SET_TSS_ADDR = 4, CAP_COALESCED_MMIO = 15, CAP_USER_NMI = 22, CAP_VCPU_EVENTS = 41;
    static final int CAP_DEBUGREGS = 50, CAP_XSAVE = 55, CAP_XCRS = 56, CAP_TSC_CONTROL = 60, CAP_READONLY_MEM = 81;
    static final int CAP_IMMEDIATE_EXIT = 136, CAP_USER_SPACE_MSR = 188, CAP_MSR_FILTER = 189;

    private static final Path DEVICE = Path.of("/dev/kvm");
    private static final int API_VERSION = 12;
    private static final int CPUID_ENTRY = 40, MOST_CPUID_ENTRIES = 256;

    private final KernelFile file;
    final int runPageSize;

    /**
     * Opens it.
     *
     * @throws KvmException if the host has none, it can't be opened, or it lacks what a machine needs
     */
    public Kvm() {
        requirePossible();
        file = KernelFile.open(DEVICE.toString());
        boolean usable = false;
        try {
            int version = file.call(Request.GET_API_VERSION, 0);
            if (version != API_VERSION) {
                throw new KvmException("KVM has API version %d, not %d".formatted(version, API_VERSION));
            }
            require(CAP_SET_TSS_ADDR, "KVM_CAP_SET_TSS_ADDR");
            require(CAP_USER_NMI, "KVM_CAP_USER_NMI");
            require(CAP_VCPU_EVENTS, "KVM_CAP_VCPU_EVENTS");
            require(CAP_DEBUGREGS, "KVM_CAP_DEBUGREGS");
            require(CAP_XSAVE, "KVM_CAP_XSAVE");
            require(CAP_READONLY_MEM, "KVM_CAP_READONLY_MEM (Linux 3.7, and an Intel or AMD host)");
            require(CAP_IMMEDIATE_EXIT, "KVM_CAP_IMMEDIATE_EXIT (Linux 4.13)");
            runPageSize = file.call(Request.GET_VCPU_MMAP_SIZE, 0);
            usable = true;
        } finally {
            if (!usable) {
                file.close();
            }
        }
    }

    private static void requirePossible() {
        if (!"amd64".equals(System.getProperty("os.arch"))) {
            throw new KvmException("KVM runs x86-64 guests on x86-64 hosts only: use --accel emulated");
        }
        if (!Files.exists(DEVICE)) {
            throw new KvmException("this host has no " + DEVICE
                    + ": enable virtualisation in its firmware and load kvm_intel or kvm_amd, or use --accel emulated");
        }
    }

    /** Whether there is a device to ask: cheap. */
    public static boolean present() {
        return "amd64".equals(System.getProperty("os.arch")) && Files.isReadable(DEVICE) && Files.isWritable(DEVICE);
    }

    private void require(int capability, String name) {
        if (extension(capability) == 0) {
            throw new KvmException("this host's KVM lacks " + name + ": use --accel emulated");
        }
    }

    /** What KVM_CHECK_EXTENSION says; 0 if there is nothing. */
    int extension(int capability) {
        return Math.max(0, file.tryCall(Request.CHECK_EXTENSION, capability));
    }

    KernelFile createMachine() {
        return file.create("a KVM machine", Request.CREATE_VM, 0);
    }

    /** One answer of CPUID: which bits guests can have. */
    public record SupportedLeaf(int leaf, int subleaf, int eax, int ebx, int ecx, int edx) {}

    /** What CPUID may say to guests. */
    List<SupportedLeaf> supportedCpuid() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment table = arena.allocate(8 + (long) MOST_CPUID_ENTRIES * CPUID_ENTRY, 8);
            table.set(JAVA_INT, 0, MOST_CPUID_ENTRIES);
            file.call(Request.GET_SUPPORTED_CPUID, table);
            List<SupportedLeaf> leaves = new ArrayList<>();
            for (int i = 0; i < table.get(JAVA_INT, 0); i++) {
                MemorySegment entry = table.asSlice(8 + (long) i * CPUID_ENTRY, CPUID_ENTRY);
                leaves.add(new SupportedLeaf(
                        entry.get(JAVA_INT, 0),
                        entry.get(JAVA_INT, 4),
                        entry.get(JAVA_INT, 12),
                        entry.get(JAVA_INT, 16),
                        entry.get(JAVA_INT, 20),
                        entry.get(JAVA_INT, 24)));
            }
            return leaves;
        }
    }

    @Override
    public void close() {
        file.close();
    }
}
