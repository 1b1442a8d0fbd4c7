package oriel.hypervisor.cpu.kvm;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import oriel.hypervisor.cpu.ContractMachine;
import oriel.hypervisor.cpu.CpuExit;
import oriel.hypervisor.cpu.CpuState;
import oriel.hypervisor.cpu.SegmentState;
import oriel.hypervisor.cpu.Vcpu;
import oriel.hypervisor.cpu.emulated.CpuModel;
import oriel.hypervisor.cpu.emulated.EmulatedCpu;
import oriel.hypervisor.cpu.emulated.TranslationPolicy;
import oriel.hypervisor.machine.ProcessorStates;

/** Registers between the kernel and us, and between the two back ends. */
@RequiresKvm
@Timeout(value = 120, unit = TimeUnit.SECONDS)
class KvmStateTest {
    private static final CpuModel MODEL = CpuModel.named("x86-64-v1");

    private final List<AutoCloseable> open = new ArrayList<>();

    @AfterEach
    void close() throws Exception {
        for (AutoCloseable each : open) {
            each.close();
        }
    }

    private ContractMachine byKvm() {
        List<KvmMachine> made = new ArrayList<>();
        ContractMachine machine = new ContractMachine(parts -> {
            KvmMachine kvm = new KvmMachine(parts.memory(), parts.bus(), parts.clock(), true);
            made.add(kvm);
            return new KvmCpu(kvm, 0, parts.interrupts(), MODEL, new KvmVcpuContractTest.OneThread());
        });
        open.add(machine);
        open.addAll(made);
        return machine;
    }

    private ContractMachine emulated() {
        ContractMachine machine = new ContractMachine(parts -> new EmulatedCpu(
                parts.memory(),
                parts.bus(),
                parts.interrupts(),
                parts.clock(),
                new Random(1),
                MODEL,
                TranslationPolicy.HOT));
        open.add(machine);
        return machine;
    }

    @Test
    void everythingThatIsSavedComesBack() {
        ContractMachine machine = byKvm();
        Random random = new Random(20261123);
        for (int i = 0; i < 200; i++) {
            machine.longMode("f4");
            CpuState state = machine.cpu.state();
            randomise(state, random);
            byte[] expected = ProcessorStates.saved(state);
            machine.cpu.stateChanged();
            machine.cpu.kick();
            // The kernel gets it, is asked again, and has executed nothing.
            ((KvmCpu) machine.cpu).exchange();
            CpuState back = machine.cpu.state();
            back.tscOffset = state(expected).tscOffset; // that one goes on
            assertThat(describe(back)).as("run " + i).isEqualTo(describe(state(expected)));
            assertThat(ProcessorStates.saved(back)).isEqualTo(expected);
        }
    }

    private static CpuState state(byte[] saved) {
        CpuState state = new CpuState();
        ProcessorStates.load(saved, state);
        return state;
    }

