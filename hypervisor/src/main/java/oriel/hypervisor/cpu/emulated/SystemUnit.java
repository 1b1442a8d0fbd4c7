package oriel.hypervisor.cpu.emulated;

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

    private final CpuState state;
    private final LinearMemory memory;
    private final GuestFault fault;
    private final IoBus bus;
    private final InterruptSource interrupts;
    private final MachineClock clock;

    SystemUnit(
            CpuState state,
            LinearMemory memory,
            GuestFault fault,
            IoBus bus,
            InterruptSource interrupts,
            MachineClock clock) {
        this.state = state;
        this.memory = memory;
        this.fault = fault;
        this.bus = bus;
        this.interrupts = interrupts;
        this.clock = clock;
    }

    /**
     * Delivers the prepared fault, with escalation to double fault.
     *
     * @return false on a triple fault
     */
    boolean deliverFault() {
        throw new UnsupportedOperationException();
    }

    /**
     * Delivers an interrupt: pushes {@code returnRip} and enters the handler.
     *
     * @return false on a triple fault
     */
    boolean deliver(int vector, Origin origin, long returnRip) {
        throw new UnsupportedOperationException();
    }

    /** MOV/POP/LES… to a segment register, ES–GS but CS. */
    void loadSegment(int segment, int selector) {
        throw new UnsupportedOperationException();
    }

    /** JMP far; {@code operandSize} 2, 4 or 8 bytes, here and below. */
    void farJump(int selector, long offset, int operandSize) {
        throw new UnsupportedOperationException();
    }

    /** CALL far. */
    void farCall(int selector, long offset, int operandSize, long nextRip) {
        throw new UnsupportedOperationException();
    }

    /** RET far, then pops {@code extra} bytes more. */
    void farReturn(int operandSize, int extra) {
        throw new UnsupportedOperationException();
    }

    /** IRET, IRETD, IRETQ. */
    void interruptReturn(int operandSize) {
        throw new UnsupportedOperationException();
    }

    void syscall(long nextRip) {
        throw new UnsupportedOperationException();
    }

    void sysret(int operandSize) {
        throw new UnsupportedOperationException();
    }

    void sysenter() {
        throw new UnsupportedOperationException();
    }

    void sysexit(int operandSize) {
        throw new UnsupportedOperationException();
    }

    void swapgs() {
        throw new UnsupportedOperationException();
    }

    /** MOV r, CRn. */
    long readControl(int register) {
        throw new UnsupportedOperationException();
    }

    /** MOV CRn, r. */
    void writeControl(int register, long value) {
        throw new UnsupportedOperationException();
    }

    long readDebug(int register) {
        throw new UnsupportedOperationException();
    }

    void writeDebug(int register, long value) {
        throw new UnsupportedOperationException();
    }

    /** RDMSR: index in ECX, result in EDX:EAX. */
    void readMsr() {
        throw new UnsupportedOperationException();
    }

    void writeMsr() {
        throw new UnsupportedOperationException();
    }

    /** CPUID: leaf in EAX, subleaf in ECX. */
    void cpuid() {
        throw new UnsupportedOperationException();
    }

    void rdtsc() {
        throw new UnsupportedOperationException();
    }

    void rdtscp() {
        throw new UnsupportedOperationException();
    }

    void rdpmc() {
        throw new UnsupportedOperationException();
    }

    void xgetbv() {
        throw new UnsupportedOperationException();
    }

    void xsetbv() {
        throw new UnsupportedOperationException();
    }

    /** LMSW. */
    void loadMachineStatus(int value) {
        throw new UnsupportedOperationException();
    }

    void clts() {
        throw new UnsupportedOperationException();
    }

    /** LGDT / LIDT / SGDT / SIDT from / to memory. */
    void loadDescriptorTable(boolean interrupt, long linear, int operandSize) {
        throw new UnsupportedOperationException();
    }

    void storeDescriptorTable(boolean interrupt, long linear, int operandSize) {
        throw new UnsupportedOperationException();
    }

    void lldt(int selector) {
        throw new UnsupportedOperationException();
    }

    void ltr(int selector) {
        throw new UnsupportedOperationException();
    }

    /** LAR: the access rights, or -1 (clears ZF) if not visible. */
    long loadAccessRights(int selector) {
        throw new UnsupportedOperationException();
    }

    /** LSL: the limit, or -1 (clears ZF). */
    long loadSegmentLimit(int selector) {
        throw new UnsupportedOperationException();
    }

    /** VERR / VERW: the new ZF. */
    boolean verify(int selector, boolean write) {
        throw new UnsupportedOperationException();
    }

    /** INVLPG. */
    void invalidatePage(long linear) {
        throw new UnsupportedOperationException();
    }

    /** INVPCID. */
    void invalidatePcid(long type, long descriptorLinear) {
        throw new UnsupportedOperationException();
    }

    /** Faults unless the privilege level is 0: HLT, WBINVD, … */
    void requirePrivilege() {
        throw new UnsupportedOperationException();
    }

    /** CLI, STI: IOPL and VME/PVI checks; sets the interrupt shadow on STI. */
    void setInterruptFlag(boolean enable) {
        throw new UnsupportedOperationException();
    }

    /** POPF: writes the flags that the mode allows; IOPL and virtual-8086 checks. */
    void popFlags(long value, int operandSize) {
        throw new UnsupportedOperationException();
    }

    /** PUSHF: the value to push, after virtual-8086 checks. */
    long pushFlags(int operandSize) {
        throw new UnsupportedOperationException();
    }

    /** IN, with the permission checks (IOPL, TSS bitmap). */
    int portIn(int port, int size) {
        throw new UnsupportedOperationException();
    }

    /** OUT, with the permission checks. */
    void portOut(int port, int size, int value) {
        throw new UnsupportedOperationException();
    }
}
