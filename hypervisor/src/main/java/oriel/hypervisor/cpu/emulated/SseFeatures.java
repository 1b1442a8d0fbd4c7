package oriel.hypervisor.cpu.emulated;

import org.jspecify.annotations.Nullable;

/** Which extension an MMX or SSE encoding belongs to (Intel SDM 2, opcode tables ). */
final class SseFeatures {
    private SseFeatures() {}

    /**
     * The extension, null for MMX, SSE and SSE2, which every model has.
     *
     * @param map 1: 0F, 2: 0F 38, 3: 0F 3A
     * @param prefix 0 none, 1 66, 2 F3, 3 F2
     */
    static @Nullable CpuFeature of(int map, int opcode, int prefix) {
        return switch (map) {
            case 1 -> twoBytes(opcode, prefix);
            case 2 -> {
                if (opcode <= 0x0B || opcode >= 0x1C && opcode <= 0x1E) {
                    yield CpuFeature.SSSE3;
                }
                if (opcode >= 0xDB && opcode <= 0xDF) {
                    yield CpuFeature.AES;
                }
                yield opcode == 0x37 ? CpuFeature.SSE4_2 : CpuFeature.SSE4_1;
            }
            default ->
                switch (opcode) {
                    case 0x0F -> CpuFeature.SSSE3;
                    case 0x44 -> CpuFeature.PCLMULQDQ;
                    case 0x60, 0x61, 0x62, 0x63 -> CpuFeature.SSE4_2;
                    case 0xDF -> CpuFeature.AES;
                    default -> CpuFeature.SSE4_1;
                };
        };
    }

    private static @Nullable CpuFeature twoBytes(int opcode, int prefix) {
        boolean sse3 = switch (opcode) {
            case 0x12, 0x16 -> prefix >= 2; // MOVSLDUP, MOVDDUP, MOVSHDUP
            case 0x7C, 0x7D, 0xD0 -> true; // HADD, HSUB, ADDSUB
            case 0xF0 -> true; // LDDQU
            default -> false;
        };
        return sse3 ? CpuFeature.SSE3 : null;
    }
}
