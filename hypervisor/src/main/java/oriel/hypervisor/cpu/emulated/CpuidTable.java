package oriel.hypervisor.cpu.emulated;

import static oriel.hypervisor.cpu.CpuState.RAX;
import static oriel.hypervisor.cpu.CpuState.RBX;
import static oriel.hypervisor.cpu.CpuState.RCX;
import static oriel.hypervisor.cpu.CpuState.RDX;

import java.nio.charset.StandardCharsets;
import java.util.function.ToIntFunction;
import oriel.hypervisor.cpu.CpuState;
import oriel.hypervisor.cpu.InterruptSource;

/** CPUID (Intel SDM 2A table 3-8). */
final class CpuidTable {
    private static final int LAST_BASIC = 0x16, LAST_EXTENDED = 0x8000_0008, HYPERVISOR = 0x4000_0000;

    // What every model has.

    private static final int FEATURES_ECX = bits(
            24, // TSC deadline timer
            31); // runs under a hypervisor

    private static final int FEATURES_EDX = bits(
            0, // x87
            1, // VME
            2, // DE
            3, // PSE
            4, // TSC
            5, // MSR
            6, // PAE
            7, // MCE
            8, // CMPXCHG8B
            11, // SEP
            12, // MTRR
            13, // PGE
            14, // MCA
            15, // CMOV
            16, // PAT
            17, // PSE-36
            19, // CLFLUSH
            23, // MMX
            24, // FXSR
            25, // SSE
            26); // SSE2

    private static final int LEAF7_EBX = bits(1); // TSC_ADJUST

    /** IBRS is offered for IA32_ARCH_CAPABILITIES.IBRS_ALL: see {@link ModelSpecificRegisters}. */
    private static final int LEAF7_EDX = bits(
            26, // IBRS, IBPB
            29); // IA32_ARCH_CAPABILITIES

    /** PREFETCHW does nothing, as everywhere. */
    private static final int EXTENDED_ECX = bits(8);

    private static final int EXTENDED_EDX = bits(
            11, // SYSCALL
            20, // NX
            26, // 1 GiB pages
            29); // 64-bit mode

    private final CpuState state;
    private final CpuModel model;
    private final InterruptSource interrupts;
    private final byte[] brand = new byte[48];

    CpuidTable(CpuState state, CpuModel model, InterruptSource interrupts) {
        this.state = state;
        this.model = model;
        this.interrupts = interrupts;
        byte[] text = model.brand().getBytes(StandardCharsets.US_ASCII);
        System.arraycopy(text, 0, brand, 0, text.length);
    }

    private static int bits(int... positions) {
        int value = 0;
        for (int position : positions) {
            value |= 1 << position;
        }
        return value;
    }

    private void set(int eax, int ebx, int ecx, int edx) {
        state.gpr[RAX] = eax & 0xFFFF_FFFFL;
        state.gpr[RBX] = ebx & 0xFFFF_FFFFL;
        state.gpr[RCX] = ecx & 0xFFFF_FFFFL;
        state.gpr[RDX] = edx & 0xFFFF_FFFFL;
    }

    private static int word(String text, int index) {
        int value = 0;
        for (int i = 3; i >= 0; i--) {
            value = value << 8 | text.charAt(index * 4 + i);
        }
        return value;
    }

    void execute() {
        int leaf = (int) state.gpr[RAX];
        int subleaf = (int) state.gpr[RCX];
        if (leaf >>> 28 == 4) {
            hypervisor(leaf);
        } else if (leaf < 0) {
            extended(leaf, subleaf);
        } else {
            basic(leaf, subleaf);
        }
    }

    private void basic(int leaf, int subleaf) {
        switch (leaf) {
            case 0 -> set(LAST_BASIC, word("Genu", 0), word("ntel", 0), word("ineI", 0));
            case 1 -> features();
            case 2 -> set(0x03B2_FF01, 0, 0, 0); // TLBs of 64 entries; caches: see leaf 4
            case 4 -> cache(subleaf);
            case 6 -> set(1 << 2, 0, 0, 0); // ARAT: the APIC timer never stops
            case 7 -> {
                if (subleaf == 0) {
                    set(0, LEAF7_EBX | features(f -> f.ebx(7)), 0, LEAF7_EDX | features(f -> f.edx(7)));
                } else {
                    set(0, 0, 0, 0);
                }
            }
            case 0xB -> topology(subleaf);
            // A crystal of 1 GHz at ratio 1: guests know the rate of TSC and APIC timer without measuring it.
            case 0x15 -> set(1, 1, 1_000_000_000, 0);
            case 3, 5, 8, 9, 0xA, 0xC, 0xD, 0xE, 0xF, 0x10, 0x11, 0x12, 0x13, 0x14 -> set(0, 0, 0, 0);
            default -> set(1000, 1000, 100, 0); // 16H, and what Intel answers above the last leaf
        }
    }

