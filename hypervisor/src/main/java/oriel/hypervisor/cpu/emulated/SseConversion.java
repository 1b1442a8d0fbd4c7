package oriel.hypervisor.cpu.emulated;

import static oriel.hypervisor.cpu.emulated.SseFormat.BINARY32;
import static oriel.hypervisor.cpu.emulated.SseFormat.BINARY64;
import static oriel.hypervisor.cpu.emulated.SseOperation.*;

import oriel.hypervisor.cpu.CpuState;

/** CVT*: between the two floating-point formats, and between them and integers. */
final class SseConversion {
    private static final int MXCSR_ROUNDING = -1, TRUNCATE = SoftFloat.ZERO;

    private final long[] xmm;
    private final SseExact exact;
    private final SseExceptions exceptions;

    SseConversion(CpuState state, SseExact exact, SseExceptions exceptions) {
        this.xmm = state.xmm;
        this.exact = exact;
        this.exceptions = exceptions;
    }

    /** Operations from {@link SseOperation#CVTPS2PD} to {@link SseOperation#CVTPD2DQ}: all in XMM registers. */
    void execute(int operation, int register, long low, long high) {
        int at = 2 * register;
        switch (operation) {
            case CVTSS2SD -> set(at, widen(low), xmm[at + 1]);
            case CVTSD2SS -> set(at, (xmm[at] & 0xFFFFFFFF00000000L) | narrow(low), xmm[at + 1]);
            case CVTPS2PD -> set(at, widen(low), widen(low >>> 32));
            case CVTPD2PS -> set(at, narrow(low) | narrow(high) << 32, 0);
            case CVTDQ2PS -> set(at, singles(low), singles(high));
            case CVTPS2DQ -> set(at, integers32(low, MXCSR_ROUNDING), integers32(high, MXCSR_ROUNDING));
            case CVTTPS2DQ -> set(at, integers32(low, TRUNCATE), integers32(high, TRUNCATE));
            case CVTDQ2PD -> set(at, fromInt(low), fromInt(low >> 32));
            case CVTPD2DQ -> set(at, integers64(low, high, MXCSR_ROUNDING), 0);
            case CVTTPD2DQ -> set(at, integers64(low, high, TRUNCATE), 0);
            default -> throw new IllegalArgumentException("conversion " + operation);
        }
    }

    private void set(int at, long low, long high) {
        exceptions.raise();
        xmm[at] = low;
        xmm[at + 1] = high;
    }

    private long widen(long single) {
        return exact.convert(BINARY32, BINARY64, single & 0xFFFFFFFFL);
    }

    private long narrow(long bits) {
        return exact.convert(BINARY64, BINARY32, bits);
    }

    private static long fromInt(long value) {
        return Double.doubleToRawLongBits((int) value);
    }

    private long single(int value) {
        return exact.fromInteger(BINARY32, value);
    }

    private long singles(long pair) {
        return single((int) pair) | single((int) (pair >> 32)) << 32;
    }

    private long integer(SseFormat format, long bits, int size, int rounding) {
        return exact.toInteger(format, bits, size, rounding);
    }

    private long integers32(long pair, int rounding) {
        return (integer(BINARY32, pair & 0xFFFFFFFFL, 32, rounding) & 0xFFFFFFFFL)
                | integer(BINARY32, pair >>> 32, 32, rounding) << 32;
    }

    private long integers64(long low, long high, int rounding) {
        return (integer(BINARY64, low, 32, rounding) & 0xFFFFFFFFL) | integer(BINARY64, high, 32, rounding) << 32;
    }

    /** CVTSI2SD, CVTSI2SS. */
    void fromGeneral(boolean single, int register, long value) {
        int at = 2 * register;
        long result = fromInteger(single, value);
        exceptions.raise();
        xmm[at] = single ? (xmm[at] & 0xFFFFFFFF00000000L) | result : result;
    }

    private long fromInteger(boolean single, long value) {
        // Up to 53 bits: exact, whatever the rounding mode.
        if (!single && Math.abs(value) >>> 53 == 0) {
            return Double.doubleToRawLongBits((double) value);
        }
        return exact.fromInteger(single ? BINARY32 : BINARY64, value);
    }

    /** CVTSD2SI, CVTTSS2SI …: the value for the general register, zero-extended from 32 bits. */
    long toGeneral(boolean single, long bits, boolean wide, boolean truncate) {
        if (truncate && !single) {
            double value = Double.longBitsToDouble(bits);
            int whole = (int) value;
            if (whole == value && whole != 0 && whole != Integer.MIN_VALUE && whole != Integer.MAX_VALUE) {
                return wide ? whole : whole & 0xFFFFFFFFL;
            }
        }
        long result = exact.toInteger(
                single ? BINARY32 : BINARY64,
                single ? bits & 0xFFFFFFFFL : bits,
                wide ? 64 : 32,
                truncate ? TRUNCATE : MXCSR_ROUNDING);
        exceptions.raise();
        return wide ? result : result & 0xFFFFFFFFL;
    }

    /** CVTPI2PS: both elements, before they replace the low half. */
    void fromMmx(boolean single, int register, long pair) {
        int at = 2 * register;
        if (single) {
            long result = singles(pair);
            exceptions.raise();
            xmm[at] = result;
        } else {
            set(at, fromInt(pair), fromInt(pair >> 32));
        }
    }

    /** CVTPS2PI, CVTTPD2PI …: the MMX value. */
    long toMmx(boolean single, long low, long high, boolean truncate) {
        int rounding = truncate ? TRUNCATE : MXCSR_ROUNDING;
        long result = single ? integers32(low, rounding) : integers64(low, high, rounding);
        exceptions.raise();
        return result;
    }
}
