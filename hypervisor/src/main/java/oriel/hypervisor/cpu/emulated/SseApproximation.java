package oriel.hypervisor.cpu.emulated;

/**
 * RCPSS and RSQRTSS. Their relative error may be up to 1.5 · 2⁻¹²; processors differ in the bits, so ours returns the
 * correctly rounded value cut to 12 bits of fraction, which is inside that bound.
 */
final class SseApproximation {
    private static final int CUT = 0xFFFFF800;

    private SseApproximation() {}

    static long reciprocal(int bits) {
        float x = Float.intBitsToFloat(bits);
        if (Float.isNaN(x)) {
            return quiet(bits);
        }
        // Denormal operands count as zeros, and tiny results become zeros (Intel SDM 2B, RCPPS).
        if ((bits & 0x7F800000) == 0) {
            return (bits & 0x80000000 | 0x7F800000) & 0xFFFFFFFFL;
        }
        float result = (float) (1.0 / x);
        if (Math.abs(result) < Float.MIN_NORMAL) {
            return bits & 0x80000000L;
        }
        return cut(result);
    }

    static long reciprocalRoot(int bits) {
        float x = Float.intBitsToFloat(bits);
        if (Float.isNaN(x)) {
            return quiet(bits);
        }
        if ((bits & 0x7F800000) == 0) {
            return (bits & 0x80000000 | 0x7F800000) & 0xFFFFFFFFL;
        }
        if (bits < 0) {
            return SseFormat.BINARY32.indefinite;
        }
        return cut((float) (1.0 / Math.sqrt(x)));
    }

    private static long quiet(int bits) {
        return (bits | 0x400000) & 0xFFFFFFFFL;
    }

    private static long cut(float value) {
        int bits = Float.floatToRawIntBits(value);
        return ((bits & 0x7F800000) == 0x7F800000 ? bits : bits + 0x400 & CUT) & 0xFFFFFFFFL;
    }
}
