package oriel.hypervisor.cpu.emulated;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.function.Supplier;
import oriel.hypervisor.bus.IoBus;
import oriel.hypervisor.bus.MachineClock;
import oriel.hypervisor.bus.PortIo;
import oriel.hypervisor.cpu.CpuState;
import oriel.hypervisor.cpu.InterruptSource;

/**
 * A processor with descriptor tables in flat memory: GDT at 1000H, IDT at 2000H, LDT at 3000H, TSSs at 4000H and 5000H,
 * stacks of level 0–2 below 8000H, the program's below C000H.
 */
final class SystemFixture {
    static final int GDT = 0x1000, IDT = 0x2000, LDT_BASE = 0x3000, TSS = 0x4000, TSS2 = 0x5000;
    static final int KERNEL_STACK = 0x8000, IST_STACK = 0xA000, USER_STACK = 0xC000;
    static final int CODE0 = 0x08, DATA0 = 0x10, CODE3 = 0x1B, DATA3 = 0x23, CODE64 = 0x28, CODE64_3 = 0x33;
    static final int TSS_SELECTOR = 0x38, TSS2_SELECTOR = 0x48, CONFORMING = 0x50, ABSENT = 0x58, GATE = 0x60;
    static final int GATE_UPPER = 0x68, LDT_SELECTOR = 0x70, CODE1 = 0x80, DATA1 = 0x88, SMALL_DATA = 0x90;

    final CpuState state = new CpuState();
    final GuestFault fault = new GuestFault();
    final FlatMemory memory = new FlatMemory(fault);
    final IoBus bus = new IoBus();
    final Interrupts interrupts = new Interrupts();
    long nanos = 1000;
    SystemUnit unit = withModel(CpuModel.orielV2());

    static final class Interrupts implements InterruptSource {
        int priority;
        long base = 0xFEE0_0900L;
        long deadline;

        @Override
        public boolean interruptPending() {
            return false;
        }

        @Override
        public int acknowledge() {
            throw new AssertionError("nothing pending");
        }

        @Override
        public int taskPriority() {
            return priority;
        }

        @Override
        public void setTaskPriority(int priorityClass) {
            priority = priorityClass;
        }

        @Override
        public long apicBase() {
            return base;
        }

        @Override
        public void setApicBase(long value) {
            base = value;
        }

        @Override
        public long tscDeadline() {
            return deadline;
        }

        @Override
        public void setTscDeadline(long tsc) {
            deadline = tsc;
        }
    }

    SystemFixture() {
        unit.reset();
        bus.addPorts(0x3F8, 8, new PortIo() {
            @Override
            public int readPort(int port, int size) {
                return port;
            }

            @Override
            public void writePort(int port, int size, int value) {}
        });
    }

    SystemUnit withModel(CpuModel model) {
        MachineClock clock = new MachineClock() {
            @Override
            public long nanos() {
                return nanos;
            }

            @Override
            public long wallNanos() {
                return nanos;
            }

            @Override
            public Timer newTimer(String name, Runnable expired) {
                throw new UnsupportedOperationException();
            }
        };
        return new SystemUnit(state, memory, fault, bus, interrupts, clock, model);
    }

    /** A descriptor: access byte and the nibble G D L AVL. */
    static long descriptor(long base, long limit, int access, int granularity) {
        return limit & 0xFFFF
                | (base & 0xFF_FFFF) << 16
                | (long) access << 40
                | (limit >> 16 & 0xF) << 48
                | (long) granularity << 52
                | (base >> 24 & 0xFF) << 56;
    }

    void gdt(int selector, long raw) {
        memory.write64(GDT + (selector & 0xFFF8), raw);
    }

    static long gate(int selector, long offset, int type, int dpl, int parameters) {
        return offset & 0xFFFF
                | (long) selector << 16
                | (long) parameters << 32
                | (long) (0x80 | dpl << 5 | type) << 40
                | (offset >> 16 & 0xFFFF) << 48;
    }

    void idt(int vector, long raw) {
        memory.write64(IDT + vector * 8L, raw);
    }

    void idt64(int vector, long raw, long upper) {
        memory.write64(IDT + vector * 16L, raw);
        memory.write64(IDT + vector * 16L + 8, upper);
    }

    private void tables() {
        gdt(CODE0, descriptor(0, 0xFFFFF, 0x9B, 0xC));
        gdt(DATA0, descriptor(0, 0xFFFFF, 0x93, 0xC));
        gdt(CODE3, descriptor(0, 0xFFFFF, 0xFB, 0xC));
        gdt(DATA3, descriptor(0, 0xFFFFF, 0xF3, 0xC));
        gdt(CODE64, descriptor(0, 0xFFFFF, 0x9B, 0xA));
        gdt(CODE64_3, descriptor(0, 0xFFFFF, 0xFB, 0xA));
        gdt(TSS_SELECTOR, descriptor(TSS, 0x2067, 0x89, 0));
        gdt(TSS2_SELECTOR, descriptor(TSS2, 0x67, 0xE9, 0));
        gdt(CONFORMING, descriptor(0, 0xFFFFF, 0x9F, 0xC));
        gdt(ABSENT, descriptor(0, 0xFFFFF, 0x73, 0xC));
        gdt(LDT_SELECTOR, descriptor(LDT_BASE, 0xFF, 0x82, 0));
        gdt(CODE1, descriptor(0, 0xFFFFF, 0xBB, 0xC));
        gdt(DATA1, descriptor(0, 0xFFFFF, 0xB3, 0xC));
        gdt(SMALL_DATA, descriptor(0x6000, 0xF, 0x93, 4));
        state.gdtBase = GDT;
        state.gdtLimit = 0xFF;
        state.idtBase = IDT;
        state.idtLimit = 0xFFF;
        // 32-bit TSS: inner stacks of levels 0 and 1, no I/O map.
        memory.write32(TSS + 4, KERNEL_STACK);
        memory.write16(TSS + 8, DATA0);
        memory.write32(TSS + 12, 0x7000);
        memory.write16(TSS + 16, DATA1 | 1);
        memory.write16(TSS + 0x66, 0x2068);
    }

