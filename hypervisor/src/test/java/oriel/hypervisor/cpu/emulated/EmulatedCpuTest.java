package oriel.hypervisor.cpu.emulated;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Test;
import oriel.hypervisor.cpu.CpuExit;
import oriel.hypervisor.cpu.CpuState;

/** Small programs in bytes: modes, control flow, memory, faults, self-modification, budget. */
class EmulatedCpuTest {
    private static final int RAX = CpuState.RAX, RCX = CpuState.RCX, RDX = CpuState.RDX, RBX = CpuState.RBX;
    private static final int RSP = CpuState.RSP, RSI = CpuState.RSI, RDI = CpuState.RDI;

    /** Interrupt gates to handlers that halt, and a GDT, for long mode at privilege level 0. */
    private static void handlers(TestMachine machine) {
        for (int vector = 0; vector < 64; vector++) {
            long handler = 0x53_0000L + vector * 16L;
            machine.memory.write(
                    0x52_0000L + vector * 16L,
                    8,
                    handler & 0xFFFF | 0x10L << 16 | 0x8E00L << 32 | (handler >> 16) << 48);
            machine.memory.write(0x52_0008L + vector * 16L, 8, 0);
            machine.memory.write(handler, 1, 0xF4);
        }
        machine.memory.write(0x54_0010, 8, 0x00AF_9B00_0000_FFFFL);
        machine.memory.write(0x54_0018, 8, 0x00CF_9300_0000_FFFFL);
        machine.state.gdtBase = 0x54_0000;
        machine.state.gdtLimit = 0x1F;
        machine.state.idtBase = 0x52_0000;
        machine.state.idtLimit = 64 * 16 - 1;
    }

    private static int vector(TestMachine machine) {
        return (int) (machine.state.rip - 0x53_0000) / 16;
    }

    @Test
    void loopsInLongMode() {
        try (TestMachine machine = TestMachine.longMode(false)) {
            // mov ecx, 1000; xor eax, eax; again: add rax, rcx; dec rcx; jnz again
            machine.code(0xB9, 0xE8, 3, 0, 0, 0x31, 0xC0, 0x48, 0x01, 0xC8, 0x48, 0xFF, 0xC9, 0x75, 0xF8)
                    .run();
            assertThat(machine.register(RAX)).isEqualTo(500500);
            assertThat(machine.cpu.instructions()).isEqualTo(2 + 3000 + 1);
        }
    }

    @Test
    void givesRandomNumbersOfItsSource() {
        Random source = new Random(TestMachine.RANDOM_SEED);
        try (TestMachine machine = TestMachine.longMode(false)) {
            // mov rcx, -1; xor eax, eax; rdrand rax; setc dl; rdseed ecx; setc bl; rdrand si
            machine.code(
                            0x48, 0xC7, 0xC1, 0xFF, 0xFF, 0xFF, 0xFF, 0x31, 0xC0, 0x48, 0x0F, 0xC7, 0xF0, 0x0F, 0x92,
                            0xC2, 0x0F, 0xC7, 0xF9, 0x0F, 0x92, 0xC3, 0x66, 0x0F, 0xC7, 0xF6)
                    .run();
            assertThat(machine.register(RAX)).isEqualTo(source.nextLong());
            assertThat(machine.register(RDX)).as("carry: the number is good").isEqualTo(1);
            assertThat(machine.register(RCX)).isEqualTo(source.nextLong() & 0xFFFF_FFFFL);
            assertThat(machine.register(RBX)).isEqualTo(1);
            assertThat(machine.register(RSI)).isEqualTo(source.nextLong() & 0xFFFF);
        }
    }

    /** The page of the code is mapped a second time, and written there. */
    @Test
    void codeChangesThroughAnAlias() {
        for (TranslationPolicy policy :
                new TranslationPolicy[] {TranslationPolicy.NEVER, TranslationPolicy.HOT, TranslationPolicy.EVERYTHING
                }) {
            try (TestMachine machine = TestMachine.longMode(false, policy)) {
                machine.memory.write(TestMachine.TABLES + 0x3000 + 0x400 * 8, 8, TestMachine.CODE | 7);
                machine.state.gpr[RDX] = 2;
                // start: mov ecx, 100; again: mov eax, 1; dec ecx; jnz again; add ebx, eax;
                // mov byte [400006h], 2; dec edx; jnz start
                machine.code(
                                0xB9, 100, 0, 0, 0, 0xB8, 1, 0, 0, 0, 0xFF, 0xC9, 0x75, 0xF7, 0x01, 0xC3, 0xC6, 0x04,
                                0x25, 0x06, 0, 0x40, 0, 2, 0xFF, 0xCA, 0x75, 0xE4)
                        .run();
                assertThat(machine.register(RBX)).as("%s", policy).isEqualTo(3);
            }
        }
    }

