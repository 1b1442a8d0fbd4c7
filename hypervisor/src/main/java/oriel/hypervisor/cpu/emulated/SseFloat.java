package oriel.hypervisor.cpu.emulated;

import static oriel.hypervisor.cpu.emulated.SseOperation.*;

import oriel.hypervisor.cpu.CpuState;

/**
 * Floating-point arithmetic of SSE. Java's {@code double} and {@code float} are exact at round-to-nearest, so ordinary
 * operands (normal or zero, with a result safely inside the normal range) take one Java operation; the only exception they
 * can raise is PRECISION, and whether they do is worked out only while its sticky flag is still clear. Everything else
 * goes to {@link SseExact}.
 */
final class SseFloat {
    /** MXCSR: rounding control, and the mask of the precision exception. */
    private static final int MODE = 0x7000, NEAREST_AND_MASKED = 0x1000;

    private static final int PRECISION = SoftFloat.PRECISION;

    private final CpuState state;
    private final long[] xmm;
    private final SseExact exact;
    private final SseExceptions exceptions;

    SseFloat(CpuState state, SseExact exact, SseExceptions exceptions) {
        this.state = state;
        this.xmm = state.xmm;
        this.exact = exact;
        this.exceptions = exceptions;
    }

    /** Operations from {@link SseOperation#ADD} to {@link SseOperation#UCOMI}. */
    void execute(int operation, int register, long low, long high, int immediate) {
        int kind = operation & ~3;
        if (kind > RCP) {
            executeRare(operation, register, low, high, immediate);
            return;
        }
        int at = 2 * register;
        switch (operation & 3) {
            case SD -> {
                long result = apply64(kind, xmm[at], low, immediate);
                exceptions.raise();
                xmm[at] = result;
            }
            case SS -> {
                long result = apply32(kind, xmm[at], low, immediate);
                exceptions.raise();
                xmm[at] = (xmm[at] & 0xFFFFFFFF00000000L) | result;
            }
            case PD -> {
                long first = apply64(kind, xmm[at], low, immediate);
                long second = apply64(kind, xmm[at + 1], high, immediate);
                exceptions.raise();
                xmm[at] = first;
                xmm[at + 1] = second;
            }
            default -> {
                long first = pair32(kind, xmm[at], low, immediate);
                long second = pair32(kind, xmm[at + 1], high, immediate);
                exceptions.raise();
                xmm[at] = first;
                xmm[at + 1] = second;
            }
        }
    }

    private long pair32(int kind, long a, long b, int immediate) {
        return apply32(kind, a, b, immediate) | apply32(kind, a >>> 32, b >>> 32, immediate) << 32;
    }

    private long apply64(int kind, long a, long b, int immediate) {
        return switch (kind) {
            case ADD -> add(a, b);
            case SUB -> subtract(a, b);
            case MUL -> multiply(a, b);
            case DIV -> divide(a, b);
            case SQRT -> squareRoot(b);
            case MIN, MAX -> extremum(kind, a, b);
            case CMP -> matches(SseFormat.BINARY64, a, b, immediate) ? -1L : 0;
            default -> exact.roundToIntegral(SseFormat.BINARY64, b, immediate);
        };
    }

    private long apply32(int kind, long first, long second, int immediate) {
        long a = first & 0xFFFFFFFFL;
        long b = second & 0xFFFFFFFFL;
        return switch (kind) {
            case ADD -> add32(a, b);
            case SUB -> subtract32(a, b);
            case MUL -> multiply32(a, b);
            case DIV -> divide32(a, b);
            case SQRT -> squareRoot32(b);
            case MIN, MAX -> extremum32(kind, a, b);
            case CMP -> matches(SseFormat.BINARY32, a, b, immediate) ? 0xFFFFFFFFL : 0;
            case RCP -> SseApproximation.reciprocal((int) b);
            case RSQRT -> SseApproximation.reciprocalRoot((int) b);
            default -> exact.roundToIntegral(SseFormat.BINARY32, b, immediate);
        };
    }

    private boolean fast() {
        return (state.mxcsr & MODE) == NEAREST_AND_MASKED;
    }

    /** Normal or zero. */
    private static boolean ordinary(long a) {
        int exponent = (int) (a >>> 52) & 0x7FF;
        return (exponent != 0x7FF && exponent != 0) || a << 1 == 0;
    }

