package oriel.hypervisor.cpu.emulated;

/**
 * Which processor the guest sees. Immutable. A guest that was saved under one model runs only under that model.
 *
 * @param name what users choose it by
 * @param signature family, model and stepping as CPUID leaf 1 EAX gives them
 * @param brand brand string, at most 47 ASCII characters
 * @param logicalProcessors in the machine, all in one package, 1–255
 * @param apicId of this processor, 0–254
 * @param processContextIds whether PCID and INVPCID are offered: only for a core that tags its TLB by them
 */
public record CpuModel(
        String name, int signature, String brand, int logicalProcessors, int apicId, boolean processContextIds) {
    /** Checks ranges. */
    public CpuModel {
        if (brand.length() > 47) {
            throw new IllegalArgumentException("brand string \"" + brand + "\" is longer than 47 characters");
        }
        if (logicalProcessors < 1 || logicalProcessors > 255 || apicId < 0 || apicId > 254) {
            throw new IllegalArgumentException(
                    "%d processors, APIC id %d: a machine has 1 to 255 processors with ids 0 to 254"
                            .formatted(logicalProcessors, apicId));
        }
    }

    /**
     * x86-64-v2 plus AES, PCLMULQDQ, RDRAND, FSGSBASE, SMEP, SMAP. Family 6 model 26: the first with all of v2, and one
     * that Linux has no workarounds for.
     */
    public static CpuModel orielV2() {
        return new CpuModel("oriel-v2", 0x0001_06A5, "Oriel Virtual CPU", 1, 0, false);
    }

    /** This model in a machine of several processors. */
    public CpuModel withTopology(int processors, int id) {
        return new CpuModel(name, signature, brand, processors, id, processContextIds);
    }

    /** This model with or without PCID. */
    public CpuModel withProcessContextIds(boolean offered) {
        return new CpuModel(name, signature, brand, logicalProcessors, apicId, offered);
    }
}
