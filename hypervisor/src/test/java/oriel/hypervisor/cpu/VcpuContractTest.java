package oriel.hypervisor.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static oriel.hypervisor.cpu.ContractMachine.CODE;
import static oriel.hypervisor.cpu.ContractMachine.HANDLER;
import static oriel.hypervisor.cpu.ContractMachine.STACK;
import static oriel.hypervisor.cpu.ContractMachine.TABLES;
import static oriel.hypervisor.cpu.CpuState.RAX;
import static oriel.hypervisor.cpu.CpuState.RBX;
import static oriel.hypervisor.cpu.CpuState.RCX;
import static oriel.hypervisor.cpu.CpuState.RDI;
import static oriel.hypervisor.cpu.CpuState.RDX;
import static oriel.hypervisor.cpu.CpuState.RSI;

import java.util.BitSet;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import oriel.hypervisor.memory.HostMapping;
import oriel.hypervisor.memory.MemoryRegion;

/** What a processor does, whichever back end runs it. */
@Timeout(value = 120, unit = TimeUnit.SECONDS)
public abstract class VcpuContractTest {
    private static final long RESULT = 0x30_0000;

    /** With it each test runs. */
    protected ContractMachine machine;

    /** A processor of the back end. */
    protected abstract Vcpu create(ContractMachine.Parts parts);

    /** Runs a guest in 32-bit mode with paging to HLT. */
    protected void runWithLegacyPaging() {
        machine.run();
    }

    @BeforeEach
    void assemble() {
        machine = new ContractMachine(this::create);
    }

    @AfterEach
    void close() {
        if (machine != null) {
            machine.close();
        }
    }

    @Test
    void calculatesInRealModeAndTalksToPorts() {
        // mov cx, 100; xor ax, ax; again: add ax, cx; loop again
        // mov dx, 510h; out dx, ax; in al, 71h; inc al; out 70h, al; hlt
        machine.realMode("b96400 31c0 01c8 e2fc ba1005 ef e471 fec0 e670 f4");
        machine.run();
        assertThat(machine.accesses).containsExactly("out16 510 13ba", "in8 71", "out8 70 b6");
    }

    @Test
    void repeatsPortInstructions() {
        // mov si, text; mov cx, 5; mov dx, 3F8h; cld; rep outsb; mov di, 600h; mov cx, 3; mov dx, 1F0h; rep insw; hlt
        machine.realMode("be187c b90500 baf803 fc f36e bf0006 b90300 baf001 f36d f4 68656c6c6f");
        machine.run();
        assertThat(machine.accesses)
                .containsExactly(
                        "out8 3f8 68",
                        "out8 3f8 65",
                        "out8 3f8 6c",
                        "out8 3f8 6c",
                        "out8 3f8 6f",
                        "in16 1f0",
                        "in16 1f0",
                        "in16 1f0");
        assertThat(machine.memory.read(0x600, 4)).isEqualTo(0x4534_4534);
        assertThat(machine.memory.read(0x604, 4)).isEqualTo(0x4534);
    }

    @Test
    void reachesMemoryMappedRegistersWithEverySize() {
        // mov ebx, FEC00000h; then stores of 1, 2, 4, 8 bytes and loads of the same
        machine.longMode("bb0000c0fe c6430111 66c743022222 c7430433333333 48b85555555544444444 48894308"
                + "8a4b11 668b5312 8b7314 488b7b18 f4");
        CpuState state = machine.run();
        assertThat(machine.accesses)
                .containsExactly(
                        "write8 1 11",
                        "write16 2 2222",
                        "write32 4 33333333",
                        "write64 8 4444444455555555",
                        "read8 11",
                        "read16 12",
                        "read32 14",
                        "read64 18");
        assertThat(state.gpr[RCX] & 0xFF).isEqualTo(0x11);
        assertThat(state.gpr[RDX] & 0xFFFF).isEqualTo(0x2211);
        assertThat(state.gpr[RSI]).isEqualTo(0x4433_2211);
        assertThat(state.gpr[RDI]).isEqualTo(0x8877_6655_4433_2211L);
    }

