package oriel.hypervisor.cpu.emulated;

import java.util.function.LongUnaryOperator;
import oriel.hypervisor.bus.IoBus;
import oriel.hypervisor.bus.MachineClock;
import oriel.hypervisor.cpu.CpuState;
import oriel.hypervisor.cpu.InterruptSource;

/**
 * Everything of the processor beyond computing: segmentation, control transfers between segments and privilege levels,
 * exception and interrupt delivery, control and model-specific registers.
 *
 * <p>On entry {@code state.rflags} is exact and {@code state.rip} is the address of the instruction itself; where the
 * return address matters it is given as {@code nextRip}. Methods that transfer control leave {@code state.rip} at the
 * target; the others don't touch it. A {@link GuestFault} thrown leaves the state as on entry.
 */
final class SystemUnit {
    /** Where an interrupt comes from (Intel SDM 3A §6.12.1.2, §6.12.1.3: software interrupts check the gate's DPL). */
    enum Origin {
        /** External or NMI: EXT bit set in error codes. */
        EXTERNAL,
        /** A fault or trap of an instruction. */
        EXCEPTION,
        /** INT n. */
        SOFTWARE,
        /** INT3, INTO: DPL is checked, but no IOPL in virtual-8086 mode. */
        BREAKPOINT
    }

    private final CpuContext cpu;
    private final CpuState state;
    private final DescriptorTables tables;
    private final SegmentLoader segments;
    private final FarTransfer transfers;
    private final InterruptDelivery delivery;
    private final InterruptReturn returns;
    private final FastSystemCall fastCalls;
    private final ControlRegisters control;
    private final DebugRegisters debug;
    private final ModelSpecificRegisters msrs;
    private final CpuidTable cpuid;
    private final FlagsControl flags;
    private final IoPermission ports;
    private final ResetState resets;
    private final MachineClock clock;

    /** The only processor of a machine, of the default model. */
    SystemUnit(
            CpuState state,
            LinearMemory memory,
            GuestFault fault,
            IoBus bus,
            InterruptSource interrupts,
            MachineClock clock) {
        this(state, memory, fault, bus, interrupts, clock, CpuModel.orielV2());
    }

    SystemUnit(
            CpuState state,
            LinearMemory memory,
            GuestFault fault,
            IoBus bus,
            InterruptSource interrupts,
            MachineClock clock,
            CpuModel model) {
        this.state = state;
        this.clock = clock;
        cpu = new CpuContext(state, memory, fault);
        tables = new DescriptorTables(cpu);
        segments = new SegmentLoader(cpu, tables);
        TaskStateSegment tss = new TaskStateSegment(cpu);
        TaskSwitch tasks = new TaskSwitch(cpu, tables, segments);
        ports = new IoPermission(cpu, bus);
        transfers = new FarTransfer(cpu, tables, segments, tss, tasks);
        delivery = new InterruptDelivery(cpu, fault, tables, segments, tss, tasks, ports);
        returns = new InterruptReturn(cpu, tables, segments, tasks);
        fastCalls = new FastSystemCall(cpu);
        control = new ControlRegisters(cpu, interrupts, model);
        debug = new DebugRegisters(cpu);
        msrs = new ModelSpecificRegisters(cpu, interrupts, clock);
        cpuid = new CpuidTable(state, model, interrupts);
        flags = new FlagsControl(cpu);
        resets = new ResetState(state, model);
    }

    /**
     * Gives access to physical memory, with which loading CR3 in legacy PAE mode checks the page-directory pointers
     * (Intel SDM 3A §4.4.1); without, they aren't checked.
     */
    void checkPdptesThrough(LongUnaryOperator physicalRead64) {
        control.checkPdptesThrough(physicalRead64);
    }

    /** Power-on state; the time stamp counter starts at zero. */
    void reset() {
        resets.reset(clock.nanos());
        cpu.memory.flush(true);
        cpu.memory.contextChanged();
    }

    /** INIT: like {@link #reset}, but MSRs and floating point stay. A processor but the first waits for start-up. */
    void init() {
        resets.init();
        cpu.memory.flush(true);
        cpu.memory.contextChanged();
    }

    /** Start-up IPI: real mode at {@code vector} × 4096. Ignored by the caller unless the processor waits for it. */
    void startup(int vector) {
        resets.startup(vector);
        cpu.memory.contextChanged();
    }

    /**
     * Delivers the prepared fault, with escalation to double fault.
     *
     * @return false on a triple fault
     */
    boolean deliverFault() {
        return delivery.deliverFault();
    }

