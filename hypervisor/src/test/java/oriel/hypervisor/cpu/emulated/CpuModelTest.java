package oriel.hypervisor.cpu.emulated;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import oriel.hypervisor.cpu.CpuState;

/** CPUID and what is there agree: each model executes what it announces, and the rest is undefined. */
class CpuModelTest {
    private static final int UNDEFINED_HANDLER = 0x54_0000, HANDLERS = 0x53_0000, IDT = 0x52_0000, GDT = 0x55_0000;

    /**
     * An instruction that needs something; RBX points to aligned data.
     *
     * @param feature null: no model has it
     */
    private record Probe(@Nullable CpuFeature feature, String name, String code) {}

    private static final List<Probe> PROBES = List.of(
            new Probe(CpuFeature.SSE3, "haddps", "F2 0F 7C C1"),
            new Probe(CpuFeature.SSE3, "addsubpd", "66 0F D0 C1"),
            new Probe(CpuFeature.SSE3, "lddqu", "F2 0F F0 03"),
            new Probe(CpuFeature.SSE3, "movddup", "F2 0F 12 C1"),
            new Probe(CpuFeature.SSE3, "movshdup", "F3 0F 16 C1"),
            new Probe(CpuFeature.SSE3, "fisttpl", "DB 0B"),
            new Probe(CpuFeature.PCLMULQDQ, "pclmulqdq", "66 0F 3A 44 C1 00"),
            new Probe(CpuFeature.SSSE3, "pshufb", "66 0F 38 00 C1"),
            new Probe(CpuFeature.SSSE3, "pabsb mm", "0F 38 1C C1"),
            new Probe(CpuFeature.SSSE3, "palignr", "66 0F 3A 0F C1 03"),
            new Probe(CpuFeature.CMPXCHG16B, "cmpxchg16b", "48 0F C7 0B"),
            new Probe(CpuFeature.SSE4_1, "ptest", "66 0F 38 17 C1"),
            new Probe(CpuFeature.SSE4_1, "pmovzxbw", "66 0F 38 30 C1"),
            new Probe(CpuFeature.SSE4_1, "roundps", "66 0F 3A 08 C1 00"),
            new Probe(CpuFeature.SSE4_1, "pextrq", "66 48 0F 3A 16 C0 01"),
            new Probe(CpuFeature.SSE4_2, "pcmpistri", "66 0F 3A 63 C1 00"),
            new Probe(CpuFeature.SSE4_2, "pcmpgtq", "66 0F 38 37 C1"),
            new Probe(CpuFeature.SSE4_2, "crc32", "F2 0F 38 F1 C1"),
            new Probe(CpuFeature.MOVBE, "movbe", "0F 38 F0 03"),
            new Probe(CpuFeature.POPCNT, "popcnt", "F3 0F B8 C1"),
            new Probe(CpuFeature.AES, "aesenc", "66 0F 38 DC C1"),
            new Probe(CpuFeature.AES, "aeskeygenassist", "66 0F 3A DF C1 01"),
            new Probe(CpuFeature.RDRAND, "rdrand", "0F C7 F0"),
            new Probe(CpuFeature.RDSEED, "rdseed", "0F C7 F8"),
            new Probe(CpuFeature.FSGSBASE, "rdfsbase", "F3 48 0F AE C0"),
            new Probe(CpuFeature.INVPCID, "invpcid", "BA 02 00 00 00 66 0F 38 82 13"),
            new Probe(CpuFeature.SMAP, "stac", "0F 01 CB"),
            new Probe(CpuFeature.CLFLUSHOPT, "clflushopt", "66 0F AE 3B"),
            new Probe(CpuFeature.CLWB, "clwb", "66 0F AE 33"),
            new Probe(CpuFeature.LAHF64, "lahf", "9F"),
            new Probe(CpuFeature.LAHF64, "sahf", "9E"),
            new Probe(CpuFeature.RDTSCP, "rdtscp", "0F 01 F9"),
            new Probe(null, "vaddps", "C5 F8 58 C1"),
            new Probe(null, "vaddps zmm", "62 F1 7C 48 58 C1"),
            new Probe(CpuFeature.BMI1, "andn", "C4 E2 78 F2 C1"),
            new Probe(CpuFeature.BMI1, "blsi", "C4 E2 F8 F3 D9"),
            new Probe(CpuFeature.BMI2, "shlx", "C4 E2 79 F7 C1"),
            new Probe(CpuFeature.BMI2, "rorx", "C4 E3 7B F0 C1 03"),
            new Probe(null, "andn, VEX.L", "C4 E2 7C F2 C1"),
            new Probe(null, "andn behind REX", "40 C4 E2 78 F2 C1"),
            new Probe(null, "rorx, VEX.vvvv", "C4 E3 73 F0 C1 03"),
            new Probe(null, "vzeroupper", "C5 F8 77"),
            new Probe(null, "adcx", "66 0F 38 F6 C1"),
            new Probe(null, "adox", "F3 0F 38 F6 C1"),
            new Probe(null, "sha1msg1", "0F 38 C9 C1"),
            new Probe(null, "gf2p8mulb", "66 0F 38 CF C1"),
            new Probe(null, "xgetbv", "31 C9 0F 01 D0"),
            new Probe(null, "xsave", "0F AE 23"),
            new Probe(null, "xrstor", "0F AE 2B"),
            new Probe(null, "xsaveopt", "0F AE 33"),
            new Probe(null, "xsavec", "0F C7 23"),
            new Probe(null, "ptwrite", "F3 0F AE E0"),
            new Probe(null, "rdpid", "F3 0F C7 F8"),
            new Probe(null, "movdiri", "0F 38 F9 03"),
            new Probe(null, "extrq", "66 0F 79 C1"),
            new Probe(null, "insertq", "F2 0F 79 C1"),
            new Probe(null, "movntss", "F3 0F 2B 03"),
            new Probe(null, "pfadd", "0F 0F C1 9E"),
            new Probe(null, "femms", "0F 0E"),
            new Probe(null, "monitor", "0F 01 C8"),
            new Probe(null, "mwait", "0F 01 C9"),
            new Probe(null, "vmcall", "0F 01 C1"),
            new Probe(null, "vmmcall", "0F 01 D9"),
            new Probe(null, "serialize", "0F 01 E8"),
            new Probe(null, "clzero", "0F 01 FC"),
            new Probe(null, "encls", "0F 01 CF"),
            new Probe(null, "umonitor", "F3 0F AE F0"),
            new Probe(null, "xop", "8F E9 78 81 C1"));

