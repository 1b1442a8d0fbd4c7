package oriel.hypervisor.cpu.emulated;

import oriel.hypervisor.cpu.CpuState;
import oriel.hypervisor.cpu.SegmentState;
import oriel.hypervisor.cpu.emulated.SystemUnit.Origin;

/** Exceptions and interrupts: gates, stack switches, double and triple faults (Intel SDM 3A chapter 6). */
final class InterruptDelivery {
    private final CpuContext cpu;
    private final CpuState state;
    private final LinearMemory memory;
    private final GuestFault fault;
    private final DescriptorTables tables;
    private final SegmentLoader loader;
    private final TaskStateSegment tss;
    private final TaskSwitch tasks;
    private final IoPermission permission;
    private final StackAccess stack;

    InterruptDelivery(
            CpuContext cpu,
            GuestFault fault,
            DescriptorTables tables,
            SegmentLoader loader,
            TaskStateSegment tss,
            TaskSwitch tasks,
            IoPermission permission) {
        this.cpu = cpu;
        this.state = cpu.state;
        this.memory = cpu.memory;
        this.fault = fault;
        this.tables = tables;
        this.loader = loader;
        this.tss = tss;
        this.tasks = tasks;
        this.permission = permission;
        this.stack = new StackAccess(cpu);
    }

    /** Delivers the prepared fault. False on a triple fault. */
    boolean deliverFault() {
        if (fault.vector == GuestFault.PF) {
            state.cr2 = fault.address;
        }
        return deliver(fault.vector, Origin.EXCEPTION, state.rip, fault.errorCode, isFaultClass(fault.vector));
    }

    boolean deliver(int vector, Origin origin, long returnRip) {
        boolean delivered = deliver(vector, origin, returnRip, 0, false);
        if (vector == GuestFault.NMI && origin == Origin.EXTERNAL) {
            state.nmiBlocked = true;
        }
        return delivered;
    }

    /** Faults, not traps: their handler returns to the instruction, and RF keeps it from a second debug fault. */
    private static boolean isFaultClass(int vector) {
        return vector != GuestFault.DB && vector != GuestFault.BP && vector != GuestFault.OF;
    }

    private boolean deliver(int first, Origin firstOrigin, long firstRip, int firstError, boolean firstResume) {
        int vector = first;
        int errorCode = firstError;
        Origin origin = firstOrigin;
        long returnRip = firstRip;
        boolean resume = firstResume;
        state.halted = false;
        state.interruptShadow = false;
        while (true) {
            try {
                cpu.external = origin == Origin.EXTERNAL || origin == Origin.EXCEPTION ? 1 : 0;
                boolean hasErrorCode = origin == Origin.EXCEPTION && GuestFault.hasErrorCode(vector);
                long flags = resume ? state.rflags | CpuContext.RF : state.rflags;
                enter(vector, origin, returnRip, flags, hasErrorCode, errorCode);
                if (vector == GuestFault.DB) {
                    state.dr[7] &= ~(1L << 13); // GD, so that the handler can use the debug registers
                }
                return true;
            } catch (GuestFault second) {
                boolean exception = origin == Origin.EXCEPTION;
                if (exception && vector == GuestFault.DF) {
                    return false;
                }
                boolean isDouble = exception && makesDoubleFault(vector, second.vector);
                if (second.vector == GuestFault.PF) {
                    state.cr2 = second.address;
                }
                vector = isDouble ? GuestFault.DF : second.vector;
                errorCode = isDouble ? 0 : second.errorCode;
                resume = isFaultClass(vector);
                origin = Origin.EXCEPTION;
                returnRip = state.rip;
            } finally {
                cpu.external = 0;
            }
        }
    }

    /** Intel SDM 3A tables 6-4 and 6-5. */
    static boolean makesDoubleFault(int first, int second) {
        return (isContributory(first) && isContributory(second))
                || (first == GuestFault.PF && (isContributory(second) || second == GuestFault.PF));
    }

    private static boolean isContributory(int vector) {
        return vector == GuestFault.DE || (vector >= GuestFault.TS && vector <= GuestFault.GP);
    }

    private void enter(int vector, Origin origin, long rip, long flags, boolean hasErrorCode, int errorCode) {
        if (cpu.longMode()) {
            enterLong(vector, origin, rip, flags, hasErrorCode, errorCode);
        } else if ((state.cr0 & CpuContext.CR0_PE) == 0) {
            enterReal(vector, rip);
        } else if (cpu.virtual8086() && origin == Origin.SOFTWARE && redirect(vector)) {
            enterRedirected(vector, rip);
        } else {
            enterProtected(vector, origin, rip, flags, hasErrorCode, errorCode);
        }
    }

