package oriel.hypervisor.cpu.emulated;

import oriel.hypervisor.cpu.CpuState;

/** FSTENV, FLDENV, FSAVE and FRSTOR images (Intel SDM 1 §8.1.10). Code and data selectors are stored as zero. */
final class X87Environment {
    private static final long VM = 0x20000;

    private final CpuState state;
    private final LinearMemory memory;
    private final X87Registers registers;

    X87Environment(CpuState state, LinearMemory memory, X87Registers registers) {
        this.state = state;
        this.memory = memory;
        this.registers = registers;
    }

    private boolean realMode() {
        return (state.cr0 & 1) == 0 || (state.rflags & VM) != 0;
    }

    private static int environmentSize(int operandSize) {
        return 7 * operandSize;
    }

    /** FNSTENV; then all exceptions are masked. */
    void store(long linear, int operandSize) {
        memory.probeWrite(linear, environmentSize(operandSize));
        write(linear, operandSize);
        state.fpControl |= 0x3F;
        state.fpStatus = X87Unit.withSummary(state.fpStatus, state.fpControl);
    }

    private void write(long linear, int size) {
        put(linear, size, 0, state.fpControl);
        put(linear, size, 1, state.fpStatus);
        put(linear, size, 2, fullTag());
        int instruction = (int) state.fpInstruction;
        int data = (int) state.fpData;
        if (size == 4 && !realMode()) {
            memory.write32(linear + 12, instruction);
            memory.write32(linear + 16, state.fpOpcode << 16);
            memory.write32(linear + 20, data);
            memory.write32(linear + 24, 0xFFFF0000);
        } else if (size == 4) {
            put(linear, size, 3, instruction);
            memory.write32(linear + 16, instruction >>> 16 << 12 | state.fpOpcode);
            put(linear, size, 5, data);
            memory.write32(linear + 24, data >>> 16 << 12);
        } else if (realMode()) {
            put(linear, size, 3, instruction);
            put(linear, size, 4, (instruction >>> 16 & 15) << 12 | state.fpOpcode);
            put(linear, size, 5, data);
            put(linear, size, 6, (data >>> 16 & 15) << 12);
        } else {
            put(linear, size, 3, instruction);
            put(linear, size, 4, 0);
            put(linear, size, 5, data);
            put(linear, size, 6, 0);
        }
    }

    /** One 16-bit field; the upper half of a 32-bit slot is all ones. */
    private void put(long linear, int size, int index, int value) {
        if (size == 4) {
            memory.write32(linear + 4L * index, value | 0xFFFF0000);
        } else {
            memory.write16(linear + 2L * index, value & 0xFFFF);
        }
    }

    private int fullTag() {
        int tag = 0;
        for (int i = 0; i < 8; i++) {
            tag |= tag(i) << 2 * i;
        }
        return tag;
    }

    /** 0 valid, 1 zero, 2 special, 3 empty. */
    private int tag(int physical) {
        if ((state.fpTag >> 2 * physical & 3) == 3) {
            return 3;
        }
        int exponent = state.fpSignExponent[physical] & X87Arithmetic.SPECIAL;
        long significand = state.fpSignificand[physical];
        if (exponent == 0 && significand == 0) {
            return 1;
        }
        return exponent == 0 || exponent == X87Arithmetic.SPECIAL || significand >= 0 ? 2 : 0;
    }

    /** FLDENV. */
    void load(long linear, int size) {
        memory.probeRead(linear, environmentSize(size));
        state.fpControl = X87Unit.controlWord(memory.read16(linear));
        state.fpStatus = X87Unit.withSummary(memory.read16(linear + size), state.fpControl);
        state.fpTag = memory.read16(linear + 2L * size);
        int instruction = memory.read16(linear + 3L * size);
        int data = memory.read16(linear + 5L * size);
        if (realMode()) {
            int upper = size == 4 ? memory.read32(linear + 16) : memory.read16(linear + 8);
            int dataUpper = size == 4 ? memory.read32(linear + 24) : memory.read16(linear + 12);
            state.fpOpcode = upper & 0x7FF;
            instruction |= (upper & 0x0FFFF000) << 4;
            data |= (dataUpper & 0x0FFFF000) << 4;
        } else if (size == 4) {
            instruction = memory.read32(linear + 12);
            state.fpOpcode = memory.read32(linear + 16) >>> 16 & 0x7FF;
            data = memory.read32(linear + 20);
        }
        state.fpInstruction = instruction & 0xFFFFFFFFL;
        state.fpData = data & 0xFFFFFFFFL;
    }

    /** FNSAVE; then the unit is as after FNINIT. */
    void save(long linear, int size) {
        int header = environmentSize(size);
        memory.probeWrite(linear, header + 80);
        write(linear, size);
        for (int i = 0; i < 8; i++) {
            memory.write64(linear + header + 10L * i, registers.significand(i));
            memory.write16(linear + header + 10L * i + 8, registers.signExponent(i));
        }
        initialise();
    }

    /** FRSTOR. */
    void restore(long linear, int size) {
        int header = environmentSize(size);
        memory.probeRead(linear, header + 80);
        load(linear, size);
        int top = registers.top();
        for (int i = 0; i < 8; i++) {
            state.fpSignificand[top + i & 7] = memory.read64(linear + header + 10L * i);
            state.fpSignExponent[top + i & 7] = memory.read16(linear + header + 10L * i + 8);
        }
    }

    /** FNINIT. */
    void initialise() {
        state.fpControl = 0x37F;
        state.fpStatus = 0;
        state.fpTag = 0xFFFF;
        state.fpOpcode = 0;
        state.fpInstruction = 0;
        state.fpData = 0;
    }
}
