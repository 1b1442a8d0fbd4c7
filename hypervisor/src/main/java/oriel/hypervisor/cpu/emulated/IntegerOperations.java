package oriel.hypervisor.cpu.emulated;

import oriel.hypervisor.cpu.CpuState;

/** Integer arithmetic outside the hot switch. Every operation leaves the architectural result and flags. */
abstract class IntegerOperations extends ExecutionCore {
    IntegerOperations(CpuState state, Mmu mmu, CodeCache cache, Decoder decoder, GuestFault fault, Units units) {
        super(state, mmu, cache, decoder, fault, units);
    }

    /** Executes an operation from {@link Op#ALUG} to {@link Op#RDRAND}. */
    final void integer(long w) {
        int a = Op.a(w);
        int b = Op.b(w);
        int size = Op.scale(w);
        int d = Op.d(w);
        switch (Op.op(w)) {
            case Op.ALUG -> arithmetic(d, size, a, registers[b]);
            case Op.ALUGI -> arithmetic(d, size, a, Op.immediate(w));
            case Op.SHIFT -> shift(d, size, a, (int) registers[b]);
            case Op.SHIFTI -> shift(d, size, a, Op.immediate(w));
            case Op.DOUBLE_SHIFT -> {
                int count = Op.immediate(w) < 0 ? (int) registers[CpuState.RCX] : Op.immediate(w);
                doubleShift(d == 1, size, a, registers[b], count);
            }
            case Op.MULTIPLY -> multiply(d, size, registers[a]);
            case Op.IMULG -> signedMultiply(size, a, registers[b], registers[Op.c(w)]);
            case Op.BIT_TEST -> bitTest(d, size, a, (int) registers[b]);
            case Op.BIT_TEST_I -> bitTest(d, size, a, Op.immediate(w));
            case Op.BIT_TEST_MEMORY -> bitTestMemory(d, size, (int) registers[b]);
            case Op.BIT_SCAN -> bitScan(d == 1, size, a, registers[b] & mask(size));
            case Op.BSWAP -> registers[a] = swap(size, registers[b], d == 1);
            case Op.BIT_OPERATION -> BitOperation.of(w).execute(this, w);
            case Op.CRC32 -> registers[a] = Crc32c.update((int) registers[a], registers[b], 1 << size) & 0xFFFF_FFFFL;
            case Op.CMPXCHG -> compareExchange(size, a, registers[b]);
            case Op.CMPXCHG_MEMORY -> compareExchangeMemory(size, registers[b]);
            case Op.CMPXCHG8B -> compareExchangePair(size == 3);
            case Op.SIGN_SPREAD -> {
                long sign = registers[CpuState.RAX] << 64 - (8 << size) >> 63;
                put(CpuState.RDX, size, sign);
            }
            case Op.BCD -> decimal(d, Op.immediate(w));
            case Op.FLAG -> flag(d);
            case Op.LAHF -> {
                materialise();
                long flags = state.rflags & 0xD5 | 2;
                registers[CpuState.RAX] = registers[CpuState.RAX] & ~0xFF00L | flags << 8;
            }
            case Op.SAHF -> setFlags(Flags.ARITHMETIC & ~Flags.OF, (int) (registers[CpuState.RAX] >>> 8) & 0xD5);
            case Op.SALC -> put(CpuState.RAX, 0, -carry());
            case Op.RDRAND -> {
                put(a, size, random.nextLong());
                setFlags(Flags.ARITHMETIC, Flags.CF);
            }
            default -> throw new IllegalStateException("operation " + Op.op(w));
        }
    }

    private void lazy(int kind, int size, long first, long second) {
        flagKind = kind | size;
        flagA = first;
        flagB = second;
    }

    /** ADD OR ADC SBB AND SUB XOR CMP, then INC DEC NEG NOT, of any size. */
    private void arithmetic(int operation, int size, int slot, long operand) {
        long a = registers[slot];
        switch (operation) {
            case 0 -> {
                lazy(Flags.ADD, size, a, operand);
                put(slot, size, a + operand);
            }
            case 1 -> {
                lazy(Flags.LOGIC, size, a | operand, 0);
                put(slot, size, a | operand);
            }
            case 2 -> addWithCarry(size, slot, a, operand);
            case 3 -> subtractWithBorrow(size, slot, a, operand);
            case 4 -> {
                lazy(Flags.LOGIC, size, a & operand, 0);
                put(slot, size, a & operand);
            }
            case 5 -> {
                lazy(Flags.SUB, size, a, operand);
                put(slot, size, a - operand);
            }
            case 6 -> {
                lazy(Flags.LOGIC, size, a ^ operand, 0);
                put(slot, size, a ^ operand);
            }
            case 8 -> {
                lazy(Flags.INC, size, a + 1, carry());
                put(slot, size, a + 1);
            }
            case 9 -> {
                lazy(Flags.DEC, size, a - 1, carry());
                put(slot, size, a - 1);
            }
            case 10 -> {
                lazy(Flags.SUB, size, 0, a);
                put(slot, size, -a);
            }
            default -> put(slot, size, ~a);
        }
    }