    static Stream<CpuModel> models() {
        return CpuModel.all().stream();
    }

    @ParameterizedTest
    @MethodSource("models")
    void executesWhatItAnnounces(CpuModel model) {
        List<String> wrong = new ArrayList<>();
        for (Probe probe : PROBES) {
            boolean announced = probe.feature != null && announces(model, probe.feature);
            if (executes(model, HexFormat.ofDelimiter(" ").parseHex(probe.code)) != announced) {
                wrong.add(
                        probe.name + (announced ? " is announced, but undefined" : " is executed, but not announced"));
            }
        }
        assertThat(wrong).isEmpty();
    }

    /** By CPUID's own bits, not by the model's word. */
    private static boolean announces(CpuModel model, CpuFeature feature) {
        for (int leaf : new int[] {1, 7, 0x8000_0001}) {
            try (TestMachine machine = machine(model)) {
                machine.state.gpr[CpuState.RAX] = leaf;
                machine.state.gpr[CpuState.RCX] = 0;
                machine.code(0x0F, 0xA2).run();
                boolean found = (machine.register(CpuState.RBX) & feature.ebx(leaf) & 0xFFFF_FFFFL) != 0
                        || (machine.register(CpuState.RCX) & feature.ecx(leaf) & 0xFFFF_FFFFL) != 0
                        || (machine.register(CpuState.RDX) & feature.edx(leaf) & 0xFFFF_FFFFL) != 0;
                if (found) {
                    return true;
                }
            }
        }
        return false;
    }

    private static TestMachine machine(CpuModel model) {
        TestMachine machine = TestMachine.longMode(false, model);
        for (int vector = 0; vector < 32; vector++) {
            long handler = vector == GuestFault.UD ? UNDEFINED_HANDLER : HANDLERS + vector * 16L;
            machine.memory.write(
                    IDT + vector * 16L, 8, handler & 0xFFFF | 0x10L << 16 | 0x8E00L << 32 | (handler >> 16) << 48);
            machine.memory.write(IDT + vector * 16L + 8, 8, 0);
            machine.memory.write(handler, 1, 0xF4);
        }
        machine.memory.write(GDT + 0x10, 8, 0x00AF_9B00_0000_FFFFL);
        machine.state.gdtBase = GDT;
        machine.state.gdtLimit = 0x1F;
        machine.state.idtBase = IDT;
        machine.state.idtLimit = 32 * 16 - 1;
        if (model.has(CpuFeature.FSGSBASE)) {
            machine.state.cr4 |= CpuContext.CR4_FSGSBASE;
        }
        machine.state.gpr[CpuState.RBX] = TestMachine.DATA;
        machine.cpu.stateChanged();
        return machine;
    }

    private static boolean executes(CpuModel model, byte[] code) {
        try (TestMachine machine = machine(model)) {
            int[] bytes = new int[code.length];
            for (int i = 0; i < code.length; i++) {
                bytes[i] = code[i] & 0xFF;
            }
            machine.code(bytes).run();
            return machine.state.rip != UNDEFINED_HANDLER + 1;
        }
    }

    /** Control bits of what isn't there can't be set (Intel SDM 3A §2.5). */
    @ParameterizedTest
    @MethodSource("models")
    void controlBitsFollow(CpuModel model) {
        record Bit(CpuFeature feature, long mask) {}
        for (Bit bit : List.of(
                new Bit(CpuFeature.SMAP, CpuContext.CR4_SMAP),
                new Bit(CpuFeature.FSGSBASE, CpuContext.CR4_FSGSBASE),
                new Bit(CpuFeature.PCID, CpuContext.CR4_PCIDE))) {
            try (TestMachine machine = machine(model)) {
                machine.state.gpr[CpuState.RAX] = machine.state.cr4 | bit.mask;
                machine.code(0x0F, 0x22, 0xE0).run();
                assertThat((machine.state.cr4 & bit.mask) != 0)
                        .as(bit.feature.name())
                        .isEqualTo(model.has(bit.feature));
            }
        }
    }

    @Test
    void namesAreKnown() {
        for (CpuModel model : CpuModel.all()) {
            assertThat(CpuModel.named(model.name())).isEqualTo(model);
        }
        assertThat(CpuModel.named(CpuModel.DEFAULT)).isEqualTo(CpuModel.orielV2());
        assertThatThrownBy(() -> CpuModel.named("486")).hasMessageContaining("x86-64-v1");
    }
}