    /**
     * Delivers an interrupt: pushes {@code returnRip} and enters the handler.
     *
     * @return false on a triple fault
     */
    boolean deliver(int vector, Origin origin, long returnRip) {
        if (vector == GuestFault.DB && origin == Origin.EXCEPTION) {
            debug.merge();
        }
        return delivery.deliver(vector, origin, returnRip);
    }

    /** What reports accesses to watched bytes asks; see {@link DebugRegisters}. */
    Tlb.Watch watch() {
        return debug;
    }

    /** Whether instructions must be run one by one, as a breakpoint is enabled. */
    boolean breakpointsEnabled() {
        return debug.active();
    }

    /** An instruction that may be followed by a trap begins. */
    void beginInstruction() {
        debug.begin();
    }

    /** Whether a breakpoint stops the processor before the instruction at {@code state.rip}. */
    boolean stopsBefore() {
        return debug.stopsAt(cpu.linear(cpu.code64() ? state.rip : state.segments[CpuState.CS].base + state.rip));
    }

    /** Delivers the breakpoint that {@link #stopsBefore} found: a fault, but without RF. False on a triple fault. */
    boolean deliverBreakpoint() {
        return deliver(GuestFault.DB, Origin.EXCEPTION, state.rip);
    }

    /**
     * Delivers what is due behind an instruction: single step, data and port breakpoints. False on a triple fault.
     *
     * @param singleStep whether RFLAGS.TF was set when it began
     */
    boolean deliverTraps(boolean singleStep) {
        return !debug.traps(singleStep) || deliver(GuestFault.DB, Origin.EXCEPTION, state.rip);
    }

    /** MOV/POP/LES… to a segment register, ES–GS but CS. SS sets the interrupt shadow (Intel SDM 3A §6.8.3). */
    void loadSegment(int segment, int selector) {
        segments.load(segment, selector);
        if (segment == CpuState.SS) {
            state.interruptShadow = true;
            debug.block();
        }
    }

    /** JMP far where no task switch is expected; {@code operandSize} 2, 4 or 8 bytes, here and below. */
    void farJump(int selector, long offset, int operandSize) {
        farJump(selector, offset, operandSize, state.rip);
    }

    /** JMP far that may switch tasks: {@code nextRip} is where the old task continues. */
    void farJump(int selector, long offset, int operandSize, long nextRip) {
        transfers.jump(selector, offset, operandSize, nextRip);
    }

    /** CALL far. */
    void farCall(int selector, long offset, int operandSize, long nextRip) {
        transfers.call(selector, offset, operandSize, nextRip);
    }

    /** RET far, then pops {@code extra} bytes more. */
    void farReturn(int operandSize, int extra) {
        transfers.farReturn(operandSize, extra);
    }

    /** IRET, IRETD, IRETQ. */
    void interruptReturn(int operandSize) {
        interruptReturn(operandSize, state.rip + 1);
    }

    /** IRET that may switch tasks (NT set): {@code nextRip} is where the old task continues. */
    void interruptReturn(int operandSize, long nextRip) {
        returns.execute(operandSize, nextRip);
    }

    void syscall(long nextRip) {
        fastCalls.syscall(nextRip);
    }

    void sysret(int operandSize) {
        fastCalls.sysret(operandSize);
    }

    void sysenter() {
        fastCalls.sysenter();
    }

    void sysexit(int operandSize) {
        fastCalls.sysexit(operandSize);
    }

    void swapgs() {
        fastCalls.swapgs();
    }

    /** MOV r, CRn. */
    long readControl(int register) {
        return control.read(register);
    }

    /** MOV CRn, r. */
    void writeControl(int register, long value) {
        control.write(register, value);
    }

    long readDebug(int register) {
        return debug.read(register);
    }

    void writeDebug(int register, long value) {
        debug.write(register, value);
    }

    /** RDMSR: index in ECX, result in EDX:EAX. */
    void readMsr() {
        setPair(msrs.read((int) state.gpr[CpuState.RCX]));
    }

    void writeMsr() {
        long value = state.gpr[CpuState.RDX] << 32 | state.gpr[CpuState.RAX] & 0xFFFF_FFFFL;
        msrs.write((int) state.gpr[CpuState.RCX], value);
    }

    /** CPUID: leaf in EAX, subleaf in ECX. */
    void cpuid() {
        cpuid.execute();
    }

