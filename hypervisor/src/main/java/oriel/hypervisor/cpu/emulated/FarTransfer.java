package oriel.hypervisor.cpu.emulated;

import oriel.hypervisor.cpu.CpuState;

/** Far JMP, CALL and RET: direct, through call gates, to tasks (Intel SDM 3A §5.8, SDM 2A JMP, CALL, 2B RET). */
final class FarTransfer {
    private final CpuContext cpu;
    private final CpuState state;
    private final DescriptorTables tables;
    private final SegmentLoader loader;
    private final TaskStateSegment tss;
    private final TaskSwitch tasks;
    private final StackAccess stack;
    private final StackAccess inner;

    FarTransfer(CpuContext cpu, DescriptorTables tables, SegmentLoader loader, TaskStateSegment tss, TaskSwitch tasks) {
        this.cpu = cpu;
        this.state = cpu.state;
        this.tables = tables;
        this.loader = loader;
        this.tss = tss;
        this.tasks = tasks;
        this.stack = new StackAccess(cpu);
        this.inner = new StackAccess(cpu);
    }

    void jump(int selector, long offset, int operandSize, long nextRip) {
        if (!cpu.protectedMode()) {
            jumpReal(selector, CpuContext.truncate(offset, operandSize));
            return;
        }
        long raw = fetchTarget(selector);
        if (Descriptor.isSegment(raw)) {
            checkDirect(selector, raw);
            long target = checkOffset(raw, offset, operandSize);
            loader.setCode(selector, raw, state.cpl());
            state.rip = target;
            return;
        }
        int type = systemType(selector, raw);
        switch (type) {
            case Descriptor.CALL_GATE16, Descriptor.CALL_GATE32 -> jumpThroughGate(selector, raw, type);
            case Descriptor.TASK_GATE -> tasks.throughGate(selector, raw, TaskSwitch.Kind.JUMP, nextRip);
            default -> tasks.direct(selector, TaskSwitch.Kind.JUMP, nextRip);
        }
    }

    private void jumpThroughGate(int selector, long gate, int type) {
        int targetSelector = gateTarget(gate);
        long raw = fetchGateCode(targetSelector);
        int cpl = state.cpl();
        if (Descriptor.isConforming(raw) ? Descriptor.dpl(raw) > cpl : Descriptor.dpl(raw) != cpl) {
            throw cpu.fault(GuestFault.GP, targetSelector);
        }
        requirePresent(targetSelector, raw);
        long target = checkOffset(raw, gateOffset(selector, gate, type), 8);
        loader.setCode(targetSelector, raw, cpl);
        state.rip = target;
    }

    private void jumpReal(int selector, long offset) {
        if (offset > state.segments[CpuState.CS].limit) {
            throw cpu.generalProtection();
        }
        loader.loadReal(CpuState.CS, selector);
        state.rip = offset;
    }

    void call(int selector, long offset, int operandSize, long nextRip) {
        stack.current();
        if (!cpu.protectedMode()) {
            stack.push(operandSize, state.segments[CpuState.CS].selector);
            stack.push(operandSize, nextRip);
            jumpReal(selector, CpuContext.truncate(offset, operandSize));
            stack.commit();
            return;
        }
        long raw = fetchTarget(selector);
        if (Descriptor.isSegment(raw)) {
            checkDirect(selector, raw);
            callSameLevel(selector, raw, offset, operandSize, nextRip);
            return;
        }
        int type = systemType(selector, raw);
        switch (type) {
            case Descriptor.CALL_GATE16, Descriptor.CALL_GATE32 -> callThroughGate(selector, raw, type, nextRip);
            case Descriptor.TASK_GATE -> tasks.throughGate(selector, raw, TaskSwitch.Kind.CALL, nextRip);
            default -> tasks.direct(selector, TaskSwitch.Kind.CALL, nextRip);
        }
    }

    private void callSameLevel(int selector, long raw, long offset, int size, long nextRip) {
        long target = checkOffset(raw, offset, size);
        stack.push(size, state.segments[CpuState.CS].selector);
        stack.push(size, nextRip);
        int level = state.cpl();
        stack.commit();
        loader.setCode(selector, raw, level);
        state.rip = target;
    }