    private void addWithCarry(int size, int slot, long a, long b) {
        int carry = carry();
        long m = mask(size);
        long x = a & m;
        long y = b & m;
        long sum = x + y + carry & m;
        int flags = (int) (x ^ y ^ sum) & Flags.AF;
        if (carry == 0 ? Long.compareUnsigned(sum, x) < 0 : Long.compareUnsigned(sum, x) <= 0) {
            flags |= Flags.CF;
        }
        if (((x ^ sum) & (y ^ sum)) << 64 - (8 << size) < 0) {
            flags |= Flags.OF;
        }
        lazy(Flags.RESULT, size, sum, flags);
        put(slot, size, sum);
    }

    private void subtractWithBorrow(int size, int slot, long a, long b) {
        int borrow = carry();
        long m = mask(size);
        long x = a & m;
        long y = b & m;
        long difference = x - y - borrow & m;
        int flags = (int) (x ^ y ^ difference) & Flags.AF;
        if (borrow == 0 ? Long.compareUnsigned(x, y) < 0 : Long.compareUnsigned(x, y) <= 0) {
            flags |= Flags.CF;
        }
        if (((x ^ y) & (x ^ difference)) << 64 - (8 << size) < 0) {
            flags |= Flags.OF;
        }
        lazy(Flags.RESULT, size, difference, flags);
        put(slot, size, difference);
    }

    /** ROL ROR RCL RCR SHL SHR SAL SAR. */
    private void shift(int kind, int size, int slot, int rawCount) {
        int count = rawCount & (size == 3 ? 63 : 31);
        if (count == 0) {
            if (size == 2) {
                put(slot, size, registers[slot]);
            }
            return;
        }
        int bits = 8 << size;
        long m = mask(size);
        long value = registers[slot] & m;
        switch (kind) {
            case 0 -> {
                int n = count & bits - 1;
                long result = n == 0 ? value : (value << n | value >>> bits - n) & m;
                put(slot, size, result);
                int carry = (int) result & 1;
                setFlags(Flags.CF | Flags.OF, carry | overflow((int) (result >>> bits - 1) & 1 ^ carry));
            }
            case 1 -> {
                int n = count & bits - 1;
                long result = n == 0 ? value : (value >>> n | value << bits - n) & m;
                put(slot, size, result);
                int top = (int) (result >>> bits - 1) & 1;
                setFlags(Flags.CF | Flags.OF, top | overflow(top ^ (int) (result >>> bits - 2) & 1));
            }
            case 2, 3 -> rotateThroughCarry(kind == 3, size, slot, value, count);
            case 4, 6 -> {
                long result = value << count & m;
                int carry = count > bits ? 0 : (int) (value >>> bits - count) & 1;
                put(slot, size, result);
                lazy(Flags.RESULT, size, result, carry | overflow((int) (result >>> bits - 1) & 1 ^ carry));
            }
            case 5 -> {
                long result = value >>> count;
                put(slot, size, result);
                int carry = (int) (value >>> count - 1) & 1;
                // Defined for one bit only, where it is the old top bit; processors make it so for any count.
                lazy(Flags.RESULT, size, result, carry | overflow((int) (result >>> bits - 2) & 1));
            }
            default -> {
                long signed = value << 64 - bits >> 64 - bits;
                long result = signed >> count;
                put(slot, size, result);
                lazy(Flags.RESULT, size, result, (int) (signed >> count - 1) & 1);
            }
        }
    }

    private static int overflow(int bit) {
        return bit << 11;
    }

    private void rotateThroughCarry(boolean right, int size, int slot, long value, int rawCount) {
        int bits = 8 << size;
        int count = rawCount % (bits + 1);
        int carry = carry();
        long result = value;
        for (int i = 0; i < count; i++) {
            if (right) {
                int out = (int) result & 1;
                result = result >>> 1 | (long) carry << bits - 1;
                carry = out;
            } else {
                int out = (int) (result >>> bits - 1) & 1;
                result = result << 1 & mask(size) | carry;
                carry = out;
            }
        }
        put(slot, size, result);
        int top = (int) (result >>> bits - 1) & 1;
        int other = right ? (int) (result >>> bits - 2) & 1 : carry;
        setFlags(Flags.CF | Flags.OF, carry | overflow(top ^ other));
    }

