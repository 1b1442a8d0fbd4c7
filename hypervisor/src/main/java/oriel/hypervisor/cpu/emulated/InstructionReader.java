package oriel.hypervisor.cpu.emulated;

import oriel.hypervisor.memory.GuestMemory;
import oriel.hypervisor.memory.NativeMemory;

/** Reads instruction bytes: prefixes, ModRM, SIB, displacement. Holds the parts of the current instruction. */
final class InstructionReader {
    static final int PAGE_SIZE = 0x1000;

    /** Values of {@link #repeat}: also the order of mandatory prefixes. */
    static final int NO_REPEAT = 0, REP = 2, REPNE = 3;

    final DecodeSignal pageEnd = new DecodeSignal();
    final DecodeSignal tooLong = new DecodeSignal();
    final DecodeSignal invalid = new DecodeSignal();

    private final GuestMemory memory;
    private final Mmu mmu;

    private long linearPage;
    private long host;
    private long secondHost;
    private boolean first;

    /** Physical page of the bytes behind the page boundary, or -1. */
    long secondPage;

    /** Offset in the page of the next byte, and of the instruction. May run past the page's end. */
    int position, start;

    boolean mode64;
    int codeSize;

    // Prefixes. Sizes are log2 of bytes.
    int operandSize, addressSize, segment, repeat, rex;
    boolean lock, operandPrefix;

    // ModRM: register operands with REX applied, or a memory operand.
    int modrm, reg, rm, digit;
    boolean isMemory;
    int base, index, scale, displacement;
    boolean stackDefault;
    int ripRelativeHigh;

    InstructionReader(GuestMemory memory, Mmu mmu) {
        this.memory = memory;
        this.mmu = mmu;
    }

    void beginBlock(long linear, long physical, int newCodeSize) {
        linearPage = linear & -PAGE_SIZE;
        host = memory.readable(physical & -PAGE_SIZE);
        secondPage = -1;
        codeSize = newCodeSize;
        mode64 = newCodeSize == 3;
        position = (int) (linear & 0xFFF);
    }

    void beginInstruction(boolean firstOfBlock) {
        start = position;
        first = firstOfBlock;
        operandPrefix = false;
        operandSize = mode64 ? 2 : codeSize;
        addressSize = codeSize;
        segment = -1;
        repeat = NO_REPEAT;
        rex = 0;
        lock = false;
        isMemory = false;
        modrm = 0;
    }

    int next8() {
        if (position - start >= 15) {
            throw tooLong;
        }
        int value = byteAt(position);
        position++;
        return value;
    }

    int peek8() {
        return byteAt(position);
    }

    private int byteAt(int offset) {
        if (offset < PAGE_SIZE) {
            return host == 0 ? 0xFF : NativeMemory.get8(host + offset) & 0xFF;
        }
        if (!first) {
            throw pageEnd;
        }
        if (secondPage < 0) {
            long next = linearPage + PAGE_SIZE;
            secondPage = mmu.fetchAddress(mode64 ? next : next & 0xFFFF_FFFFL);
            secondHost = memory.readable(secondPage);
        }
        return secondHost == 0 ? 0xFF : NativeMemory.get8(secondHost + offset - PAGE_SIZE) & 0xFF;
    }

    int next16() {
        int low = next8();
        return low | next8() << 8;
    }

    int next32() {
        int low = next16();
        return low | next16() << 16;
    }

    long next64() {
        long low = next32() & 0xFFFF_FFFFL;
        return low | (long) next32() << 32;
    }

    /** A sign-extended immediate of the operand size, 4 bytes at most. */
    int immediate(int size) {
        return switch (size) {
            case 0 -> (byte) next8();
            case 1 -> (short) next16();
            default -> next32();
        };
    }

    /** Reads prefixes and gives the first opcode byte. */
    int prefixesAndOpcode() {
        for (; ; ) {
            int b = next8();
            switch (b) {
                case 0x26, 0x2E, 0x36, 0x3E -> {
                    if (!mode64) {
                        segment = b >> 3 & 3;
                    }
                    rex = 0;
                }
                case 0x64, 0x65 -> {
                    segment = b - 0x60;
                    rex = 0;
                }
                case 0x66 -> {
                    operandPrefix = true;
                    rex = 0;
                }
                case 0x67 -> {
                    addressSize = codeSize == 2 ? 1 : 2;
                    rex = 0;
                }
                case 0xF0 -> {
                    lock = true;
                    rex = 0;
                }
                case 0xF2 -> {
                    repeat = REPNE;
                    rex = 0;
                }
                case 0xF3 -> {
                    repeat = REP;
                    rex = 0;
                }
                default -> {
                    if (mode64 && (b & 0xF0) == 0x40) {
                        rex = b;
                        continue;
                    }
                    if ((rex & 8) != 0) {
                        operandSize = 3;
                    } else if (operandPrefix) {
                        operandSize = codeSize == 1 ? 2 : 1;
                    }
                    return b;
                }
            }
        }
    }

    /** Mandatory prefix as {@link SseUnit#lookup} counts: 0 none, 1 66, 2 F3, 3 F2. */
    int mandatoryPrefix() {
        return repeat != NO_REPEAT ? repeat : operandPrefix ? 1 : 0;
    }

    /**
     * Reads ModRM and what belongs to it.
     *
     * @param immediateBytes that follow: RIP-relative addresses count from the instruction's end
     */
    void readModrm(int immediateBytes) {
        modrm = next8();
        digit = modrm >> 3 & 7;
        reg = digit | (rex & 4) << 1;
        rm = modrm & 7 | (rex & 1) << 3;
        int mod = modrm >> 6;
        isMemory = mod != 3;
        if (!isMemory) {
            return;
        }
        stackDefault = false;
        index = Op.ZERO;
        scale = 0;
        if (addressSize == 1) {
            readModrm16(mod);
            return;
        }
        int low = modrm & 7;
        if (low == 4) {
            int sib = next8();
            int i = sib >> 3 & 7 | (rex & 2) << 2;
            if (i != 4) {
                index = i;
                scale = sib >> 6;
            }
            low = sib & 7;
            base = low | (rex & 1) << 3;
            if (low == 5 && mod == 0) {
                base = Op.ZERO;
                displacement = next32();
                return;
            }
        } else {
            base = rm;
            if (low == 5 && mod == 0) {
                displacement = next32();
                base = Op.ZERO;
                if (mode64) {
                    base = Op.RIP_BASE;
                    long sum = (long) displacement + position + immediateBytes;
                    displacement = (int) sum;
                    // Within 4 KiB of ±2 GiB the sum needs a 33rd bit.
                    ripRelativeHigh = sum == displacement ? 0 : sum > 0 ? 1 : -1;
                    if (ripRelativeHigh != 0) {
                        throw invalid;
                    }
                }
                return;
            }
        }
        stackDefault = base == 4 || base == 5;
        displacement = mod == 0 ? 0 : mod == 1 ? (byte) next8() : next32();
    }

    private void readModrm16(int mod) {
        int low = modrm & 7;
        switch (low) {
            case 0, 1, 2, 3 -> {
                base = low < 2 ? 3 : 5;
                index = 6 + (low & 1);
                stackDefault = low >= 2;
            }
            case 4 -> base = 6;
            case 5 -> base = 7;
            case 6 -> {
                base = 5;
                stackDefault = true;
                if (mod == 0) {
                    base = Op.ZERO;
                    stackDefault = false;
                    displacement = next16();
                    return;
                }
            }
            default -> base = 3;
        }
        displacement = mod == 0 ? 0 : mod == 1 ? (byte) next8() : (short) next16();
    }
}