    /** 32-bit protected mode at a privilege level, flat segments, CS:EIP = 6000H. */
    SystemFixture protectedMode(int level) {
        tables();
        state.cr0 = 0x11;
        setLevel(level, CODE0, CODE3, 0xC09B, 0xC0FB);
        taskRegister();
        return this;
    }

    /** 64-bit mode at level 0 or 3. */
    SystemFixture longMode(int level) {
        tables();
        memory.write64(GDT + TSS_SELECTOR + 8, 0);
        memory.write64(TSS + 4, KERNEL_STACK);
        memory.write64(TSS + 0x24, IST_STACK);
        state.cr0 = 0x8000_0011L;
        state.cr4 = 0x20;
        state.efer = 0xD01;
        setLevel(level, CODE64, CODE64_3, 0xA09B, 0xA0FB);
        taskRegister();
        return this;
    }

    private void taskRegister() {
        gdt(TSS_SELECTOR, descriptor(TSS, 0x2067, 0x8B, 0));
        state.segments[CpuState.TR].set(TSS_SELECTOR, TSS, 0x2067, 0x8B);
    }

    SystemFixture virtual8086(int iopl) {
        protectedMode(3);
        state.rflags = 0x2 | 1 << 17 | (long) iopl << 12 | 1 << 9;
        for (int i = CpuState.ES; i <= CpuState.GS; i++) {
            state.segments[i].set(0x100 + i, 0x1000L + 16L * i, 0xFFFF, 0xF3);
        }
        state.segments[CpuState.SS].set(0x900, 0x9000, 0xFFFF, 0xF3);
        state.gpr[CpuState.RSP] = 0x800;
        state.rip = 0x10;
        return this;
    }

    private void setLevel(int level, int code0, int code3, int access0, int access3) {
        boolean user = level == 3;
        state.segments[CpuState.CS].set(user ? code3 : code0, 0, 0xFFFF_FFFFL, user ? access3 : access0);
        int data = user ? DATA3 : DATA0;
        for (int i : new int[] {CpuState.ES, CpuState.SS, CpuState.DS, CpuState.FS, CpuState.GS}) {
            state.segments[i].set(data, 0, 0xFFFF_FFFFL, user ? 0xC0F3 : 0xC093);
        }
        state.gpr[CpuState.RSP] = user ? USER_STACK : KERNEL_STACK;
        state.rip = 0x6000;
    }

    /** Visible state that a fault must leave alone. */
    String snapshot() {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < 8; i++) {
            var s = state.segments[i];
            text.append("%x:%x:%x:%x ".formatted(s.selector, s.base, s.limit, s.access));
        }
        for (long register : state.gpr) {
            text.append(Long.toHexString(register)).append(' ');
        }
        return text + "%x %x %x %x %x".formatted(state.rip, state.rflags, state.cr0, state.cr3, state.cr4);
    }

    /** Runs something that must fault and change nothing; tells the vector and error code as "GP(8)". */
    String faultOf(Runnable operation) {
        String before = snapshot();
        try {
            operation.run();
        } catch (GuestFault e) {
            assertThat(snapshot()).as("state after the fault").isEqualTo(before);
            return name(e.vector) + "(" + Integer.toHexString(e.errorCode) + ")";
        }
        return "none";
    }

    String faultOfSupplier(Supplier<?> operation) {
        return faultOf(() -> {
            var _ = operation.get();
        });
    }

    static String name(int vector) {
        return switch (vector) {
            case GuestFault.DB -> "DB";
            case GuestFault.UD -> "UD";
            case GuestFault.TS -> "TS";
            case GuestFault.NP -> "NP";
            case GuestFault.SS -> "SS";
            case GuestFault.GP -> "GP";
            case GuestFault.PF -> "PF";
            default -> "#" + vector;
        };
    }

    /** Word {@code index} of the stack, of {@code size} bytes. */
    long stack(int index, int size) {
        return memory.readSystem(
                state.segments[CpuState.SS].base + state.gpr[CpuState.RSP] + (long) index * size, size);
    }

    void push(int size, long... values) {
        for (long value : values) {
            state.gpr[CpuState.RSP] -= size;
            memory.writeSystem(state.segments[CpuState.SS].base + state.gpr[CpuState.RSP], size, value);
        }
    }

    int cs() {
        return state.segments[CpuState.CS].selector;
    }

    int ss() {
        return state.segments[CpuState.SS].selector;
    }

    long rsp() {
        return state.gpr[CpuState.RSP];
    }
}