    @Test
    void translatesAddressesInProtectedMode() {
        // mov eax, [400000h]; add eax, 1; mov [401000h], eax; hlt
        machine.protectedMode("a100004000 83c001 a300104000 f4");
        machine.memory.write(0xC000, 4, 0xD003);
        machine.memory.write(0xC004, 4, 0xE003);
        for (int page = 0; page < 1024; page++) {
            machine.memory.write(0xD000 + page * 4L, 4, (long) page << 12 | 3);
        }
        machine.memory.write(0xE000, 4, RESULT | 3);
        machine.memory.write(0xE004, 4, RESULT + 0x5000 | 3);
        machine.memory.write(RESULT, 4, 41);
        CpuState state = machine.cpu.state();
        state.cr3 = 0xC000;
        state.cr0 |= 0x8000_0000L;
        machine.cpu.stateChanged();
        runWithLegacyPaging();
        assertThat(machine.memory.read(RESULT + 0x5000, 4)).isEqualTo(42);
        assertThat(machine.memory.read(0xE004, 4) & 0x60)
                .as("accessed and dirty")
                .isEqualTo(0x60);
    }

    @Test
    void goesFromProtectedToLongModeByItself() {
        // CR4.PAE, CR3, EFER.LME, CR0.PG, a far jump; then mov rax, 123456789ABCDEF0h; mov r15, rax; push r15; pop r8
        machine.protectedMode("0f20e0 83c820 0f22e0 b800800000 0f22d8 b9800000c0 0f32 0d00010000 0f30 0f20c0 0d00000080"
                + "0f22c0 ea400010001000 909090909090909090909090909090909090"
                + "48b8f0debc9a78563412 4989c7 4157 4158 f4");
        CpuState state = machine.run();
        assertThat(state.gpr[8]).isEqualTo(0x1234_5678_9ABC_DEF0L);
        assertThat(state.efer & 0x500).isEqualTo(0x500);
        assertThat(state.segments[CpuState.CS].longMode()).isTrue();
        assertThat(state.gpr[CpuState.RSP]).isEqualTo(STACK);
    }

    @Test
    void sleepsUntilAnInterruptComes() {
        // sti; again: hlt; inc bx; cmp bx, 3; jne again; cli; hlt
        machine.realMode("fb f4 43 83fb03 75f9 fa f4");
        // push ax; mov al, 20h; out 20h, al; inc word [600h]; pop ax; iret
        machine.load(0x2000, "50 b020 e620 ff060006 58 cf");
        machine.memory.write(0x41 * 4, 4, 0x2000);
        for (int i = 1; i <= 3; i++) {
            machine.run();
            assertThat(machine.cpu.state().halted).isTrue();
            assertThat(machine.cpu.run(1000)).as("nothing happened").isEqualTo(CpuExit.HALTED);
            machine.interrupts.waiting.add(0x41);
        }
        CpuState state = machine.run();
        assertThat(state.gpr[RBX]).isEqualTo(3);
        assertThat(machine.memory.read(0x600, 2)).isEqualTo(3);
        assertThat(machine.accesses).containsExactly("out8 20 20", "out8 20 20", "out8 20 20");
    }

    @Test
    void takesAnInterruptWhenTheGuestLetsIt() {
        // mov cx, 1000; a: inc bx; loop a; sti; wait: cmp word [600h], 1; jne wait; cli; hlt
        machine.realMode("b9e803 43 e2fd fb 833e000601 75f9 fa f4");
        machine.load(0x2000, "50 b020 e620 ff060006 58 cf");
        machine.memory.write(0x41 * 4, 4, 0x2000);
        machine.interrupts.waiting.add(0x41);
        CpuState state = machine.run();
        assertThat(state.gpr[RBX]).isEqualTo(1000);
        assertThat(machine.memory.read(0x600, 2)).isEqualTo(1);
        assertThat(machine.interrupts.waiting).isEmpty();
    }

    @Test
    void takesTwoInterruptsOneAfterTheOther() {
        machine.realMode("b9e803 43 e2fd fb 833e000602 75f9 fa f4");
        machine.load(0x2000, "50 b020 e620 ff060006 58 cf");
        machine.memory.write(0x41 * 4, 4, 0x2000);
        machine.memory.write(0x52 * 4, 4, 0x2000);
        machine.interrupts.waiting.add(0x52);
        machine.interrupts.waiting.add(0x41);
        machine.run();
        assertThat(machine.memory.read(0x600, 2)).isEqualTo(2);
    }

