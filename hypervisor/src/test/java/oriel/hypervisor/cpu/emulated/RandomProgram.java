package oriel.hypervisor.cpu.emulated;

import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import oriel.hypervisor.cpu.CpuState;

/**
 * A random program for two processors to be compared by: nested loops of random instructions with branches, calls,
 * page faults that a handler repairs, code that modifies itself, and a start close enough to the end of a page that some
 * instruction crosses it.
 */
final class RandomProgram {
    private static final long HANDLERS = 0x53_0000, IDT = 0x52_0000, GDT = 0x54_0000, COUNTERS = 0x55_0000;
    private static final long LEVEL1 = TestMachine.TABLES + 0x3000;

    /** The page that comes and goes; its neighbours stay. */
    private static final long FAULTING = TestMachine.DATA + 0x1000;

    private final Random random;
    private final InstructionGenerator instructions;
    private final ByteArrayOutputStream code = new ByteArrayOutputStream();
    private final List<Integer> patchable = new ArrayList<>();
    private final long start;
    private int loops;

    RandomProgram(long seed) {
        random = new Random(seed);
        instructions = new InstructionGenerator(random);
        start = TestMachine.CODE + (random.nextBoolean() ? 0 : 0xC00 + random.nextInt(0x400));
        int count = 1 + random.nextInt(3);
        for (int i = 0; i < count; i++) {
            loop(random.nextInt(2));
        }
        emit(0xF4);
    }

    private static long entry(long linear) {
        return LEVEL1 + (linear >> 12) * 8;
    }

    /** Puts the program and all it needs into a machine in long mode. */
    void load(TestMachine machine) {
        machine.memory.write(TestMachine.DATA, new byte[0x4000], 0, 0x4000);
        machine.memory.write(TestMachine.STACK - 0x2000, new byte[0x3000], 0, 0x3000);
        machine.memory.write(TestMachine.CODE, new byte[0x4000], 0, 0x4000);
        machine.memory.write(COUNTERS, new byte[0x1000], 0, 0x1000);
        for (int i = 0; i < 8; i++) {
            machine.memory.write(entry(FAULTING), 8, FAULTING | 7);
        }
        for (int vector = 0; vector < 64; vector++) {
            long handler = HANDLERS + vector * 32L;
            machine.memory.write(
                    IDT + vector * 16L, 8, handler & 0xFFFF | 0x10L << 16 | 0x8E00L << 32 | (handler >> 16) << 48);
            machine.memory.write(IDT + vector * 16L + 8, 8, 0);
            machine.memory.write(handler, 1, 0xF4);
        }
        // Interrupts count; page faults map the page, unless they were about another one.
        machine.load(HANDLERS + 40 * 32, 0x48, 0xFF, 0x04, 0x25, 0, 0, 0x55, 0, 0x48, 0xCF);
        machine.load(
                HANDLERS + 14 * 32,
                0x48,
                0x83,
                0x0C,
                0x25,
                (int) entry(FAULTING) & 0xFF,
                (int) entry(FAULTING) >> 8,
                0,
                0,
                1,
                0x48,
                0xFF,
                0x04,
                0x25,
                8,
                0,
                0x55,
                0,
                0x48,
                0x83,
                0xC4,
                8,
                0x48,
                0xCF);
        machine.memory.write(GDT + 0x10, 8, 0x00AF_9B00_0000_FFFFL);
        machine.memory.write(GDT + 0x18, 8, 0x00CF_9300_0000_FFFFL);
        CpuState state = machine.state;
        state.gdtBase = GDT;
        state.gdtLimit = 0x1F;
        state.idtBase = IDT;
        state.idtLimit = 64 * 16 - 1;
        byte[] bytes = code.toByteArray();
        machine.memory.write(start, bytes, 0, bytes.length);
        Random values = new Random(start + bytes.length);
        for (int i = 0; i < 16; i++) {
            state.gpr[i] = values.nextLong() >> values.nextInt(64);
        }
        for (int i = 0; i < 32; i++) {
            state.xmm[i] = values.nextLong();
        }
        state.gpr[CpuState.RSP] = TestMachine.STACK;
        state.segments[CpuState.CS].set(0x10, 0, 0xFFFF_FFFFL, 0xA09B);
        state.segments[CpuState.SS].set(0x18, 0, 0xFFFF_FFFFL, 0xC093);
        state.rip = start;
        state.rflags = 0x202;
        state.halted = false;
        state.interruptShadow = false;
        machine.interrupts.pending = -1;
        machine.cpu.stateChanged();
    }

    private void emit(int... bytes) {
        for (int b : bytes) {
            code.write(b);
        }
    }

    private void emit32(long value) {
        emit((int) value & 0xFF, (int) value >> 8 & 0xFF, (int) value >> 16 & 0xFF, (int) value >> 24 & 0xFF);
    }

    private long here() {
        return start + code.size();
    }