    private void callThroughGate(int selector, long gate, int type, long nextRip) {
        int targetSelector = gateTarget(gate);
        long raw = fetchGateCode(targetSelector);
        int cpl = state.cpl();
        int level = Descriptor.dpl(raw);
        if (level > cpl) {
            throw cpu.fault(GuestFault.GP, targetSelector);
        }
        requirePresent(targetSelector, raw);
        int size = cpu.longMode() ? 8 : type == Descriptor.CALL_GATE32 ? 4 : 2;
        long offset = gateOffset(selector, gate, type);
        if (Descriptor.isConforming(raw) || level == cpl) {
            callSameLevel(targetSelector, raw, offset, size, nextRip);
        } else if (size == 8) {
            callInner64(targetSelector, raw, offset, level, nextRip);
        } else {
            callInner(targetSelector, raw, offset, size, Descriptor.gateParameters(gate), nextRip);
        }
    }

    private void callInner(int selector, long raw, long offset, int size, int parameters, long nextRip) {
        int level = Descriptor.dpl(raw);
        int stackSelector = tss.stackSelector(level);
        long stackPointer = tss.stackPointer(level);
        if (DescriptorTables.isNull(stackSelector)) {
            throw cpu.fault(GuestFault.TS, 0);
        }
        long stackRaw = loader.fetchStack(stackSelector, level, GuestFault.TS);
        inner.segment(stackSelector, stackRaw, stackPointer);
        inner.push(size, state.segments[CpuState.SS].selector);
        inner.push(size, state.gpr[CpuState.RSP]);
        for (int i = parameters - 1; i >= 0; i--) {
            inner.push(size, stack.peek((long) i * size, size));
        }
        inner.push(size, state.segments[CpuState.CS].selector);
        inner.push(size, nextRip);
        long target = checkOffset(raw, offset, 8);
        tables.markAccessed(selector, raw);
        loader.setStack(stackSelector, stackRaw);
        inner.commit();
        loader.setCode(selector, raw, level);
        state.rip = target;
    }

    private void callInner64(int selector, long raw, long offset, int level, long nextRip) {
        inner.flat(tss.stackPointer64(level), true);
        inner.push(8, state.segments[CpuState.SS].selector);
        inner.push(8, state.gpr[CpuState.RSP]);
        inner.push(8, state.segments[CpuState.CS].selector);
        inner.push(8, nextRip);
        long target = checkOffset(raw, offset, 8);
        tables.markAccessed(selector, raw);
        loader.setNullStack(level, level);
        inner.commit();
        loader.setCode(selector, raw, level);
        state.rip = target;
    }

    private long fetchTarget(int selector) {
        if (DescriptorTables.isNull(selector)) {
            throw cpu.generalProtection();
        }
        return tables.fetch(selector, GuestFault.GP);
    }

    /** Privilege rules of a transfer without a gate. */
    private void checkDirect(int selector, long raw) {
        int cpl = state.cpl();
        boolean allowed = Descriptor.isConforming(raw)
                ? Descriptor.dpl(raw) <= cpl
                : (selector & 3) <= cpl && Descriptor.dpl(raw) == cpl;
        if (!Descriptor.isCode(raw) || !allowed || invalidInLongMode(raw)) {
            throw cpu.fault(GuestFault.GP, selector);
        }
        requirePresent(selector, raw);
    }

    private void requirePresent(int selector, long raw) {
        if (!Descriptor.present(raw)) {
            throw cpu.fault(GuestFault.NP, selector);
        }
    }

    private boolean invalidInLongMode(long raw) {
        return cpu.longMode() && Descriptor.is64Bit(raw) && Descriptor.isBig(raw);
    }

    /** Where execution continues: canonical in 64-bit code, within the limit elsewhere. */
    private long checkOffset(long raw, long offset, int operandSize) {
        long target = CpuContext.truncate(offset, operandSize);
        if (cpu.longMode() && Descriptor.is64Bit(raw)) {
            if (!CpuContext.canonical(target)) {
                throw cpu.generalProtection();
            }
            return target;
        }
        target &= 0xFFFF_FFFFL;
        if (target > Descriptor.limit(raw)) {
            throw cpu.generalProtection();
        }
        return target;
    }

    /** Type of a system descriptor that a far transfer may name; privilege and presence of gates are checked. */
    private int systemType(int selector, long raw) {
        int type = Descriptor.type(raw);
        boolean valid = cpu.longMode()
                ? type == Descriptor.CALL_GATE32
                : switch (type) {
                    case Descriptor.CALL_GATE16,
                            Descriptor.CALL_GATE32,
                            Descriptor.TASK_GATE,
                            Descriptor.TSS16_AVAILABLE,
                            Descriptor.TSS32_AVAILABLE -> true;
                    default -> false;
                };
        if (!valid || Descriptor.dpl(raw) < Math.max(state.cpl(), selector & 3)) {
            throw cpu.fault(GuestFault.GP, selector);
        }
        requirePresent(selector, raw);
        return type;
    }