    @Test
    void loopsInProtectedMode() {
        try (TestMachine machine = TestMachine.protectedMode()) {
            // mov ecx, 10; again: push ecx; pop eax; add edx, eax; loop again; call +1; hlt; inc ebx; ret
            machine.code(0xB9, 10, 0, 0, 0, 0x51, 0x58, 0x01, 0xC2, 0xE2, 0xFA, 0xE8, 1, 0, 0, 0, 0xF4, 0x43, 0xC3)
                    .run();
            assertThat(machine.register(RDX)).isEqualTo(55);
            assertThat(machine.register(RBX)).isEqualTo(1);
            assertThat(machine.register(RSP)).isEqualTo(TestMachine.STACK);
        }
    }

    @Test
    void addressesWrapAndAdjustInRealMode() {
        try (TestMachine machine = TestMachine.realMode()) {
            machine.state.segments[CpuState.DS].set(0x1000, 0x10000, 0xFFFF, 0x93);
            machine.memory.write(0x1_0010, 2, 0x1234);
            // mov bx, 0xFFF0; mov ax, [bx+0x20]; mov al, 0x15; add al, 0x27; daa
            machine.code(0xBB, 0xF0, 0xFF, 0x8B, 0x47, 0x20, 0x88, 0xE2, 0xB0, 0x15, 0x04, 0x27, 0x27)
                    .run();
            assertThat(machine.register(RAX) & 0xFFFF).isEqualTo(0x1242);
            assertThat(machine.register(RDX)).isEqualTo(0x12);
        }
    }

    /** Real-mode programs have code at the same offset of many segments. */
    @Test
    void sameOffsetOfAnotherSegmentIsOtherCode() {
        try (TestMachine machine = TestMachine.realMode()) {
            // 4000:0010 mov bl, 1; retf — 5000:0010 mov bl, 2; retf
            machine.memory.write(0x4_0010, 4, 0xCB_01B3);
            machine.memory.write(0x5_0010, 4, 0xCB_02B3);
            // call 4000:0010; mov bh, bl; call 5000:0010; add bh, bl; call 4000:0010; add bh, bl
            machine.code(
                            0x9A, 0x10, 0, 0, 0x40, 0x88, 0xDF, 0x9A, 0x10, 0, 0, 0x50, 0, 0xDF, 0x9A, 0x10, 0, 0, 0x40,
                            0, 0xDF)
                    .run();
            assertThat(machine.register(RBX)).isEqualTo(0x401);
        }
    }

    @Test
    void farJumpsGoFromRealToProtectedMode() {
        try (TestMachine machine = TestMachine.realMode()) {
            machine.memory.write(0x6008, 8, 0x00CF_9B00_0000_FFFFL);
            machine.memory.write(0x6010, 8, 0x00CF_9300_0000_FFFFL);
            machine.memory.write(0x5000, 2, 0x17);
            machine.memory.write(0x5002, 4, 0x6000);
            // lgdt [0x5000]; mov eax, cr0; or al, 1; mov cr0, eax; jmp 8:0x8000
            machine.load(
                    0x7C00, 0x0F, 0x01, 0x16, 0x00, 0x50, 0x0F, 0x20, 0xC0, 0x0C, 0x01, 0x0F, 0x22, 0xC0, 0xEA, 0x00,
                    0x80, 0x08, 0x00);
            // mov ax, 16; mov ss, ax; mov esp, 0x9000; push 0x12345678; pop ebx; hlt
            machine.load(
                    0x8000, 0x66, 0xB8, 0x10, 0x00, 0x8E, 0xD0, 0xBC, 0x00, 0x90, 0x00, 0x00, 0x68, 0x78, 0x56, 0x34,
                    0x12, 0x5B, 0xF4);
            machine.run();
            assertThat(machine.register(RBX)).isEqualTo(0x12345678);
            assertThat(machine.state.segments[CpuState.CS].selector).isEqualTo(8);
        }
    }

    @Test
    void codeThatChangesItselfAheadIsSeenAtOnce() {
        try (TestMachine machine = TestMachine.longMode(false)) {
            machine.state.gpr[RDI] = TestMachine.CODE + 4;
            // mov byte [rdi], 0x2A; nop; mov eax, imm32 whose first byte lies at code + 4
            machine.code(0xC6, 0x07, 0x2A, 0xB8, 1, 0, 0, 0).run();
            assertThat(machine.register(RAX)).isEqualTo(0x2A);
        }
    }