    private void enterReal(int vector, long rip) {
        if (vector * 4L + 3 > state.idtLimit) {
            throw cpu.gateFault(GuestFault.GP, vector);
        }
        long entry = memory.readSystem(cpu.linear(state.idtBase + vector * 4L), 4);
        stack.current();
        stack.push(2, state.rflags & 0xFFFF);
        stack.push(2, state.segments[CpuState.CS].selector);
        stack.push(2, rip & 0xFFFF);
        stack.commit();
        loader.loadReal(CpuState.CS, (int) (entry >>> 16) & 0xFFFF);
        state.rip = entry & 0xFFFF;
        cpu.setFlags(state.rflags & ~(CpuContext.IF | CpuContext.TF | CpuContext.RF | CpuContext.AC));
    }

    /** Virtual-8086 INT n: whether the program's own handler runs (SDM 3A §20.3.3, table 20-2). */
    private boolean redirect(int vector) {
        boolean vme = (state.cr4 & CpuContext.CR4_VME) != 0;
        if (vme && !permission.interruptTrapped(vector)) {
            return true;
        }
        if (cpu.iopl() < 3) {
            throw cpu.generalProtection();
        }
        return false;
    }

    private void enterRedirected(int vector, long rip) {
        long entry = memory.read32(vector * 4L) & 0xFFFF_FFFFL;
        long flags = state.rflags;
        boolean virtualFlag = cpu.iopl() < 3;
        long image = flags;
        if (virtualFlag) {
            image = flags & ~CpuContext.IF | CpuContext.IOPL | ((flags & CpuContext.VIF) != 0 ? CpuContext.IF : 0);
        }
        stack.current();
        stack.push(2, image & 0xFFFF);
        stack.push(2, state.segments[CpuState.CS].selector);
        stack.push(2, rip & 0xFFFF);
        stack.commit();
        loader.loadReal(CpuState.CS, (int) (entry >>> 16) & 0xFFFF);
        state.rip = entry & 0xFFFF;
        cpu.setFlags(flags & ~((virtualFlag ? CpuContext.VIF : CpuContext.IF) | CpuContext.TF));
    }

    /** Reads and checks an IDT entry; {@code types} has a bit for each type allowed. */
    private long fetchGate(int vector, Origin origin, int size, int types) {
        long offset = (long) vector * size;
        if (offset + size - 1 > state.idtLimit) {
            throw cpu.gateFault(GuestFault.GP, vector);
        }
        long gate = memory.readSystem(cpu.linear(state.idtBase + offset), 8);
        if (Descriptor.isSegment(gate) || (types >> Descriptor.type(gate) & 1) == 0) {
            throw cpu.gateFault(GuestFault.GP, vector);
        }
        boolean software = origin == Origin.SOFTWARE || origin == Origin.BREAKPOINT;
        if (software && Descriptor.dpl(gate) < state.cpl()) {
            throw cpu.gateFault(GuestFault.GP, vector);
        }
        if (!Descriptor.present(gate)) {
            throw cpu.gateFault(GuestFault.NP, vector);
        }
        return gate;
    }

    private long fetchCode(int selector) {
        if (DescriptorTables.isNull(selector)) {
            throw cpu.generalProtection();
        }
        long raw = tables.fetch(selector, GuestFault.GP);
        boolean valid = Descriptor.isCode(raw)
                && Descriptor.dpl(raw) <= state.cpl()
                && (!cpu.longMode() || (Descriptor.is64Bit(raw) && !Descriptor.isBig(raw)));
        if (!valid) {
            throw cpu.fault(GuestFault.GP, selector);
        }
        if (!Descriptor.present(raw)) {
            throw cpu.fault(GuestFault.NP, selector);
        }
        return raw;
    }

    private void clearFlags(int gateType) {
        long clear = CpuContext.TF | CpuContext.NT | CpuContext.RF | CpuContext.VM;
        cpu.setFlags(state.rflags & ~((gateType & 1) == 0 ? clear | CpuContext.IF : clear));
    }