    private int gateTarget(long gate) {
        int target = Descriptor.gateSelector(gate);
        if (DescriptorTables.isNull(target)) {
            throw cpu.generalProtection();
        }
        return target;
    }

    private long fetchGateCode(int selector) {
        long raw = tables.fetch(selector, GuestFault.GP);
        boolean valid =
                Descriptor.isCode(raw) && (!cpu.longMode() || (Descriptor.is64Bit(raw) && !Descriptor.isBig(raw)));
        if (!valid) {
            throw cpu.fault(GuestFault.GP, selector);
        }
        return raw;
    }

    private long gateOffset(int selector, long gate, int type) {
        long low = Descriptor.gateOffset(gate);
        if (cpu.longMode()) {
            return low | tables.fetchUpper(selector, GuestFault.GP) << 32;
        }
        return type == Descriptor.CALL_GATE16 ? low & 0xFFFF : low;
    }

    void farReturn(int size, int extra) {
        stack.current();
        long offset = stack.pop(size);
        int selector = (int) stack.pop(size) & 0xFFFF;
        if (!cpu.protectedMode()) {
            jumpReal(selector, offset);
            stack.skip(extra);
            stack.commit();
            return;
        }
        if (DescriptorTables.isNull(selector)) {
            throw cpu.generalProtection();
        }
        long raw = tables.fetch(selector, GuestFault.GP);
        int level = selector & 3;
        checkReturnCode(cpu, selector, raw);
        if (level == state.cpl()) {
            long target = checkOffset(raw, offset, size);
            stack.skip(extra);
            stack.commit();
            loader.setCode(selector, raw, level);
            state.rip = target;
            return;
        }
        stack.skip(extra);
        long newPointer = stack.pop(size);
        int newStack = (int) stack.pop(size) & 0xFFFF;
        long stackRaw = checkReturnStack(cpu, loader, newStack, raw, level);
        long target = checkOffset(raw, offset, size);
        commitOuter(cpu, loader, selector, raw, newStack, stackRaw, newPointer + extra);
        state.rip = target;
    }

    /** Checks of the code segment that RET and IRET share. */
    static void checkReturnCode(CpuContext cpu, int selector, long raw) {
        int level = selector & 3;
        boolean allowed = Descriptor.isConforming(raw) ? Descriptor.dpl(raw) <= level : Descriptor.dpl(raw) == level;
        boolean bothSizes = cpu.longMode() && Descriptor.is64Bit(raw) && Descriptor.isBig(raw);
        if (!Descriptor.isCode(raw) || level < cpu.state.cpl() || !allowed || bothSizes) {
            throw cpu.fault(GuestFault.GP, selector);
        }
        if (!Descriptor.present(raw)) {
            throw cpu.fault(GuestFault.NP, selector);
        }
    }

    /** Checks the stack segment to return to; gives its descriptor or 0 for the null one of 64-bit code. */
    static long checkReturnStack(CpuContext cpu, SegmentLoader loader, int selector, long code, int level) {
        if (DescriptorTables.isNull(selector)) {
            boolean to64 = cpu.longMode() && Descriptor.is64Bit(code);
            if (!to64 || level == 3 || (selector & 3) != level) {
                throw cpu.generalProtection();
            }
            return 0;
        }
        return loader.fetchStack(selector, level, GuestFault.GP);
    }

    /** Loads CS, SS and RSP of the program returned to. Only setting accessed bits can fault, so that comes first. */
    static void commitOuter(
            CpuContext cpu, SegmentLoader loader, int code, long codeRaw, int stack, long stackRaw, long pointer) {
        int level = code & 3;
        int previous = cpu.state.cpl();
        if (stackRaw != 0) {
            loader.markAccessed(stack, stackRaw);
        }
        loader.setCode(code, codeRaw, level);
        if (stackRaw == 0) {
            loader.setNullStack(stack, level);
        } else {
            loader.setStack(stack, stackRaw);
        }
        StackAccess.setPointer(cpu, pointer);
        if (level > previous) {
            loader.dropInnerData(level);
        }
    }
}