    /** Far enough from overflow and underflow that neither can have happened, nor spoil the exactness tests. */
    private static boolean ordinaryResult(long a) {
        int exponent = (int) (a >>> 52) & 0x7FF;
        return exponent > 1 && exponent < 0x7FD;
    }

    private static boolean ordinary32(long a) {
        int exponent = (int) (a >>> 23) & 0xFF;
        return (exponent != 0xFF && exponent != 0) || (int) a << 1 == 0;
    }

    private static boolean ordinaryResult32(int a) {
        int exponent = a >>> 23 & 0xFF;
        return exponent > 1 && exponent < 0xFD;
    }

    private long add(long a, long b) {
        double x = Double.longBitsToDouble(a);
        double y = Double.longBitsToDouble(b);
        double sum = x + y;
        long result = Double.doubleToRawLongBits(sum);
        if (fast() && ordinary(a) && ordinary(b) && (ordinaryResult(result) || sum == 0)) {
            noteInexactSum(x, y, sum);
            return result;
        }
        return exact.arithmetic(ADD, SseFormat.BINARY64, a, b);
    }

    private long subtract(long a, long b) {
        double x = Double.longBitsToDouble(a);
        double y = Double.longBitsToDouble(b);
        double difference = x - y;
        long result = Double.doubleToRawLongBits(difference);
        if (fast() && ordinary(a) && ordinary(b) && (ordinaryResult(result) || difference == 0)) {
            noteInexactSum(x, -y, difference);
            return result;
        }
        return exact.arithmetic(SUB, SseFormat.BINARY64, a, b);
    }

    /** Knuth's two-sum gives the rounding error exactly. */
    private void noteInexactSum(double x, double y, double sum) {
        if ((state.mxcsr & PRECISION) == 0) {
            double t = sum - x;
            if ((x - (sum - t)) + (y - t) != 0) {
                exact.flags |= PRECISION;
            }
        }
    }

    private long multiply(long a, long b) {
        double product = Double.longBitsToDouble(a) * Double.longBitsToDouble(b);
        long result = Double.doubleToRawLongBits(product);
        if (fast() && ordinary(a) && ordinary(b) && (ordinaryResult(result) || a << 1 == 0 || b << 1 == 0)) {
            if ((state.mxcsr & PRECISION) == 0 && product != 0 && !exactProduct(a, b)) {
                exact.flags |= PRECISION;
            }
            return result;
        }
        return exact.arithmetic(MUL, SseFormat.BINARY64, a, b);
    }

    /** Whether the product of two normal numbers has at most 53 significant bits. */
    private static boolean exactProduct(long a, long b) {
        long x = (a & 0xFFFFFFFFFFFFFL) | 0x10000000000000L;
        long y = (b & 0xFFFFFFFFFFFFFL) | 0x10000000000000L;
        int trailing = Long.numberOfTrailingZeros(x) + Long.numberOfTrailingZeros(y);
        return trailing > 52 || (trailing == 52 && Math.multiplyHigh(x, y) >>> 41 == 0);
    }

    private long divide(long a, long b) {
        double x = Double.longBitsToDouble(a);
        double y = Double.longBitsToDouble(b);
        double quotient = x / y;
        long result = Double.doubleToRawLongBits(quotient);
        if (fast() && ordinary(a) && ordinary(b) && y != 0 && (ordinaryResult(result) || x == 0)) {
            if ((state.mxcsr & PRECISION) == 0 && x != 0 && !(exactProduct(result, b) && quotient * y == x)) {
                exact.flags |= PRECISION;
            }
            return result;
        }
        return exact.arithmetic(DIV, SseFormat.BINARY64, a, b);
    }

    private long squareRoot(long a) {
        if (fast() && a >= 0 && ordinary(a)) {
            double x = Double.longBitsToDouble(a);
            double root = Math.sqrt(x);
            long result = Double.doubleToRawLongBits(root);
            if ((state.mxcsr & PRECISION) == 0 && x != 0 && !(exactProduct(result, result) && root * root == x)) {
                exact.flags |= PRECISION;
            }
            return result;
        }
        return exact.arithmetic(SQRT, SseFormat.BINARY64, 0, a);
    }

