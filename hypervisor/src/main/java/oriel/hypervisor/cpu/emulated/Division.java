package oriel.hypervisor.cpu.emulated;

import oriel.hypervisor.cpu.CpuState;

/** DIV and IDIV. Flags are undefined after them and stay as they are. */
final class Division {
    private Division() {}

    static void divide(ExecutionCore core, boolean signed, int size, long raw) {
        long[] r = core.registers;
        if (size == 3) {
            divide128(core, signed, raw);
            return;
        }
        int bits = 8 << size;
        long m = ExecutionCore.mask(size);
        long dividend = size == 0 ? r[CpuState.RAX] & 0xFFFF : (r[CpuState.RDX] & m) << bits | r[CpuState.RAX] & m;
        long divisor = raw & m;
        if (divisor == 0) {
            throw core.fault.of(GuestFault.DE, 0);
        }
        long quotient;
        long remainder;
        if (signed) {
            int unused = 64 - 2 * bits;
            dividend = dividend << unused >> unused;
            divisor = divisor << 64 - bits >> 64 - bits;
            if (dividend == Long.MIN_VALUE && divisor == -1) {
                throw core.fault.of(GuestFault.DE, 0);
            }
            quotient = dividend / divisor;
            remainder = dividend % divisor;
            if (quotient << 64 - bits >> 64 - bits != quotient) {
                throw core.fault.of(GuestFault.DE, 0);
            }
        } else {
            quotient = Long.divideUnsigned(dividend, divisor);
            remainder = Long.remainderUnsigned(dividend, divisor);
            if (Long.compareUnsigned(quotient, m) > 0) {
                throw core.fault.of(GuestFault.DE, 0);
            }
        }
        if (size == 0) {
            core.put(CpuState.RAX, 1, (remainder & 0xFF) << 8 | quotient & 0xFF);
        } else {
            core.put(CpuState.RAX, size, quotient);
            core.put(CpuState.RDX, size, remainder);
        }
    }

    private static void divide128(ExecutionCore core, boolean signed, long divisor) {
        long[] r = core.registers;
        long high = r[CpuState.RDX];
        long low = r[CpuState.RAX];
        if (divisor == 0) {
            throw core.fault.of(GuestFault.DE, 0);
        }
        boolean negative = signed && high < 0;
        boolean negativeDivisor = signed && divisor < 0;
        if (negative) {
            high = low == 0 ? -high : ~high;
            low = -low;
        }
        long magnitude = negativeDivisor ? -divisor : divisor;
        if (Long.compareUnsigned(high, magnitude) >= 0) {
            throw core.fault.of(GuestFault.DE, 0);
        }
        long quotient;
        long remainder;
        if (high == 0) {
            quotient = Long.divideUnsigned(low, magnitude);
            remainder = Long.remainderUnsigned(low, magnitude);
        } else {
            remainder = high;
            quotient = 0;
            for (int i = 63; i >= 0; i--) {
                boolean carry = remainder < 0;
                remainder = remainder << 1 | low >>> i & 1;
                if (carry || Long.compareUnsigned(remainder, magnitude) >= 0) {
                    remainder -= magnitude;
                    quotient |= 1L << i;
                }
            }
        }
        if (signed) {
            boolean minus = negative != negativeDivisor;
            // The magnitude must fit: 2^63 only as a negative quotient.
            if (quotient < 0 && !(minus && quotient == Long.MIN_VALUE)) {
                throw core.fault.of(GuestFault.DE, 0);
            }
            if (minus) {
                quotient = -quotient;
            }
            if (negative) {
                remainder = -remainder;
            }
        }
        r[CpuState.RAX] = quotient;
        r[CpuState.RDX] = remainder;
    }
}
