package oriel.hypervisor.cpu.emulated;

import oriel.hypervisor.cpu.CpuState;

/** What the hot switch leaves alone, above all the way to the system, string and floating-point units. */
abstract class RareOperations extends StackOperations {
    private static final int CR4_FSGSBASE = 1 << 16;

    private final StringUnit strings;

    /** A triple fault happened. */
    boolean shutdown;

    /** The last instruction entered a handler itself: no single-step trap behind it. */
    boolean enteredHandler;

    RareOperations(CpuState state, Mmu mmu, CodeCache cache, Decoder decoder, GuestFault fault, Units units) {
        super(state, mmu, cache, decoder, fault, units);
        strings = new StringUnit(this);
    }

    /**
     * Executes an operation outside the hot switch.
     *
     * @param pc arena index behind it
     * @return where to go on, or -1 to leave to the run loop at {@code state.rip}
     */
    final int rare(int pc, long w) {
        int op = Op.op(w);
        if (op >= Op.FAR_JUMP) {
            return op < Op.READ_CONTROL ? transfer(pc, w) : systemOperation(pc, w);
        }
        if (op >= Op.PUSHG && op <= Op.LOOP) {
            return stack(pc, w);
        }
        if (op >= Op.ALUG && op <= Op.RDRAND) {
            OperationTable.of(w).execute(this, w);
            return pc;
        }
        return other(pc, w);
    }

    private long relative(long offset) {
        return wrap(registers[Op.RIP_BASE] + offset);
    }

    /** The instruction is done, and control is at {@code state.rip} already. */
    private int transferred(int pc) {
        left -= retired(pc);
        return -1;
    }

    /** The instruction is done; the next one is behind it. */
    private int done(int pc, long w) {
        finish(pc, relative(Op.immediate(w)));
        return -1;
    }

    /** The instruction isn't complete: it is to be executed again. */
    private int again(int pc) {
        left -= retired(pc) - 1;
        state.rip = ripOf(pc);
        return -1;
    }

    private int other(int pc, long w) {
        int a = Op.a(w);
        int size = Op.scale(w);
        switch (Op.op(w)) {
            case Op.STALE -> {
                long rip = ripOf(pc);
                left -= retired(pc) - 1;
                if (left <= 0) {
                    state.rip = rip;
                    return -1;
                }
                return renew(pc, rip);
            }
            case Op.RAISE -> throw fault.of(Op.immediate(w), 0);
            case Op.LEA16 -> registers[a] = registers[Op.b(w)] + registers[Op.c(w)] + Op.immediate(w) & 0xFFFF;
            case Op.SEGMENT_CHECK ->
                registers[a] = linear(Op.d(w) & 7, registers[a], Op.immediate(w), (Op.d(w) & 8) != 0);
            case Op.STRING -> {
                if (!strings.execute(Op.d(w), size, Op.immediate(w))) {
                    return again(pc);
                }
            }
            case Op.PORT_STRING -> {
                systemEntry(pc);
                attention();
                if (!strings.port(Op.d(w) == 1, size, Op.immediate(w))) {
                    return again(pc);
                }
            }
            case Op.PORT_IN -> {
                systemEntry(pc);
                int port = Op.immediate(w) < 0 ? (int) registers[CpuState.RDX] & 0xFFFF : Op.immediate(w);
                attention();
                put(CpuState.RAX, size, system.portIn(port, 1 << size));
            }
            case Op.PORT_OUT -> {
                systemEntry(pc);
                int port = Op.immediate(w) < 0 ? (int) registers[CpuState.RDX] & 0xFFFF : Op.immediate(w);
                attention();
                system.portOut(port, 1 << size, (int) (registers[CpuState.RAX] & mask(size)));
            }
            case Op.PUSHF -> {
                systemEntry(pc);
                registers[a] = system.pushFlags(1 << size);
            }
            case Op.POPF -> {
                systemEntry(pc);
                system.popFlags(registers[a], 1 << size);
                drop(1 << size);
                return done(pc, w);
            }
            case Op.BOUND -> bound(size, registers[a]);
            case Op.ARPL -> {
                long rpl = registers[Op.b(w)] & 3;
                boolean raise = (registers[a] & 3) < rpl;
                if (raise) {
                    registers[a] = registers[a] & ~3L | rpl;
                }
                setFlags(Flags.ZF, raise ? Flags.ZF : 0);
            }
            case Op.INTO -> {
                if (condition(0)) {
                    return interrupt(pc, GuestFault.OF, SystemUnit.Origin.BREAKPOINT, relative(Op.immediate(w)));
                }
                return done(pc, w);
            }
            default -> throw new IllegalStateException("operation " + Op.op(w));
        }
        return pc;
    }