    private void enterLong(int vector, Origin origin, long rip, long flags, boolean hasErrorCode, int errorCode) {
        long gate = fetchGate(vector, origin, 16, 1 << Descriptor.INTERRUPT_GATE32 | 1 << Descriptor.TRAP_GATE32);
        long upper = memory.readSystem(state.idtBase + vector * 16L + 8, 8);
        int selector = Descriptor.gateSelector(gate);
        long raw = fetchCode(selector);
        int cpl = state.cpl();
        int level = Descriptor.isConforming(raw) ? cpl : Descriptor.dpl(raw);
        int stackTable = Descriptor.gateStackTable(gate);
        long pointer;
        if (stackTable != 0) {
            pointer = tss.interruptStack(stackTable);
        } else if (level != cpl) {
            pointer = tss.stackPointer64(level);
        } else {
            pointer = state.gpr[CpuState.RSP];
        }
        stack.flat(pointer & ~15L, level != 3);
        stack.push(8, state.segments[CpuState.SS].selector);
        stack.push(8, state.gpr[CpuState.RSP]);
        stack.push(8, flags);
        stack.push(8, state.segments[CpuState.CS].selector);
        stack.push(8, rip);
        if (hasErrorCode) {
            stack.push(8, errorCode);
        }
        long target = Descriptor.gateOffset(gate) | upper << 32;
        if (!CpuContext.canonical(target)) {
            throw cpu.generalProtection();
        }
        loader.setCode(selector, raw, level);
        if (level != cpl) {
            loader.setNullStack(level, level);
        }
        state.gpr[CpuState.RSP] = stack.pointer;
        state.rip = target;
        clearFlags(Descriptor.type(gate));
    }

    private void enterProtected(int vector, Origin origin, long rip, long flags, boolean hasErrorCode, int errorCode) {
        int types = 1 << Descriptor.TASK_GATE
                | 1 << Descriptor.INTERRUPT_GATE16
                | 1 << Descriptor.TRAP_GATE16
                | 1 << Descriptor.INTERRUPT_GATE32
                | 1 << Descriptor.TRAP_GATE32;
        long gate = fetchGate(vector, origin, 8, types);
        int type = Descriptor.type(gate);
        int selector = Descriptor.gateSelector(gate);
        if (type == Descriptor.TASK_GATE) {
            tasks.interrupt(selector, rip, hasErrorCode, errorCode);
            return;
        }
        long raw = fetchCode(selector);
        int size = (type & 8) != 0 ? 4 : 2;
        long target = size == 4 ? Descriptor.gateOffset(gate) : gate & 0xFFFF;
        int cpl = state.cpl();
        boolean inner = !Descriptor.isConforming(raw) && Descriptor.dpl(raw) < cpl;
        boolean virtual = cpu.virtual8086();
        if (virtual && (!inner || Descriptor.dpl(raw) != 0)) {
            throw cpu.fault(GuestFault.GP, selector);
        }
        int level = inner ? Descriptor.dpl(raw) : cpl;
        int stackSelector = 0;
        long stackRaw = 0;
        if (inner) {
            stackSelector = tss.stackSelector(level);
            long pointer = tss.stackPointer(level);
            if (DescriptorTables.isNull(stackSelector)) {
                throw cpu.fault(GuestFault.TS, 0);
            }
            stackRaw = loader.fetchStack(stackSelector, level, GuestFault.TS);
            stack.segment(stackSelector, stackRaw, pointer);
            if (virtual) {
                pushSegment(size, CpuState.GS);
                pushSegment(size, CpuState.FS);
                pushSegment(size, CpuState.DS);
                pushSegment(size, CpuState.ES);
            }
            pushSegment(size, CpuState.SS);
            stack.push(size, state.gpr[CpuState.RSP]);
        } else {
            stack.current();
        }
        stack.push(size, flags);
        pushSegment(size, CpuState.CS);
        stack.push(size, rip);
        if (hasErrorCode) {
            stack.push(size, errorCode);
        }
        if (target > Descriptor.limit(raw)) {
            throw cpu.generalProtection();
        }
        tables.markAccessed(selector, raw);
        if (inner) {
            if (virtual) {
                for (int segment : new int[] {CpuState.ES, CpuState.DS, CpuState.FS, CpuState.GS}) {
                    loader.setNull(segment, 0);
                }
            }
            loader.setStack(stackSelector, stackRaw);
        }
        stack.commit();
        clearFlags(type);
        loader.setCode(selector, raw, level);
        state.rip = target;
    }

    private void pushSegment(int size, int segment) {
        SegmentState register = state.segments[segment];
        stack.push(size, register.selector);
    }
}