    private void doubleShift(boolean right, int size, int slot, long fill, int rawCount) {
        int count = rawCount & (size == 3 ? 63 : 31);
        if (count == 0) {
            if (size == 2) {
                put(slot, size, registers[slot]);
            }
            return;
        }
        int bits = 8 << size;
        long m = mask(size);
        long value = registers[slot] & m;
        long other = fill & m;
        long result;
        int carry;
        if (size == 1) {
            // Counts above 16 are undefined; processors shift the operand in behind itself.
            long wide = right ? value | other << 16 | value << 32 : value << 32 | other << 16 | value;
            result = (right ? wide >>> count : wide << count >>> 32) & m;
            carry = (int) (right ? wide >>> count - 1 : wide >>> 48 - count) & 1;
        } else if (right) {
            result = (value >>> count | other << bits - count) & m;
            carry = (int) (value >>> count - 1) & 1;
        } else {
            result = (value << count | other >>> bits - count) & m;
            carry = (int) (value >>> bits - count) & 1;
        }
        put(slot, size, result);
        // Defined for one bit only, where it is whether the sign changed; processors make it so for any count.
        int top = (int) (result >>> bits - 1) & 1;
        int below = right ? (int) (result >>> bits - 2) & 1 : carry;
        lazy(Flags.RESULT, size, result, carry | overflow(top ^ below));
    }

    /** 4 MUL, 5 IMUL, 6 DIV, 7 IDIV with the accumulator. */
    private void multiply(int kind, int size, long raw) {
        if (kind >= 6) {
            Division.divide(this, kind == 7, size, raw);
            return;
        }
        int bits = 8 << size;
        long low;
        long high;
        boolean carry;
        if (kind == 4) {
            long x = registers[CpuState.RAX] & mask(size);
            long y = raw & mask(size);
            if (size == 3) {
                low = x * y;
                high = Math.unsignedMultiplyHigh(x, y);
            } else {
                low = x * y;
                high = low >>> bits;
            }
            carry = (high & mask(size)) != 0;
        } else {
            long x = registers[CpuState.RAX] << 64 - bits >> 64 - bits;
            long y = raw << 64 - bits >> 64 - bits;
            low = x * y;
            high = size == 3 ? Math.multiplyHigh(x, y) : low >> bits;
            long extended = low << 64 - bits >> 64 - bits;
            carry = size == 3 ? high != low >> 63 : extended != low;
        }
        if (size == 0) {
            put(CpuState.RAX, 1, low);
        } else {
            put(CpuState.RAX, size, low);
            put(CpuState.RDX, size, high);
        }
        lazy(Flags.RESULT, size, low & mask(size), carry ? Flags.CF | Flags.OF : 0);
    }

    private void signedMultiply(int size, int slot, long a, long b) {
        int shift = 64 - (8 << size);
        long x = a << shift >> shift;
        long y = b << shift >> shift;
        long product = x * y;
        boolean carry = size == 3 ? Math.multiplyHigh(x, y) != product >> 63 : product << shift >> shift != product;
        put(slot, size, product);
        lazy(Flags.RESULT, size, product & mask(size), carry ? Flags.CF | Flags.OF : 0);
    }

    /** BT BTS BTR BTC. Only CF is defined; ZF stays (Intel SDM 2A "BT"), and so do the others. */
    private void bitTest(int kind, int size, int slot, int index) {
        int bit = index & (8 << size) - 1;
        long value = registers[slot];
        setFlags(Flags.CF, (int) (value >>> bit) & 1);
        if (kind != 0) {
            put(slot, size, changed(kind, value, bit));
        }
    }

    private static long changed(int kind, long value, int bit) {
        long selected = 1L << bit;
        return switch (kind) {
            case 1 -> value | selected;
            case 2 -> value & ~selected;
            default -> value ^ selected;
        };
    }

    private void bitTestMemory(int kind, int size, int index) {
        int bit = index & (8 << size) - 1;
        long linear = registers[Op.T1];
        if (kind == 0) {
            setFlags(Flags.CF, (int) (mmu.read(linear, 1 << size) >>> bit) & 1);
            return;
        }
        long value = mmu.readForWrite(linear, 1 << size);
        mmu.write(linear, 1 << size, changed(kind, value, bit));
        setFlags(Flags.CF, (int) (value >>> bit) & 1);
    }