    private void bound(int size, long raw) {
        int shift = 64 - (8 << size);
        long index = raw << shift >> shift;
        long lower = mmu.read(registers[Op.T1], 1 << size) << shift >> shift;
        long upper = mmu.read(registers[Op.T1] + (1 << size), 1 << size) << shift >> shift;
        if (index < lower || index > upper) {
            throw fault.of(GuestFault.BR, 0);
        }
    }

    private int interrupt(int pc, int vector, SystemUnit.Origin origin, long next) {
        systemEntry(pc);
        enteredHandler = true;
        if (!system.deliver(vector, origin, next)) {
            shutdown = true;
        }
        return transferred(pc);
    }

    private int transfer(int pc, long w) {
        int bytes = 1 << Op.scale(w);
        systemEntry(pc);
        switch (Op.op(w)) {
            case Op.FAR_JUMP, Op.FAR_CALL -> {
                long target = Op.d(w) == 1 ? cache.arena[pc] : 0;
                long offset = Op.d(w) == 1 ? target & 0xFFFF_FFFFL : registers[Op.a(w)];
                int selector = (int) (Op.d(w) == 1 ? target >>> 32 : registers[Op.b(w)]) & 0xFFFF;
                long next = relative(Op.immediate(w));
                if (Op.op(w) == Op.FAR_JUMP) {
                    system.farJump(selector, offset, bytes, next);
                } else {
                    system.farCall(selector, offset, bytes, next);
                }
            }
            case Op.FAR_RETURN -> system.farReturn(bytes, Op.immediate(w));
            case Op.IRET -> system.interruptReturn(bytes, relative(Op.immediate(w)));
            case Op.INT -> {
                SystemUnit.Origin origin = Op.d(w) == 1 ? SystemUnit.Origin.BREAKPOINT : SystemUnit.Origin.SOFTWARE;
                return interrupt(pc, (int) cache.arena[pc], origin, relative(Op.immediate(w)));
            }
            case Op.INT1 -> {
                return interrupt(pc, GuestFault.DB, SystemUnit.Origin.EXCEPTION, relative(Op.immediate(w)));
            }
            case Op.SYSCALL -> {
                enteredHandler = true;
                system.syscall(relative(Op.immediate(w)));
            }
            case Op.SYSRET -> system.sysret(bytes);
            case Op.SYSENTER -> {
                enteredHandler = true;
                system.sysenter();
            }
            case Op.SYSEXIT -> system.sysexit(bytes);
            case Op.SWAPGS -> {
                system.swapgs();
                registers[Op.SEGMENT_BASE + CpuState.GS] = state.segments[CpuState.GS].base;
                return pc;
            }
            default -> throw new IllegalStateException("operation " + Op.op(w));
        }
        return transferred(pc);
    }