    private long extremum(int kind, long a, long b) {
        if (ordinary(a) && ordinary(b)) {
            double x = Double.longBitsToDouble(a);
            double y = Double.longBitsToDouble(b);
            return (kind == MIN ? x < y : x > y) ? a : b;
        }
        return exact.arithmetic(kind, SseFormat.BINARY64, a, b);
    }

    private long add32(long a, long b) {
        float x = Float.intBitsToFloat((int) a);
        float y = Float.intBitsToFloat((int) b);
        float sum = x + y;
        int result = Float.floatToRawIntBits(sum);
        if (fast() && ordinary32(a) && ordinary32(b) && (ordinaryResult32(result) || sum == 0)) {
            noteInexactSum32(x, y, sum);
            return result & 0xFFFFFFFFL;
        }
        return exact.arithmetic(ADD, SseFormat.BINARY32, a, b);
    }

    private long subtract32(long a, long b) {
        float x = Float.intBitsToFloat((int) a);
        float y = Float.intBitsToFloat((int) b);
        float difference = x - y;
        int result = Float.floatToRawIntBits(difference);
        if (fast() && ordinary32(a) && ordinary32(b) && (ordinaryResult32(result) || difference == 0)) {
            noteInexactSum32(x, -y, difference);
            return result & 0xFFFFFFFFL;
        }
        return exact.arithmetic(SUB, SseFormat.BINARY32, a, b);
    }

    private void noteInexactSum32(float x, float y, float sum) {
        if ((state.mxcsr & PRECISION) == 0) {
            float t = sum - x;
            if ((x - (sum - t)) + (y - t) != 0) {
                exact.flags |= PRECISION;
            }
        }
    }

    private long multiply32(long a, long b) {
        float x = Float.intBitsToFloat((int) a);
        float y = Float.intBitsToFloat((int) b);
        float product = x * y;
        int result = Float.floatToRawIntBits(product);
        if (fast() && ordinary32(a) && ordinary32(b) && (ordinaryResult32(result) || x == 0 || y == 0)) {
            if ((state.mxcsr & PRECISION) == 0 && (double) x * y != product) {
                exact.flags |= PRECISION;
            }
            return result & 0xFFFFFFFFL;
        }
        return exact.arithmetic(MUL, SseFormat.BINARY32, a, b);
    }

    private long divide32(long a, long b) {
        float x = Float.intBitsToFloat((int) a);
        float y = Float.intBitsToFloat((int) b);
        float quotient = x / y;
        int result = Float.floatToRawIntBits(quotient);
        if (fast() && ordinary32(a) && ordinary32(b) && y != 0 && (ordinaryResult32(result) || x == 0)) {
            if ((state.mxcsr & PRECISION) == 0 && (double) quotient * y != x) {
                exact.flags |= PRECISION;
            }
            return result & 0xFFFFFFFFL;
        }
        return exact.arithmetic(DIV, SseFormat.BINARY32, a, b);
    }

    private long squareRoot32(long a) {
        if (fast() && (int) a >= 0 && ordinary32(a)) {
            float x = Float.intBitsToFloat((int) a);
            float root = (float) Math.sqrt(x);
            if ((state.mxcsr & PRECISION) == 0 && (double) root * root != x) {
                exact.flags |= PRECISION;
            }
            return Float.floatToRawIntBits(root) & 0xFFFFFFFFL;
        }
        return exact.arithmetic(SQRT, SseFormat.BINARY32, 0, a);
    }

    private long extremum32(int kind, long a, long b) {
        if (ordinary32(a) && ordinary32(b)) {
            float x = Float.intBitsToFloat((int) a);
            float y = Float.intBitsToFloat((int) b);
            return (kind == MIN ? x < y : x > y) ? a : b;
        }
        return exact.arithmetic(kind, SseFormat.BINARY32, a, b);
    }

    private int compare(SseFormat format, long a, long b, boolean signaling) {
        if (format == SseFormat.BINARY64) {
            if (ordinary(a) && ordinary(b)) {
                double x = Double.longBitsToDouble(a);
                double y = Double.longBitsToDouble(b);
                return x < y ? SseExact.LESS : x == y ? SseExact.EQUAL : SseExact.GREATER;
            }
        } else if (ordinary32(a) && ordinary32(b)) {
            float x = Float.intBitsToFloat((int) a);
            float y = Float.intBitsToFloat((int) b);
            return x < y ? SseExact.LESS : x == y ? SseExact.EQUAL : SseExact.GREATER;
        }
        return exact.compare(format, a, b, signaling);
    }