    private void bitScan(boolean reverse, int size, int slot, long value) {
        if (value == 0) {
            // The destination is left alone: undefined on paper, relied upon by everybody.
            setFlags(Flags.ZF, Flags.ZF);
            return;
        }
        put(slot, size, reverse ? 63 - Long.numberOfLeadingZeros(value) : Long.numberOfTrailingZeros(value));
        setFlags(Flags.ZF, 0);
    }

    private static long swap(int size, long value, boolean defined16) {
        return switch (size) {
            // BSWAP of a 16-bit register is undefined: processors clear it. MOVBE swaps.
            case 1 -> defined16 ? Short.reverseBytes((short) value) & 0xFFFF : value & ~0xFFFFL;
            case 2 -> Integer.reverseBytes((int) value) & 0xFFFF_FFFFL;
            default -> Long.reverseBytes(value);
        };
    }

    private void compareExchange(int size, int slot, long source) {
        long accumulator = registers[CpuState.RAX] & mask(size);
        long value = registers[slot] & mask(size);
        lazy(Flags.SUB, size, accumulator, value);
        if (accumulator == value) {
            put(slot, size, source);
        } else {
            put(CpuState.RAX, size, value);
        }
    }

    private void compareExchangeMemory(int size, long source) {
        long linear = registers[Op.T1];
        long accumulator = registers[CpuState.RAX] & mask(size);
        // The destination is written in any case (Intel SDM 2A "CMPXCHG"): it must be writable.
        long value = mmu.readForWrite(linear, 1 << size);
        if (accumulator == value) {
            mmu.write(linear, 1 << size, source & mask(size));
        } else {
            put(CpuState.RAX, size, value);
        }
        lazy(Flags.SUB, size, accumulator, value);
    }

    private void compareExchangePair(boolean wide) {
        long linear = registers[Op.T1];
        int size = wide ? 8 : 4;
        if (wide && (linear & 15) != 0) {
            throw fault.of(GuestFault.GP, 0);
        }
        mmu.probeWrite(linear, size * 2);
        long low = mmu.read(linear, size);
        long high = mmu.read(linear + size, size);
        int part = wide ? 3 : 2;
        boolean equal = low == (registers[CpuState.RAX] & mask(part)) && high == (registers[CpuState.RDX] & mask(part));
        if (equal) {
            mmu.write(linear, size, registers[CpuState.RBX] & mask(part));
            mmu.write(linear + size, size, registers[CpuState.RCX] & mask(part));
        } else {
            put(CpuState.RAX, part, low);
            put(CpuState.RDX, part, high);
        }
        setFlags(Flags.ZF, equal ? Flags.ZF : 0);
    }

    /** CMC CLC STC CLD STD by the opcode's low digit. */
    private void flag(int code) {
        materialise();
        switch (code) {
            case 5 -> state.rflags ^= Flags.CF;
            case 8 -> state.rflags &= ~(long) Flags.CF;
            case 9 -> state.rflags |= Flags.CF;
            case 12 -> state.rflags &= ~(long) Flags.DF;
            default -> state.rflags |= Flags.DF;
        }
    }

    /** DAA DAS AAA AAS AAM AAD. */
    private void decimal(int kind, int base) {
        materialise();
        int ax = (int) registers[CpuState.RAX] & 0xFFFF;
        int al = ax & 0xFF;
        int ah = ax >> 8;
        boolean carry = (state.rflags & Flags.CF) != 0;
        boolean adjust = (al & 0xF) > 9 || (state.rflags & Flags.AF) != 0;
        int flags;
        switch (kind) {
            case 0, 1 -> {
                int sign = kind == 0 ? 1 : -1;
                boolean carryOut = carry || al > 0x99;
                int result = al;
                if (adjust) {
                    result += 6 * sign;
                    carryOut |= kind == 1 && al < 6;
                }
                if (carry || al > 0x99) {
                    result += 0x60 * sign;
                }
                al = result & 0xFF;
                flags = (carryOut ? Flags.CF : 0) | (adjust ? Flags.AF : 0);
            }
            case 2, 3 -> {
                if (adjust) {
                    ax = (kind == 2 ? ax + 0x106 : ax - 0x106) & 0xFFFF;
                }
                al = ax & 0xF;
                ah = ax >> 8;
                flags = adjust ? Flags.CF | Flags.AF : 0;
            }
            case 4 -> {
                if (base == 0) {
                    throw fault.of(GuestFault.DE, 0);
                }
                ah = al / base;
                al = al % base;
                flags = 0;
            }
            default -> {
                al = al + ah * base & 0xFF;
                ah = 0;
                flags = 0;
            }
        }
        put(CpuState.RAX, 1, ah << 8 | al);
        setFlags(Flags.ARITHMETIC, flags | Flags.resultFlags((long) al << 56, al));
    }
}
