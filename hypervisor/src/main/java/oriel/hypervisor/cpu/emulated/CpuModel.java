package oriel.hypervisor.cpu.emulated;

import static oriel.hypervisor.cpu.emulated.CpuFeature.CMPXCHG16B;
import static oriel.hypervisor.cpu.emulated.CpuFeature.LAHF64;
import static oriel.hypervisor.cpu.emulated.CpuFeature.POPCNT;
import static oriel.hypervisor.cpu.emulated.CpuFeature.SSE3;
import static oriel.hypervisor.cpu.emulated.CpuFeature.SSE4_1;
import static oriel.hypervisor.cpu.emulated.CpuFeature.SSE4_2;
import static oriel.hypervisor.cpu.emulated.CpuFeature.SSSE3;

import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/**
 * Which processor the guest sees. Immutable. A guest that was saved under one model runs only under that model.
 *
 * @param name what users choose it by
 * @param signature family, model and stepping as CPUID leaf 1 EAX gives them
 * @param brand brand string, at most 47 ASCII characters
 * @param features what it has
 * @param logicalProcessors in the machine, all in one package, 1–255
 * @param apicId of this processor, 0–254
 */
public record CpuModel(
        String name, int signature, String brand, Set<CpuFeature> features, int logicalProcessors, int apicId) {
    /** The model of a machine that asks for none. */
    public static final String DEFAULT = "oriel-v2";

    /** Family 6 model 26: the first with all of x86-64-v2, and one that Linux has no workarounds for. */
    private static final int SIGNATURE = 0x0001_06A5;

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
        features = Set.copyOf(features);
    }

    /**
     * All that this processor can do: x86-64-v2, and above all AES, BMI1 and BMI2, RDRAND, FSGSBASE, PCID, SMEP and SMAP.
     * It isn't x86-64-v3, which is AVX2 above all.
     */
    public static CpuModel orielV2() {
        return of(DEFAULT, EnumSet.allOf(CpuFeature.class));
    }

    /** x86-64-v2 and nothing else (x86-64 psABI, table 3.1): for guests that must move between makers' processors. */
    private static CpuModel plainV2() {
        return of("x86-64-v2", EnumSet.of(SSE3, SSSE3, SSE4_1, SSE4_2, POPCNT, CMPXCHG16B, LAHF64));
    }

    /** The first x86-64 processors: SSE2, NX and SYSCALL. Debian needs no more. */
    private static CpuModel plainV1() {
        return of("x86-64-v1", EnumSet.noneOf(CpuFeature.class));
    }

    private static CpuModel of(String name, Set<CpuFeature> features) {
        return new CpuModel(name, SIGNATURE, "Oriel Virtual CPU", features, 1, 0);
    }

    /** All models, the default first. */
    public static List<CpuModel> all() {
        return List.of(orielV2(), plainV2(), plainV1());
    }

    /**
     * The model of a name.
     *
     * @throws IllegalArgumentException if there is none, with the names there are
     */
    public static CpuModel named(String name) {
        return all().stream()
                .filter(model -> model.name().equals(name))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("there is no processor \"%s\"; there are %s"
                        .formatted(
                                name,
                                String.join(
                                        ", ", all().stream().map(CpuModel::name).toList()))));
    }

    /** Whether it has something. */
    public boolean has(CpuFeature feature) {
        return features.contains(feature);
    }

    /** This model in a machine of several processors. */
    public CpuModel withTopology(int processors, int id) {
        return new CpuModel(name, signature, brand, features, processors, id);
    }
}