    @Test
    void tellsItsTaskPriority() {
        // mov eax, 9; mov cr8, rax; mov eax, 5; mov cr8, rax; mov rbx, cr8; hlt
        machine.longMode("b809000000 440f22c0 b805000000 440f22c0 440f20c3 f4");
        CpuState state = machine.run();
        assertThat(state.gpr[RBX]).isEqualTo(5);
        assertThat(machine.interrupts.priority).isEqualTo(5);
    }

    @Test
    void interruptBelowTheTaskPriorityWaits() {
        // mov eax, 9; mov cr8, rax; sti; mov ecx, 1000; a: loop a; mov eax, 3; mov cr8, rax; wait: jmp wait
        machine.longMode("b809000000 440f22c0 fb b9e8030000 e2fe b803000000 440f22c0 ebfe");
        machine.load(HANDLER, "58 f4"); // pop rax; hlt
        machine.interrupts.waiting.add(0x61);
        CpuState state = machine.run();
        assertThat(state.gpr[RAX]).as("where it came").isEqualTo(CODE + 26);
    }

    @Test
    void deliversAnNmi() {
        // mov ecx, 200; a: loop a; hlt
        machine.longMode("b9c8000000 e2fe f4");
        machine.load(HANDLER, "48ff042500003000 48cf"); // inc qword [300000h]; iretq
        machine.cpu.nmi();
        machine.run();
        assertThat(machine.memory.read(RESULT, 8)).isEqualTo(1);
        machine.cpu.nmi();
        machine.load(CODE + 8, "f4");
        assertThat(machine.runOn()).isEqualTo(CpuExit.HALTED);
        assertThat(machine.memory.read(RESULT, 8)).as("wakes from HLT").isEqualTo(2);
    }

    @Test
    void deliversADivisionByZero() {
        machine.longMode("31c9 f7f1 f4"); // xor ecx, ecx; div ecx; hlt
        machine.load(HANDLER, "58 f4"); // pop rax; hlt
        assertThat(machine.run().gpr[RAX]).isEqualTo(CODE + 2);
    }

    @Test
    void deliversAnUndefinedOpcode() {
        machine.longMode("0f0b f4"); // ud2; hlt
        machine.load(HANDLER, "58 f4");
        assertThat(machine.run().gpr[RAX]).isEqualTo(CODE);
    }

    @Test
    void deliversAPageFaultWithItsAddressAndReason() {
        machine.longMode("b800000040 48894808 f4"); // mov eax, 40000000h; mov [rax + 8], rcx; hlt
        machine.load(HANDLER, "58 5b 0f20d2 f4"); // pop rax; pop rbx; mov rdx, cr2; hlt
        CpuState state = machine.run();
        assertThat(state.gpr[RAX]).as("a write to what isn't there").isEqualTo(2);
        assertThat(state.gpr[RBX]).isEqualTo(CODE + 5);
        assertThat(state.gpr[RDX]).isEqualTo(0x4000_0008L);
        assertThat(state.cr2).isEqualTo(0x4000_0008L);
    }

    @Test
    void shutsDownAtATripleFault() {
        machine.longMode("0f0b f4");
        CpuState state = machine.cpu.state();
        state.idtLimit = 0;
        machine.cpu.stateChanged();
        assertThat(machine.runOn()).isEqualTo(CpuExit.SHUTDOWN);
        assertThat(machine.cpu.run(1000)).as("until it is reset").isEqualTo(CpuExit.SHUTDOWN);
        machine.realMode("f4");
        machine.run();
    }

    @Test
    void returnsWhenItsBudgetIsUsedUp() {
        machine.longMode("48ffc0 ebfb"); // a: inc rax; jmp a
        assertThat(machine.cpu.run(100_000)).isEqualTo(CpuExit.BUDGET);
        long before = machine.cpu.state().gpr[RAX];
        assertThat(machine.cpu.run(100_000_000)).isEqualTo(CpuExit.BUDGET);
        assertThat(machine.cpu.state().gpr[RAX]).isGreaterThan(before);
    }