    @Test
    void codeThatIsRewrittenBetweenCallsRunsAnew() {
        try (TestMachine machine = TestMachine.longMode(false)) {
            long function = TestMachine.CODE + 0x800;
            machine.load(function, 0xB8, 0, 0, 0, 0, 0xC3);
            machine.state.gpr[RDI] = function + 1;
            machine.state.gpr[RCX] = 100;
            // again: mov [rdi], cl; call function; add rdx, rax; dec ecx; jnz again
            machine.code(0x88, 0x0F, 0xE8, 0xF9, 7, 0, 0, 0x48, 0x01, 0xC2, 0xFF, 0xC9, 0x75, 0xF2)
                    .run();
            assertThat(machine.register(RDX)).isEqualTo(5050);
        }
    }

    @Test
    void deviceWritesToCodeAreSeen() {
        try (TestMachine machine = TestMachine.longMode(false)) {
            machine.code(0xB0, 1).run();
            machine.memory.write(TestMachine.CODE + 1, 1, 7);
            machine.state.rip = TestMachine.CODE;
            machine.state.halted = false;
            machine.run();
            assertThat(machine.register(RAX)).isEqualTo(7);
        }
    }

    @Test
    void instructionsCrossPages() {
        try (TestMachine machine = TestMachine.longMode(false)) {
            machine.state.rip = TestMachine.CODE + 0xFFD;
            // mov eax, 0x11223344 across the boundary; inc eax
            machine.code(0xB8, 0x44, 0x33, 0x22, 0x11, 0xFF, 0xC0).run();
            assertThat(machine.register(RAX)).isEqualTo(0x11223345);
        }
    }

    @Test
    void accessesCrossPages() {
        try (TestMachine machine = TestMachine.longMode(false)) {
            machine.state.gpr[RDI] = TestMachine.DATA + 0xFFC;
            machine.state.gpr[RAX] = 0x1122334455667788L;
            // mov [rdi], rax; mov rbx, [rdi]; add dword [rdi+2], 1
            machine.code(0x48, 0x89, 0x07, 0x48, 0x8B, 0x1F, 0x83, 0x47, 0x02, 0x01)
                    .run();
            assertThat(machine.register(RBX)).isEqualTo(0x1122334455667788L);
            assertThat(machine.memory.read(TestMachine.DATA + 0xFFC, 8)).isEqualTo(0x1122334455677788L);
        }
    }

    @Test
    void pageFaultsAreDeliveredWithNothingChanged() {
        try (TestMachine machine = TestMachine.longMode(false)) {
            handlers(machine);
            machine.state.gpr[RDI] = 0x4000_0000L;
            // inc eax; push [rdi]
            machine.code(0xFF, 0xC0, 0xFF, 0x37).run();
            assertThat(vector(machine)).isEqualTo(GuestFault.PF);
            assertThat(machine.state.cr2).isEqualTo(0x4000_0000L);
            assertThat(machine.register(RAX)).isEqualTo(1);
            long frame = machine.register(RSP);
            assertThat(machine.memory.read(frame, 8)).as("error code").isZero();
            assertThat(machine.memory.read(frame + 8, 8)).as("RIP").isEqualTo(TestMachine.CODE + 2);
            assertThat(machine.memory.read(frame + 32, 8)).as("RSP").isEqualTo(TestMachine.STACK);
        }
    }

    /** A block of one operation is decoded last, where others were before the cache was full and emptied. */
    @Test
    void codeIsRewrittenOverAndOver() {
        int[] large = new int[8 * 20 + 1];
        for (int i = 0; i < 20; i++) {
            int[] add = {0x48, 0x01, 0x04, 0x25, 0x00, 0x00, 0x30, 0x00}; // add %rax, DATA
            System.arraycopy(add, 0, large, 8 * i, 8);
        }
        large[160] = 0xC3;
        try (TestMachine machine = TestMachine.longMode(false)) {
            machine.load(TestMachine.CODE + 0x800, 0xC3);
            machine.load(TestMachine.CODE + 0xA00, large);
            machine.code(
                    0xB9, 0x60, 0xEA, 0x00, 0x00, // mov $60000, %ecx
                    0xC6, 0x04, 0x25, 0x00, 0x0A, 0x10, 0x00, 0x48, // movb $0x48, CODE+0xA00
                    0xE8, 0xEE, 0x09, 0x00, 0x00, // call CODE+0xA00
                    0xFF, 0xC9, // dec %ecx
                    0x75, 0xEF, // jnz
                    0xB9, 0x00, 0x04, 0x00, 0x00, // mov $1024, %ecx
                    0xC6, 0x04, 0x25, 0x00, 0x08, 0x10, 0x00, 0xC3, // movb $0xC3, CODE+0x800
                    0xE8, 0xD8, 0x07, 0x00, 0x00, // call CODE+0x800
                    0xFF, 0xC9, // dec %ecx
                    0x75, 0xEF, // jnz
                    0xBB, 0x01, 0x00, 0x00, 0x00); // mov $1, %ebx
            assertThat(machine.cpu.run(20_000_000)).isEqualTo(CpuExit.HALTED);
            assertThat(machine.register(CpuState.RBX)).isEqualTo(1);
        }
    }