    private int systemOperation(int pc, long w) {
        int a = Op.a(w);
        int size = Op.scale(w);
        int d = Op.d(w);
        if (Op.op(w) >= Op.ALIGN_CHECK) {
            return unit(pc, w);
        }
        systemEntry(pc);
        switch (Op.op(w)) {
            case Op.READ_CONTROL -> {
                long value = system.readControl(Op.immediate(w));
                registers[a] = mode64 ? value : value & 0xFFFF_FFFFL;
            }
            case Op.WRITE_CONTROL -> {
                system.writeControl(d, mode64 ? registers[a] : registers[a] & 0xFFFF_FFFFL);
                return done(pc, w);
            }
            case Op.READ_DEBUG -> {
                long value = system.readDebug(Op.immediate(w));
                registers[a] = mode64 ? value : value & 0xFFFF_FFFFL;
            }
            case Op.WRITE_DEBUG -> {
                system.writeDebug(d, mode64 ? registers[a] : registers[a] & 0xFFFF_FFFFL);
                return done(pc, w);
            }
            case Op.RDMSR -> system.readMsr();
            case Op.WRMSR -> {
                attention();
                system.writeMsr();
                return done(pc, w);
            }
            case Op.CPUID -> system.cpuid();
            case Op.RDTSC -> system.rdtsc();
            case Op.RDTSCP -> system.rdtscp();
            case Op.RDPMC -> system.rdpmc();
            case Op.XGETBV -> system.xgetbv();
            case Op.XSETBV -> {
                system.xsetbv();
                return done(pc, w);
            }
            case Op.SMSW -> registers[a] = state.cr0;
            case Op.LMSW -> {
                system.loadMachineStatus((int) registers[a] & 0xFFFF);
                return done(pc, w);
            }
            case Op.CLTS -> system.clts();
            case Op.LOAD_TABLE -> system.loadDescriptorTable(d == 1, registers[Op.T1], 1 << size);
            case Op.STORE_TABLE -> system.storeDescriptorTable(d == 1, registers[Op.T1], 1 << size);
            case Op.LLDT -> system.lldt((int) registers[a] & 0xFFFF);
            case Op.LTR -> system.ltr((int) registers[a] & 0xFFFF);
            case Op.STORE_SELECTOR -> registers[a] = state.segments[d].selector & 0xFFFF;
            case Op.LAR, Op.LSL -> {
                int selector = (int) registers[Op.b(w)] & 0xFFFF;
                long value = Op.op(w) == Op.LAR ? system.loadAccessRights(selector) : system.loadSegmentLimit(selector);
                setFlags(Flags.ZF, value >= 0 ? Flags.ZF : 0);
                if (value >= 0) {
                    put(a, size, value);
                }
            }
            case Op.VERIFY -> {
                boolean visible = system.verify((int) registers[a] & 0xFFFF, d == 1);
                setFlags(Flags.ZF, visible ? Flags.ZF : 0);
            }
            case Op.INVLPG -> {
                system.invalidatePage(registers[Op.T1]);
                return done(pc, w);
            }
            case Op.INVPCID -> {
                system.invalidatePcid(registers[a], registers[Op.T1]);
                return done(pc, w);
            }
            case Op.HLT -> {
                system.requirePrivilege();
                state.halted = true;
                return done(pc, w);
            }
            case Op.CLI -> system.setInterruptFlag(false);
            case Op.STI -> {
                system.setInterruptFlag(true);
                return done(pc, w);
            }
            case Op.PRIVILEGED_NOP -> system.requirePrivilege();
            case Op.LOAD_SEGMENT -> {
                system.loadSegment(d, (int) registers[a] & 0xFFFF);
                registers[Op.SEGMENT_BASE + d] = mode64 && d < 4 ? 0 : state.segments[d].base;
            }
            case Op.READ_BASE -> {
                requireBaseInstructions();
                put(a, size, state.segments[d].base);
            }
            case Op.WRITE_BASE -> {
                requireBaseInstructions();
                long value = registers[a] & mask(size);
                if (value << 16 >> 16 != value) {
                    throw fault.of(GuestFault.GP, 0);
                }
                state.segments[d].base = value;
                registers[Op.SEGMENT_BASE + d] = value;
            }
            default -> throw new IllegalStateException("operation " + Op.op(w));
        }
        return pc;
    }

    private void requireBaseInstructions() {
        if ((state.cr4 & CR4_FSGSBASE) == 0) {
            throw fault.of(GuestFault.UD, 0);
        }
    }

    private int unit(int pc, long w) {
        int a = Op.a(w);
        switch (Op.op(w)) {
            case Op.ALIGN_CHECK -> {
                if (state.cpl() != 0) {
                    throw fault.of(GuestFault.UD, 0);
                }
                state.rflags = Op.d(w) == 1 ? state.rflags | Flags.AC : state.rflags & ~(long) Flags.AC;
                mmu.selectBank();
            }
            case Op.X87 -> {
                state.rip = ripOf(pc);
                if (Op.b(w) != 0) {
                    materialise();
                }
                x87.execute(0xD8 + a, Op.immediate(w), registers[Op.T1], Op.scale(w) == 1 ? 2 : 4);
            }
            case Op.WAIT -> x87.waitForPending();
            case Op.SSE_FLAGS -> {
                materialise();
                int operation = (int) (w >> 40);
                boolean memory = Op.d(w) == 1;
                sse.execute(operation, a, Op.b(w), memory, registers[Op.T1], Op.immediate(w) & 0xFF);
            }
            default -> throw new IllegalStateException("operation " + Op.op(w));
        }
        return pc;
    }
}