    @Test
    void returnsWhenItIsKicked() throws InterruptedException {
        // a: inc rax; jmp a
        machine.longMode("48ffc0 ebfb");
        for (int i = 0; i < 20; i++) {
            CountDownLatch running = new CountDownLatch(1);
            Thread kicker = Thread.ofPlatform().start(() -> {
                try {
                    running.await();
                } catch (InterruptedException e) {
                    return;
                }
                machine.cpu.kick();
            });
            running.countDown();
            assertThat(machine.cpu.run(Long.MAX_VALUE / 2)).isEqualTo(CpuExit.BUDGET);
            kicker.join();
        }
    }

    @Test
    void kickBeforeItRunsCounts() {
        machine.longMode("48ffc0 ebfb");
        machine.cpu.kick();
        assertThat(machine.cpu.run(Long.MAX_VALUE / 2)).isEqualTo(CpuExit.BUDGET);
        assertThat(machine.cpu.state().gpr[RAX]).isZero();
    }

    @Test
    void goesOnFromAnyPointWithItsStateTakenOutAndPutBack() {
        // again: add rax, rcx; dec rcx; jnz again; mov [300000h], rax; hlt
        machine.longMode("4801c8 48ffc9 75f8 4889042500003000 f4");
        machine.cpu.state().gpr[RCX] = 30_000;
        machine.cpu.stateChanged();
        while (machine.cpu.run(1000) == CpuExit.BUDGET) {
            CpuState state = machine.cpu.state();
            assertThat(state.gpr[RAX] + state.gpr[RCX] * (state.gpr[RCX] + 1) / 2)
                    .isBetween(450_015_000L - 30_000, 450_015_000L + 30_000);
            machine.cpu.stateChanged();
        }
        assertThat(machine.memory.read(RESULT, 8)).isEqualTo(450_015_000L);
    }

    @Test
    void stateIsCompleteBehindAnAccessToADevice() {
        // in al, 71h; hlt
        machine.realMode("e471 f4");
        machine.atAccess = machine.cpu::kick;
        assertThat(machine.cpu.run(Long.MAX_VALUE / 2)).isEqualTo(CpuExit.BUDGET);
        CpuState state = machine.cpu.state();
        assertThat(state.gpr[RAX] & 0xFF).isEqualTo(0xB5);
        assertThat(state.rip).isEqualTo(ContractMachine.REAL_CODE + 2);
        machine.cpu.stateChanged();
        machine.run();
        assertThat(machine.accesses).as("done once").hasSize(1);
    }

    @Test
    void tellsWhichPagesItsGuestWrote() {
        HostMapping host = HostMapping.anonymous(1 << 20);
        int[] told = {0};
        MemoryRegion tracked = MemoryRegion.tracked("tracked", 0x80_0000, 1 << 20, host.address(), () -> told[0]++);
        machine.memory.add(tracked);
        // mov ebx, 800000h; mov byte [rbx + 1000h], 1; mov byte [rbx + 5FFFh], 1; hlt; mov byte [rbx + 2000h], 1; hlt
        machine.longMode("bb00008000 c6830010000001 c683ff5f000001 f4 c6830020000001 f4");
        tracked.takeDirty();
        machine.cpu.flushWriteTracking();
        machine.run();
        assertThat(tracked.takeDirty()).isEqualTo(BitSet.valueOf(new long[] {1 << 1 | 1 << 5}));
        machine.cpu.flushWriteTracking();
        assertThat(tracked.takeDirty().isEmpty()).isTrue();
        machine.cpu.state().halted = false;
        machine.cpu.stateChanged();
        machine.run();
        assertThat(tracked.takeDirty()).isEqualTo(BitSet.valueOf(new long[] {1 << 2}));
        machine.memory.remove(tracked);
        host.close();
    }