    @Test
    void readModifyWriteFaultsAsAWrite() {
        try (TestMachine machine = TestMachine.longMode(false)) {
            handlers(machine);
            long entry = TestMachine.TABLES + 0x3000 + (TestMachine.DATA >> 12) * 8;
            machine.memory.write(entry, 8, TestMachine.DATA | 5);
            machine.state.gpr[RDI] = TestMachine.DATA;
            machine.code(0xFF, 0x07).run();
            assertThat(vector(machine)).isEqualTo(GuestFault.PF);
            assertThat(machine.memory.read(machine.register(RSP), 8)).isEqualTo(3);
        }
    }

    @Test
    void nonCanonicalAddressesFaultBySegment() {
        try (TestMachine machine = TestMachine.longMode(false)) {
            handlers(machine);
            machine.state.gpr[RDI] = 0x8000_0000_0000_0000L;
            machine.code(0x8A, 0x07).run();
            assertThat(vector(machine)).isEqualTo(GuestFault.GP);
        }
        try (TestMachine machine = TestMachine.longMode(false)) {
            handlers(machine);
            machine.state.gpr[CpuState.RBP] = 0x8000_0000_0000_0000L;
            machine.code(0x8A, 0x45, 0).run();
            assertThat(vector(machine)).isEqualTo(GuestFault.SS);
        }
    }

    @Test
    void repeatedMovesCanBeResumed() {
        try (TestMachine machine = TestMachine.longMode(false)) {
            handlers(machine);
            long entry = TestMachine.TABLES + 0x3000 + ((TestMachine.DATA >> 12) + 1) * 8;
            machine.memory.write(entry, 8, 0);
            machine.state.gpr[RSI] = TestMachine.CODE;
            machine.state.gpr[RDI] = TestMachine.DATA + 0xF00;
            machine.state.gpr[RCX] = 0x40;
            machine.code(0xF3, 0x48, 0xA5).run();
            assertThat(vector(machine)).isEqualTo(GuestFault.PF);
            assertThat(machine.register(RCX)).isEqualTo(0x20);
            assertThat(machine.register(RDI)).isEqualTo(TestMachine.DATA + 0x1000);
            assertThat(machine.state.cr2).isEqualTo(TestMachine.DATA + 0x1000);
            machine.memory.write(entry, 8, TestMachine.DATA + 0x1000 | 7);
            // The handler returns: drop the error code, IRETQ.
            machine.load(machine.state.rip, 0x48, 0x83, 0xC4, 0x08, 0x48, 0xCF);
            machine.state.halted = false;
            machine.run();
            assertThat(machine.register(RCX)).isZero();
            assertThat(machine.memory.read(TestMachine.DATA + 0x10F8, 8))
                    .isEqualTo(machine.memory.read(TestMachine.CODE + 0x1F8, 8));
        }
    }

    @Test
    void overlappingMovesRepeatThePattern() {
        try (TestMachine machine = TestMachine.longMode(false)) {
            machine.memory.write(TestMachine.DATA, 2, 0x6261);
            machine.state.gpr[RSI] = TestMachine.DATA;
            machine.state.gpr[RDI] = TestMachine.DATA + 2;
            machine.state.gpr[RCX] = 100;
            machine.code(0xF3, 0xA4).run();
            assertThat(machine.memory.read(TestMachine.DATA + 90, 8)).isEqualTo(0x6261_6261_6261_6261L);
        }
    }

    @Test
    void comparesStopAtTheDifference() {
        try (TestMachine machine = TestMachine.longMode(false)) {
            machine.memory.write(TestMachine.DATA + 5, 1, 'x');
            machine.state.gpr[RDI] = TestMachine.DATA;
            machine.state.gpr[RCX] = 100;
            machine.state.gpr[RAX] = 'x';
            // repne scasb; setz dl
            machine.code(0xF2, 0xAE, 0x0F, 0x94, 0xC2).run();
            assertThat(machine.register(RCX)).isEqualTo(94);
            assertThat(machine.register(RDX)).isEqualTo(1);
        }
    }