    private static String describe(CpuState s) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < 16; i++) {
            text.append("%x ".formatted(s.gpr[i]));
        }
        text.append("rip %x flags %x\n".formatted(s.rip, s.rflags));
        for (SegmentState segment : s.segments) {
            text.append("%x %x %x %x\n".formatted(segment.selector, segment.base, segment.limit, segment.access));
        }
        text.append("%x %x %x %x\n".formatted(s.gdtBase, s.gdtLimit, s.idtBase, s.idtLimit));
        text.append("cr %x %x %x %x xcr %x efer %x\n".formatted(s.cr0, s.cr2, s.cr3, s.cr4, s.xcr0, s.efer));
        for (long register : s.dr) {
            text.append("dr %x\n".formatted(register));
        }
        text.append("msr %x %x %x %x %x %x\n".formatted(s.star, s.lstar, s.cstar, s.sfmask, s.kernelGsBase, s.tscAux));
        text.append("%x %x %x pat %x\n".formatted(s.sysenterCs, s.sysenterEsp, s.sysenterEip, s.pat));
        text.append(s.msrs).append('\n');
        for (int i = 0; i < 8; i++) {
            text.append("st %x %x\n".formatted(s.fpSignExponent[i], s.fpSignificand[i]));
        }
        text.append("fp %x %x %x %x ".formatted(s.fpControl, s.fpStatus, s.fpTag, s.fpOpcode));
        text.append("%x %x mxcsr %x\n".formatted(s.fpInstruction, s.fpData, s.mxcsr));
        for (int i = 0; i < 32; i++) {
            text.append("%x ".formatted(s.xmm[i]));
        }
        return text.append("%b %b %b %b %b %s"
                        .formatted(
                                s.halted,
                                s.waitForSipi,
                                s.interruptShadow,
                                s.nmiBlocked,
                                s.nmiPending,
                                s.interruptedDelivery))
                .toString();
    }

    /** Anything that a processor of the model can have in 64-bit mode. */
    private static void randomise(CpuState state, Random random) {
        for (int i = 0; i < 16; i++) {
            state.gpr[i] = random.nextLong();
        }
        state.rip = random.nextLong() >> 17;
        state.rflags = random.nextLong() & 0x240CD5 | 2;
        for (int i : new int[] {CpuState.FS, CpuState.GS}) {
            state.segments[i].base = random.nextLong() >> 17;
        }
        state.gdtBase = random.nextLong() >> 17;
        state.gdtLimit = random.nextInt(0x10000);
        state.idtBase = random.nextLong() >> 17;
        state.idtLimit = random.nextInt(0x10000);
        state.cr2 = random.nextLong();
        state.cr4 |= random.nextLong() & 0x84; // PGE, TSD
        state.efer |= random.nextLong() & 0x801; // NXE, SCE
        for (int i = 0; i < 4; i++) {
            state.dr[i] = random.nextLong() >> 17;
        }
        state.dr[6] = 0xFFFF_0FF0L | random.nextLong() & 0xE00F;
        state.dr[7] = 0x400;
        state.star = random.nextLong();
        state.lstar = random.nextLong() >> 17;
        state.cstar = random.nextLong() >> 17;
        state.sfmask = random.nextInt() & 0x7FFF_FFFFL;
        state.kernelGsBase = random.nextLong() >> 17;
        state.sysenterCs = random.nextInt(0x10000);
        state.sysenterEsp = random.nextLong() >> 17;
        state.sysenterEip = random.nextLong() >> 17;
        state.pat = 0x0406_0105_0700_0406L;
        randomiseFloatingPoint(state, random);
        state.interruptShadow = random.nextBoolean();
        state.nmiBlocked = random.nextBoolean();
        state.halted = random.nextBoolean();
        state.interruptedDelivery = switch (random.nextInt(3)) {
            case 0 -> new CpuState.InterruptedDelivery(true, 13, random.nextInt(0x10000));
            case 1 -> new CpuState.InterruptedDelivery(false, 32 + random.nextInt(224), 0);
            default -> null;
        };
    }

    private static void randomiseFloatingPoint(CpuState state, Random random) {
        state.fpControl = 0x40 | random.nextInt() & 0xF3F;
        state.fpStatus = random.nextInt() & 0x7F3F;
        state.fpOpcode = random.nextInt(0x800);
        state.fpInstruction = random.nextLong() >>> 16;
        state.fpData = random.nextLong() >>> 16;
        int tags = 0;
        for (int i = 0; i < 8; i++) {
            int tag = random.nextInt(4);
            state.fpSignificand[i] = switch (tag) {
                case 0 -> random.nextLong() | 1L << 63;
                case 1 -> 0;
                default -> random.nextLong() >>> 1;
            };
            state.fpSignExponent[i] = tag == 1 ? 0x8000 * random.nextInt(2) : 1 + random.nextInt(0x7FFE);
            tags |= tag << 2 * i;
        }
        state.fpTag = tags;
        for (int i = 0; i < 32; i++) {
            state.xmm[i] = random.nextLong();
        }
        state.mxcsr = random.nextInt(0x10000) & 0xFFBF;
    }

    @Test
    void guestGoesToAndFroBetweenTheBackEnds() {
        ContractMachine kvm = byKvm();
        ContractMachine emulated = emulated();
        ContractMachine[] machines = {kvm, emulated};
        // again: add rax, rcx; dec rcx; jnz again; mov [300000h], rax; hlt
        kvm.longMode("4801c8 48ffc9 75f8 4889042500003000 f4");
        kvm.cpu.state().gpr[CpuState.RCX] = 3_000_000;
        kvm.cpu.stateChanged();
        int turns = 0;
        CpuExit exit = CpuExit.BUDGET;
        for (; exit == CpuExit.BUDGET; turns++) {
            ContractMachine here = machines[turns % 2];
            ContractMachine there = machines[(turns + 1) % 2];
            exit = here.cpu.run(100_000);
            move(here, there);
        }
        assertThat(turns).as("moves").isGreaterThan(3);
        assertThat(machines[turns % 2].memory.read(0x30_0000, 8)).isEqualTo(3_000_000L * 3_000_001 / 2);
    }

    private static void move(ContractMachine from, ContractMachine to) {
        ProcessorStates.load(ProcessorStates.saved(from.cpu.state()), to.cpu.state());
        byte[] memory = new byte[(int) from.memory.ramSize()];
        from.memory.read(0, memory, 0, memory.length);
        to.memory.write(0, memory, 0, memory.length);
        to.cpu.stateChanged();
    }

    @Test
    void sleepingGuestIsWokenByTheOtherBackEnd() {
        for (boolean toKvm : new boolean[] {true, false}) {
            ContractMachine from = toKvm ? emulated() : byKvm();
            ContractMachine to = toKvm ? byKvm() : emulated();
            from.realMode("fb f4 b8efbe fa f4"); // sti; hlt; mov ax, BEEFh; cli; hlt
            from.load(0x2000, "ff060006 cf"); // inc word [600h]; iret
            from.memory.write(0x41 * 4, 4, 0x2000);
            from.run();
            move(from, to);
            assertThat(to.cpu.run(1000)).isEqualTo(CpuExit.HALTED);
            to.interrupts.waiting.add(0x41);
            assertThat(to.run().gpr[CpuState.RAX] & 0xFFFF).isEqualTo(0xBEEF);
            assertThat(to.memory.read(0x600, 2)).isEqualTo(1);
        }
    }

    @Test
    void timeStampGoesOnWhereItWas() {
        ContractMachine machine = byKvm();
        Vcpu cpu = machine.cpu;
        Assumptions.assumeFalse(
                ((KvmCpu) cpu).limits().missing().contains(HostLimits.SETTABLE_TSC),
                "this host's KVM can't set time stamps");
        machine.longMode("f4");
        long before = cpu.state().tscOffset;
        cpu.stateChanged();
        machine.run();
        // Between two looks pass microseconds; an hour in another process would show.
        assertThat(Math.abs(cpu.state().tscOffset - before)).isLessThan(60_000_000_000L);
    }
}