    /** CMPPS and the like: EQ, LT, LE, UNORD, and their negations; LT and LE are invalid for QNaNs. */
    private boolean matches(SseFormat format, long a, long b, int predicate) {
        int relation = compare(format, a, b, (predicate & 3) == 1 || (predicate & 3) == 2);
        boolean match = switch (predicate & 3) {
            case 0 -> relation == SseExact.EQUAL;
            case 1 -> relation == SseExact.LESS;
            case 2 -> relation == SseExact.LESS || relation == SseExact.EQUAL;
            default -> relation == SseExact.UNORDERED;
        };
        return match ^ (predicate & 4) != 0;
    }

    private void executeRare(int operation, int register, long low, long high, int immediate) {
        int at = 2 * register;
        long a = xmm[at];
        long b = xmm[at + 1];
        switch (operation) {
            case COMI + SD, UCOMI + SD -> setFlags(compare(SseFormat.BINARY64, a, low, operation == COMI + SD));
            case COMI + SS, UCOMI + SS ->
                setFlags(compare(SseFormat.BINARY32, a & 0xFFFFFFFFL, low & 0xFFFFFFFFL, operation == COMI + SS));
            case HADD + PD -> set(at, add(a, b), add(low, high));
            case HSUB + PD -> set(at, subtract(a, b), subtract(low, high));
            case ADDSUB + PD -> set(at, subtract(a, low), add(b, high));
            case HADD + PS ->
                set(
                        at,
                        apply32(ADD, a, a >>> 32, 0) | apply32(ADD, b, b >>> 32, 0) << 32,
                        apply32(ADD, low, low >>> 32, 0) | apply32(ADD, high, high >>> 32, 0) << 32);
            case HSUB + PS ->
                set(
                        at,
                        apply32(SUB, a, a >>> 32, 0) | apply32(SUB, b, b >>> 32, 0) << 32,
                        apply32(SUB, low, low >>> 32, 0) | apply32(SUB, high, high >>> 32, 0) << 32);
            case ADDSUB + PS ->
                set(
                        at,
                        apply32(SUB, a, low, 0) | apply32(ADD, a >>> 32, low >>> 32, 0) << 32,
                        apply32(SUB, b, high, 0) | apply32(ADD, b >>> 32, high >>> 32, 0) << 32);
            case DP + PD -> dotProduct64(at, low, high, immediate);
            case DP + PS -> dotProduct32(at, low, high, immediate);
            default -> throw new IllegalArgumentException("float operation " + operation);
        }
    }

    private void set(int at, long low, long high) {
        exceptions.raise();
        xmm[at] = low;
        xmm[at + 1] = high;
    }

    private void setFlags(int relation) {
        exceptions.raise();
        state.rflags = (state.rflags & ~0x8D5L) | relation;
    }

    private void dotProduct64(int at, long low, long high, int immediate) {
        long first = (immediate & 0x10) != 0 ? multiply(xmm[at], low) : 0;
        long second = (immediate & 0x20) != 0 ? multiply(xmm[at + 1], high) : 0;
        exceptions.raise();
        long sum = add(first, second);
        set(at, (immediate & 1) != 0 ? sum : 0, (immediate & 2) != 0 ? sum : 0);
    }

    private void dotProduct32(int at, long low, long high, int immediate) {
        long a = xmm[at];
        long b = xmm[at + 1];
        long p0 = (immediate & 0x10) != 0 ? apply32(MUL, a, low, 0) : 0;
        long p1 = (immediate & 0x20) != 0 ? apply32(MUL, a >>> 32, low >>> 32, 0) : 0;
        long p2 = (immediate & 0x40) != 0 ? apply32(MUL, b, high, 0) : 0;
        long p3 = (immediate & 0x80) != 0 ? apply32(MUL, b >>> 32, high >>> 32, 0) : 0;
        exceptions.raise();
        long lower = add32(p0, p1);
        long upper = add32(p2, p3);
        exceptions.raise();
        long sum = add32(lower, upper);
        long mask = immediate;
        set(
                at,
                ((mask & 1) != 0 ? sum : 0) | ((mask & 2) != 0 ? sum << 32 : 0),
                ((mask & 4) != 0 ? sum : 0) | ((mask & 8) != 0 ? sum << 32 : 0));
    }
}