    private void loop(int depth) {
        long counter = COUNTERS + 0x100 + 8L * loops++;
        // mov qword [counter], n
        emit(0x48, 0xC7, 0x04, 0x25);
        emit32(counter);
        emit32(2 + random.nextInt(60));
        long head = here();
        pointers();
        int parts = 1 + random.nextInt(6);
        for (int i = 0; i < parts; i++) {
            switch (random.nextInt(12)) {
                case 0 -> forward();
                case 1 -> call();
                case 2 -> unmap();
                case 3 -> modifyCode();
                case 4 -> {
                    if (depth > 0) {
                        loop(depth - 1);
                        pointers();
                    }
                }
                case 5 -> sse();
                // Longer than a block may be.
                case 6 -> straight(60 + random.nextInt(12));
                default -> straight(1 + random.nextInt(5));
            }
        }
        // dec qword [counter]; jnz head
        emit(0x48, 0xFF, 0x0C, 0x25);
        emit32(counter);
        emit(0x0F, 0x85);
        emit32(head - (here() + 4));
    }

    /** The registers that instructions address memory by. */
    private void pointers() {
        boolean atEdge = random.nextInt(3) == 0;
        move(0xBB, atEdge ? FAULTING - random.nextInt(64) : TestMachine.DATA + 128);
        move(0xBE, atEdge ? FAULTING + random.nextInt(64) : TestMachine.DATA + 64);
        move(0xBF, random.nextInt(64));
        move(0xBC, TestMachine.STACK - 0x100);
    }

    private void move(int opcode, long value) {
        emit(opcode);
        emit32(value);
    }

    private void straight(int count) {
        for (int i = 0; i < count; i++) {
            emit(instructions.next(random.nextInt(3) != 0));
        }
    }

    private void emit(byte[] bytes) {
        code.write(bytes, 0, bytes.length);
    }

    private void forward() {
        int at = code.size();
        byte[] before = code.toByteArray();
        straight(1 + random.nextInt(3));
        byte[] body = java.util.Arrays.copyOfRange(code.toByteArray(), at, code.size());
        code.reset();
        emit(before);
        emit(0x70 | random.nextInt(16), body.length);
        emit(body);
    }

    private void call() {
        // call over; jmp behind; over: ...; ret
        emit(0xE8, 2, 0, 0, 0);
        int at = code.size();
        byte[] before = code.toByteArray();
        straight(1 + random.nextInt(2));
        // The stack pointer may be anything by now.
        emit(0xBC);
        emit32(TestMachine.STACK - 0x108);
        emit(0xC3);
        byte[] body = java.util.Arrays.copyOfRange(code.toByteArray(), at, code.size());
        code.reset();
        emit(before);
        emit(0xEB, body.length);
        emit(body);
        pointers();
    }

    /** Takes the faulting page away. */
    private void unmap() {
        // and qword [entry], -2; invlpg [page]
        emit(0x48, 0x83, 0x24, 0x25);
        emit32(entry(FAULTING));
        emit(0xFE, 0x0F, 0x01, 0x3C, 0x25);
        emit32(FAULTING);
    }

    /** Changes a constant, before or behind. */
    private void modifyCode() {
        patchable.add(code.size() + 1);
        emit(0xBD);
        emit32(random.nextInt());
        long place = start + patchable.get(random.nextInt(patchable.size()));
        // mov [place], al, or add dword [place], ecx
        if (random.nextBoolean()) {
            emit(0x88, 0x04, 0x25);
        } else {
            emit(0x01, 0x0C, 0x25);
        }
        emit32(place);
    }

    private static final int[][] VECTOR = {
        {0x0F, 0x28, 0xC1},
        {0x0F, 0x10, 0x03},
        {0x0F, 0x11, 0x0E},
        {0x66, 0x0F, 0xEF, 0xC2},
        {0x66, 0x0F, 0x6F, 0xCA},
        {0xF3, 0x0F, 0x6F, 0x13},
        {0xF3, 0x0F, 0x7F, 0x06},
        {0xF2, 0x0F, 0x10, 0x03},
        {0xF2, 0x0F, 0x58, 0xC1},
        {0xF2, 0x0F, 0x59, 0xC8},
        {0xF2, 0x0F, 0x5C, 0x03},
        {0xF2, 0x0F, 0x11, 0x06},
        {0x66, 0x0F, 0x6E, 0xC0},
        {0x66, 0x48, 0x0F, 0x7E, 0xC1},
        {0x66, 0x0F, 0xD6, 0x0E},
        {0xF3, 0x0F, 0x7E, 0x13},
        {0x66, 0x0F, 0x2E, 0xC1},
        {0xF2, 0x48, 0x0F, 0x2A, 0xC0},
        {0xF2, 0x0F, 0x2C, 0xC0},
        {0xF2, 0x0F, 0x5E, 0xC1},
        {0x66, 0x0F, 0xD4, 0xC8},
        {0xF3, 0x0F, 0x58, 0xC1},
        {0xF3, 0x0F, 0x10, 0x0B},
        {0x66, 0x0F, 0xD7, 0xC1},
        {0x66, 0x0F, 0x74, 0xC1},
        {0xF2, 0x0F, 0x51, 0xC1},
        {0x0F, 0x16, 0x03},
        {0x66, 0x0F, 0x12, 0x0B},
        {0x66, 0x0F, 0x6C, 0xC1}
    };

    private void sse() {
        int count = 1 + random.nextInt(4);
        for (int i = 0; i < count; i++) {
            emit(VECTOR[random.nextInt(VECTOR.length)]);
        }
    }
}