    @Test
    void readsAndExecutesARomAndDoesntWriteIt() {
        HostMapping host = HostMapping.anonymous(4096);
        machine.memory.add(MemoryRegion.rom("rom", 0xA0_0000, 4096, host.address()));
        host.bytes()
                .copyFrom(java.lang.foreign.MemorySegment.ofArray(
                        new byte[] {(byte) 0xBA, 77, 0, 0, 0, (byte) 0xC3, 0, 0})); // mov edx, 77; ret
        // mov ebx, A00000h; mov rax, [rbx]; mov dword [rbx], 5A5A5A5Ah; mov rcx, [rbx]; call rbx; hlt
        machine.longMode("bb0000a000 488b03 c7035a5a5a5a 488b0b ffd3 f4");
        CpuState state = machine.run();
        assertThat(state.gpr[RAX]).isEqualTo(0xC3_0000_004DBAL);
        assertThat(state.gpr[RCX]).isEqualTo(0xC3_0000_004DBAL);
        assertThat(state.gpr[RDX]).isEqualTo(77);
        assertThat(machine.accesses).isEmpty();
        host.close();
    }

    @Test
    void seesWhatADeviceDoesToTheMemoryMap() {
        MemoryRegion hole = MemoryRegion.hole("window", 0xB0_0000, 4096);
        machine.bus.addMmio(0xB0_0000, 4096, machine);
        machine.atAccess = () -> {
            if (machine.accesses.getLast().startsWith("out8 80")) {
                machine.memory.add(hole);
            } else if (machine.accesses.getLast().startsWith("out8 81")) {
                machine.memory.remove(hole);
            }
        };
        // mov ebx, B00000h; mov byte [rbx], 1; out 80h, al; mov byte [rbx], 2; mov cl, [rbx]; out 81h, al; mov dl,
        // [rbx]
        machine.longMode("bb0000b000 c60301 e680 c60302 8a0b e681 8a13 f4");
        CpuState state = machine.run();
        assertThat(machine.accesses).containsExactly("out8 80 0", "write8 0 2", "read8 0", "out8 81 0");
        assertThat(state.gpr[RCX]).isEqualTo(0x11);
        assertThat(state.gpr[RDX] & 0xFF).isEqualTo(1);
    }

    @Test
    void saysWhichProcessorItIs() {
        // cpuid; then EAX, EBX, ECX, EDX to 300000h; hlt
        machine.longMode("0fa2 89042500003000 891c2504003000 890c2508003000 8914250c003000 f4");
        machine.run();
        byte[] vendor = new byte[12];
        machine.memory.read(RESULT + 4, vendor, 0, 4);
        machine.memory.read(RESULT + 12, vendor, 4, 4);
        machine.memory.read(RESULT + 8, vendor, 8, 4);
        assertThat(new String(vendor, java.nio.charset.StandardCharsets.US_ASCII))
                .isEqualTo("GenuineIntel");
    }

    @Test
    void handsOnTheTimersDeadline() {
        // mov ecx, 6E0h; mov edx, 12h; mov eax, 34567890h; wrmsr; rdmsr; hlt
        machine.longMode("b9e0060000 ba12000000 b890785634 0f30 0f32 f4");
        CpuState state = machine.run();
        assertThat(machine.interrupts.deadlines).containsExactly(0x12_3456_7890L);
        assertThat(state.gpr[RAX]).isEqualTo(0x3456_7890L);
    }

    @Test
    void deliversWhatAnotherBackEndBegan() {
        machine.longMode("f4");
        machine.load(HANDLER, "58 5b f4"); // pop rax; pop rbx; hlt
        CpuState state = machine.cpu.state();
        state.interruptedDelivery = new CpuState.InterruptedDelivery(true, 13, 0x28);
        machine.cpu.stateChanged();
        state = machine.run();
        assertThat(state.gpr[RAX]).as("error code").isEqualTo(0x28);
        assertThat(state.gpr[RBX]).isEqualTo(CODE);
        assertThat(state.interruptedDelivery).isNull();

        machine.longMode("f4");
        state = machine.cpu.state();
        state.interruptedDelivery = new CpuState.InterruptedDelivery(false, 0x71, 0);
        state.rflags |= 0x200;
        machine.cpu.stateChanged();
        assertThat(machine.run().gpr[RAX]).isEqualTo(CODE);
    }

    @Test
    void pageTablesInMemoryAreWhatCounts() {
        // mov rax, [300000h]; hlt
        machine.longMode("488b042500003000 f4");
        machine.memory.write(RESULT, 8, 99);
        assertThat(machine.run().gpr[RAX]).isEqualTo(99);
        assertThat(machine.memory.read(TABLES + 0x2000 + 8, 8) & 0x20)
                .as("accessed")
                .isEqualTo(0x20);
    }
}