    private void setPair(long value) {
        state.gpr[CpuState.RAX] = value & 0xFFFF_FFFFL;
        state.gpr[CpuState.RDX] = value >>> 32;
    }

    void rdtsc() {
        if ((state.cr4 & CpuContext.CR4_TSD) != 0) {
            cpu.requirePrivilege();
        }
        setPair(msrs.timeStamp());
    }

    void rdtscp() {
        rdtsc();
        state.gpr[CpuState.RCX] = state.tscAux;
    }

    void rdpmc() {
        throw cpu.generalProtection(); // CPUID leaf 0AH offers no counter
    }

    void xgetbv() {
        throw cpu.undefined(); // CR4.OSXSAVE can't be set: CPUID doesn't offer XSAVE
    }

    void xsetbv() {
        throw cpu.undefined();
    }

    /** LMSW. */
    void loadMachineStatus(int value) {
        control.loadMachineStatus(value);
    }

    void clts() {
        control.clearTaskSwitched();
    }

    /** LGDT / LIDT / SGDT / SIDT from / to memory. */
    void loadDescriptorTable(boolean interrupt, long linear, int operandSize) {
        tables.load(interrupt, linear, operandSize);
    }

    void storeDescriptorTable(boolean interrupt, long linear, int operandSize) {
        tables.store(interrupt, linear, operandSize);
    }

    void lldt(int selector) {
        tables.loadLocal(selector);
    }

    void ltr(int selector) {
        tables.loadTask(selector);
    }

    /** LAR: the access rights, or -1 (clears ZF) if not visible. */
    long loadAccessRights(int selector) {
        return tables.accessRights(selector);
    }

    /** LSL: the limit, or -1 (clears ZF). */
    long loadSegmentLimit(int selector) {
        return tables.segmentLimit(selector);
    }

    /** VERR / VERW: the new ZF. */
    boolean verify(int selector, boolean write) {
        return tables.verify(selector, write);
    }

    /** INVLPG. */
    void invalidatePage(long linear) {
        cpu.requirePrivilege();
        cpu.memory.invalidatePage(linear);
    }

    /** INVPCID. */
    void invalidatePcid(long type, long descriptorLinear) {
        cpu.requirePrivilege();
        long pcid = cpu.memory.read64(descriptorLinear);
        long address = cpu.memory.read64(descriptorLinear + 8);
        boolean individual = type == 0;
        boolean valid = Long.compareUnsigned(type, 3) <= 0
                && pcid >>> 12 == 0
                && (type > 1 || pcid == 0 || (state.cr4 & CpuContext.CR4_PCIDE) != 0)
                && (!individual || CpuContext.canonical(address));
        if (!valid) {
            throw cpu.generalProtection();
        }
        boolean tagged = (state.cr4 & CpuContext.CR4_PCIDE) != 0;
        boolean current = !tagged || pcid == (state.cr3 & 0xFFF);
        switch ((int) type) {
            case 0 -> {
                if (current) {
                    cpu.memory.invalidatePage(address);
                } else {
                    cpu.memory.flushContext((int) pcid);
                }
            }
            case 1 -> {
                if (current) {
                    cpu.memory.flush(false);
                } else {
                    cpu.memory.flushContext((int) pcid);
                }
            }
            case 2 -> cpu.memory.flush(true);
            default -> cpu.memory.flushContexts();
        }
    }

    /** Faults unless the privilege level is 0: HLT, WBINVD, … */
    void requirePrivilege() {
        cpu.requirePrivilege();
    }

    /** CLI, STI: IOPL and VME/PVI checks; sets the interrupt shadow on STI. */
    void setInterruptFlag(boolean enable) {
        flags.setInterruptFlag(enable);
    }

    /** POPF: writes the flags that the mode allows; IOPL and virtual-8086 checks. */
    void popFlags(long value, int operandSize) {
        flags.pop(value, operandSize);
    }

    /** PUSHF: the value to push, after virtual-8086 checks. */
    long pushFlags(int operandSize) {
        return flags.push(operandSize);
    }

    /** Faults unless a port may be used: string instructions ask before they look at memory. */
    void requirePort(int port, int size) {
        ports.check(port, size);
    }

    /** IN, with the permission checks (IOPL, TSS bitmap). */
    int portIn(int port, int size) {
        int value = ports.in(port, size);
        debug.portAccessed(port, size);
        return value;
    }

    /** OUT, with the permission checks. */
    void portOut(int port, int size, int value) {
        ports.out(port, size, value);
        debug.portAccessed(port, size);
    }
}