    @Test
    void runKeepsToItsBudget() {
        try (TestMachine machine = TestMachine.longMode(false)) {
            machine.code(0xEB, 0xFE);
            assertThat(machine.cpu.run(10_000)).isEqualTo(CpuExit.BUDGET);
            assertThat(machine.cpu.instructions()).isBetween(10_000L, 10_063L);
        }
    }

    @Test
    void kickEndsARun() {
        try (TestMachine machine = TestMachine.longMode(false)) {
            machine.code(0xEB, 0xFE);
            machine.cpu.kick();
            assertThat(machine.cpu.run(Long.MAX_VALUE / 2)).isEqualTo(CpuExit.BUDGET);
            assertThat(machine.cpu.instructions()).isZero();
        }
    }

    @Test
    void interruptsWaitForTheShadowAndWakeFromHalt() {
        try (TestMachine machine = TestMachine.longMode(false)) {
            handlers(machine);
            machine.load(0x53_0000L + 33 * 16, 0xFF, 0xC3, 0x48, 0xCF);
            machine.interrupts.pending = 33;
            // sti; inc eax; (interrupt) mov edx, ebx; cli
            machine.code(0xFB, 0xFF, 0xC0, 0x89, 0xDA, 0xFA).run();
            assertThat(machine.register(RDX)).isEqualTo(1);
            assertThat(machine.register(RSP)).isEqualTo(TestMachine.STACK);
        }
    }

    @Test
    void singleStepTrapsBehindEachInstruction() {
        try (TestMachine machine = TestMachine.longMode(false)) {
            handlers(machine);
            machine.load(0x53_0010, 0xFF, 0xC3, 0x48, 0xCF);
            // pushfq; or dword [rsp], 0x100; popfq; inc eax; inc eax; inc eax; pushfq; and dword [rsp], ~0x100; popfq
            machine.code(
                            0x9C, 0x81, 0x0C, 0x24, 0, 1, 0, 0, 0x9D, 0xFF, 0xC0, 0xFF, 0xC0, 0xFF, 0xC0, 0x9C, 0x81,
                            0x24, 0x24, 0xFF, 0xFE, 0xFF, 0xFF, 0x9D)
                    .run();
            assertThat(machine.register(RAX)).isEqualTo(3);
            assertThat(machine.register(RBX)).isEqualTo(6);
        }
    }

    @Test
    void aTripleFaultShutsDown() {
        try (TestMachine machine = TestMachine.longMode(false)) {
            machine.state.idtLimit = 0;
            machine.code(0x0F, 0x0B);
            assertThat(machine.cpu.run(1000)).isEqualTo(CpuExit.SHUTDOWN);
        }
    }

    @Test
    void undefinedAndOverlongInstructionsFault() {
        for (int[] code :
                new int[][] {{0x0F, 0x0B}, {0xC5, 0xF8, 0x77}, {0xF0, 0x89, 0xC0}, {0x06}, {0x0F, 0xFF, 0xC0}}) {
            try (TestMachine machine = TestMachine.longMode(false)) {
                handlers(machine);
                machine.code(code).run();
                assertThat(vector(machine)).isEqualTo(GuestFault.UD);
            }
        }
        try (TestMachine machine = TestMachine.longMode(false)) {
            handlers(machine);
            machine.code(0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x90)
                    .run();
            assertThat(vector(machine)).isEqualTo(GuestFault.GP);
        }
    }

    @Test
    void mappingsChangeWithInvlpg() {
        try (TestMachine machine = TestMachine.longMode(false)) {
            machine.memory.write(TestMachine.DATA, 8, 1);
            machine.memory.write(TestMachine.DATA + 0x1000, 8, 2);
            long entry = TestMachine.TABLES + 0x3000 + (TestMachine.DATA >> 12) * 8;
            machine.state.gpr[RSI] = TestMachine.DATA;
            machine.state.gpr[RDI] = entry;
            machine.state.gpr[RCX] = TestMachine.DATA + 0x1000 | 7;
            // mov rax, [rsi]; mov [rdi], rcx; invlpg [rsi]; mov rdx, [rsi]
            machine.code(0x48, 0x8B, 0x06, 0x48, 0x89, 0x0F, 0x0F, 0x01, 0x3E, 0x48, 0x8B, 0x16)
                    .run();
            assertThat(machine.register(RAX)).isEqualTo(1);
            assertThat(machine.register(RDX)).isEqualTo(2);
        }
    }
}