    private int features(ToIntFunction<CpuFeature> bit) {
        int bits = 0;
        for (CpuFeature feature : model.features()) {
            bits |= bit.applyAsInt(feature);
        }
        return bits;
    }

    private void features() {
        int count = model.logicalProcessors();
        int ebx = model.apicId() << 24 | count << 16 | 8 << 8; // CLFLUSH lines of 64 bytes
        int ecx = FEATURES_ECX | features(f -> f.ecx(1));
        int edx = FEATURES_EDX;
        if (count > 1) {
            edx |= 1 << 28;
        }
        if ((interrupts.apicBase() & 1 << 11) != 0) {
            edx |= 1 << 9;
        }
        set(model.signature(), ebx, ecx, edx);
    }

    /** Deterministic cache parameters; sharing and core counts follow the topology. */
    private void cache(int subleaf) {
        int cores = idSpace() - 1 << 26;
        switch (subleaf) {
            case 0 -> cacheLevel(cores | 1 << 8 | 1 << 5 | 1, 8, 64, 0); // 32 KiB data
            case 1 -> cacheLevel(cores | 1 << 8 | 1 << 5 | 2, 8, 64, 0); // 32 KiB code
            case 2 -> cacheLevel(cores | 1 << 8 | 2 << 5 | 3, 8, 512, 0); // 256 KiB
            case 3 -> cacheLevel(cores | idSpace() - 1 << 14 | 1 << 8 | 3 << 5 | 3, 16, 8192, 2); // 8 MiB, inclusive
            default -> set(0, 0, 0, 0);
        }
    }

    private void cacheLevel(int eax, int ways, int sets, int edx) {
        set(eax, ways - 1 << 22 | 63, sets - 1, edx);
    }

    /** APIC ids of a package: the number of processors rounded up to a power of two. */
    private int idSpace() {
        return 1 << idBits();
    }

    private int idBits() {
        return 32 - Integer.numberOfLeadingZeros(model.logicalProcessors() - 1);
    }

    private void topology(int subleaf) {
        switch (subleaf) {
            case 0 -> set(0, 1, 1 << 8, model.apicId()); // one thread a core
            case 1 -> set(idBits(), model.logicalProcessors(), 2 << 8 | 1, model.apicId());
            default -> set(0, 0, subleaf & 0xFF, model.apicId());
        }
    }

    private void hypervisor(int leaf) {
        if (leaf == HYPERVISOR) {
            String vendor = "OrielOrielVM";
            set(HYPERVISOR, word(vendor, 0), word(vendor, 1), word(vendor, 2));
        } else {
            set(0, 0, 0, 0);
        }
    }

    private void extended(int leaf, int subleaf) {
        switch (leaf) {
            case 0x8000_0000 -> set(LAST_EXTENDED, 0, 0, 0);
            case 0x8000_0001 ->
                set(0, 0, EXTENDED_ECX | features(f -> f.ecx(leaf)), EXTENDED_EDX | features(f -> f.edx(leaf)));
            case 0x8000_0002, 0x8000_0003, 0x8000_0004 -> {
                int at = (leaf - 0x8000_0002) * 16;
                set(brandWord(at), brandWord(at + 4), brandWord(at + 8), brandWord(at + 12));
            }
            case 0x8000_0005 -> set(0, 0, 0, 0);
            case 0x8000_0006 -> set(0, 0, 256 << 16 | 6 << 12 | 64, 0);
            case 0x8000_0007 -> set(0, 0, 0, 1 << 8); // invariant TSC
            case 0x8000_0008 -> set(48 << 8 | 40, 0, 0, 0);
            default -> basic(LAST_BASIC, subleaf);
        }
    }

    private int brandWord(int at) {
        return brand[at] | brand[at + 1] << 8 | brand[at + 2] << 16 | brand[at + 3] << 24;
    }
}
