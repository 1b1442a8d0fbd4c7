package oriel.hypervisor.cpu.emulated;

import oriel.hypervisor.memory.GuestMemory;

/** Turns guest instructions into blocks of operations: the one-byte opcodes, and the loop that makes blocks. */
final class Decoder extends TwoByteOpcodes {
    private static final int SINGLE = CpuMode.SINGLE;

    private final CodeCache cache;

    Decoder(GuestMemory memory, Mmu mmu, CodeCache cache, CpuModel model) {
        super(new InstructionReader(memory, mmu), new BlockBuilder(), model);
        this.cache = cache;
    }

    /**
     * Decodes the block at an address.
     *
     * @throws GuestFault if the first instruction's second page can't be fetched
     */
    CodeCache.Block decode(long linear, long physical, int mode) {
        mode64 = CpuMode.codeSize(mode) == 3;
        protectedMode = (mode & CpuMode.PROTECTED) != 0;
        flat = (mode & CpuMode.FLAT) != 0;
        stack32 = (mode & CpuMode.STACK32) != 0;
        in.beginBlock(linear, physical, CpuMode.codeSize(mode));
        out.reset();
        int begin = in.position;
        do {
            boolean first = out.instructions() == 0;
            in.beginInstruction(first);
            out.beginInstruction(in.start);
            beginOperands();
            try {
                int opcode = in.prefixesAndOpcode();
                instruction(opcode);
                if (in.lock && !lockable) {
                    throw in.invalid;
                }
                out.ensureOperation();
            } catch (DecodeSignal signal) {
                if (signal == in.pageEnd) {
                    in.position = in.start;
                    out.dropInstruction();
                    // Never linked: the crossing instruction's second page may be mapped elsewhere next time.
                    in.operandSize = in.codeSize;
                    jumpUnlinked(in.start, out.instructions());
                } else {
                    out.restartInstruction();
                    raise(signal == in.invalid ? GuestFault.UD : GuestFault.GP);
                }
            }
            if (!ended && ((mode & SINGLE) != 0 || in.position >= InstructionReader.PAGE_SIZE || !out.hasRoom())) {
                in.operandSize = in.codeSize;
                jump(in.position);
            }
        } while (!ended);
        out.dropDeadFlags();
        int end = Math.min(in.position, InstructionReader.PAGE_SIZE);
        int beyond = Math.max(0, in.position - InstructionReader.PAGE_SIZE);
        return cache.add(out, physical, mode, Math.max(1, end - begin), in.secondPage, beyond);
    }

    private void raise(int vector) {
        out.readsFlags(ALL);
        out.op(Op.RAISE, 0, 0, vector);
        ended = true;
    }

    private void instruction(int opcode) {
        if (opcode < 0x40 && (opcode & 7) < 6) {
            aluForms(opcode);
            return;
        }
        switch (opcode >> 4) {
            case 0, 1, 2, 3 -> low(opcode);
            case 4 -> {
                int register = opcode & 7;
                if (in.operandSize == 1) {
                    incrementOrDecrement(opcode >= 0x48, 1, register);
                } else {
                    incrementOrDecrement(opcode >= 0x48, 2, register);
                }
            }
            case 5 -> {
                int register = opcode & 7 | (in.rex & 1) << 3;
                if (opcode < 0x58) {
                    push(register);
                } else {
                    pop(register);
                }
            }
            case 6 -> row6(opcode);
            case 7 -> {
                long displacement = (byte) in.next8();
                branch(opcode & 15, nearTarget(displacement));
            }
            case 8 -> row8(opcode);
            case 9 -> row9(opcode);
            case 10 -> rowA(opcode);
            case 11 -> moveImmediate(opcode);
            case 12 -> rowC(opcode);
            case 13 -> rowD(opcode);
            case 14 -> rowE(opcode);
            default -> rowF(opcode);
        }
    }

    private long nearTarget(long displacement) {
        return in.position + displacement;
    }

    private void aluForms(int opcode) {
        int operation = opcode >> 3;
        switch (opcode & 7) {
            case 0, 1 -> {
                int size = (opcode & 1) == 0 ? 0 : in.operandSize;
                in.readModrm(0);
                if (operation == 7) {
                    int left = rmSource(size, Op.T0);
                    alu(7, size, left, source(size, in.reg, Op.T2));
                } else {
                    int left = rmForWrite(size, Op.T0);
                    alu(operation, size, left, source(size, in.reg, Op.T2));
                    rmResult(size, left);
                }
            }
            case 2, 3 -> {
                int size = (opcode & 1) == 0 ? 0 : in.operandSize;
                in.readModrm(0);
                int right = rmSource(size, Op.T0);
                int left = source(size, in.reg, Op.T2);
                alu(operation, size, left, right);
                if (operation != 7 && left != in.reg) {
                    setRegister(size, in.reg, left);
                }
            }
            default -> {
                int size = (opcode & 1) == 0 ? 0 : in.operandSize;
                aluImmediate(operation, size, 0, in.immediate(size));
            }
        }
    }

    private void low(int opcode) {
        switch (opcode) {
            case 0x0F -> twoByte();
            case 0x06, 0x0E, 0x16, 0x1E -> {
                only64(!mode64);
                pushSegment(opcode >> 3);
            }
            case 0x07, 0x17, 0x1F -> {
                only64(!mode64);
                popSegment(opcode >> 3);
            }
            case 0x27, 0x2F, 0x37, 0x3F -> {
                only64(!mode64);
                rare(Op.BCD, 0, 0, 0, opcode >> 3 & 3, 0);
            }
            default -> throw invalid();
        }
    }

    private void row6(int opcode) {
        switch (opcode) {
            case 0x60 -> {
                only64(!mode64);
                rare(Op.PUSHA, 0, 0, in.operandSize, 0, 0);
            }
            case 0x61 -> {
                only64(!mode64);
                rare(Op.POPA, 0, 0, in.operandSize, 0, 0);
            }
            case 0x62 -> {
                only64(!mode64);
                in.readModrm(0);
                only64(in.isMemory);
                linearToT1(2 << in.operandSize, false);
                rare(Op.BOUND, in.reg, 0, in.operandSize, 0, 0);
            }
            case 0x63 -> {
                in.readModrm(0);
                if (!mode64) {
                    only64(protectedMode);
                    int slot = rmForWrite(1, Op.T0);
                    lockable = false;
                    out.op(Op.MOV64, Op.T2, slot);
                    rare(Op.ARPL, Op.T2, in.reg, 0, 0, 0);
                    rmResult(1, Op.T2);
                } else if (in.operandSize == 3) {
                    if (in.isMemory) {
                        address(4, false);
                        memory(Op.LD32S, in.reg);
                    } else {
                        out.op(Op.SX32, in.reg, in.rm);
                    }
                } else {
                    setRegister(in.operandSize, in.reg, rmSource(in.operandSize, Op.T0));
                }
            }
            case 0x68 -> pushImmediate(in.immediate(in.operandSize));
            case 0x6A -> pushImmediate((byte) in.next8());
            case 0x69 -> {
                in.readModrm(in.operandSize == 1 ? 2 : 4);
                int slot = rmSource(in.operandSize, Op.T0);
                multiplyImmediate(slot, in.immediate(in.operandSize));
            }
            case 0x6B -> {
                in.readModrm(1);
                int slot = rmSource(in.operandSize, Op.T0);
                multiplyImmediate(slot, (byte) in.next8());
            }
            case 0x6C, 0x6D, 0x6E, 0x6F -> portString(opcode);
            default -> throw invalid();
        }
    }

    private void multiplyImmediate(int slot, int immediate) {
        out.op(Op.MOVI, Op.T2, 0, immediate);
        multiply(in.operandSize, in.reg, slot, Op.T2);
    }

    private void push(int register) {
        if (mode64 && in.operandSize != 1) {
            out.op(Op.PUSH64, register, 0);
        } else {
            out.op(Op.PUSHG, register, 0, 0, in.operandSize, 0, 0);
        }
    }

    private void pop(int register) {
        if (mode64 && in.operandSize != 1) {
            out.op(Op.POP64, register, 0);
        } else {
            out.op(Op.POPG, Op.T0, 0, 0, in.operandSize, 0, 0);
            setRegister(in.operandSize, register, Op.T0);
        }
    }

    private void pushImmediate(int immediate) {
        out.op(Op.MOVI, Op.T0, 0, immediate);
        push(Op.T0);
    }

    private int stackSize() {
        return mode64 && in.operandSize != 1 ? 3 : in.operandSize;
    }

    @Override
    void pushSegment(int segment) {
        rare(Op.STORE_SELECTOR, Op.T0, 0, 0, segment, 0);
        push(Op.T0);
    }

    @Override
    void popSegment(int segment) {
        // A segment that can't be loaded leaves the stack pointer alone: look first, then load, then drop.
        out.op(Op.PEEKG, Op.T0, 0, 0, stackSize(), 0, 0);
        rare(Op.LOAD_SEGMENT, Op.T0, 0, 0, segment, in.position);
        out.op(Op.DROPG, 0, 0, 0, stackSize(), 0, 0);
        leaveBlock();
    }

    private void row8(int opcode) {
        switch (opcode) {
            case 0x80, 0x81, 0x82, 0x83 -> {
                only64(opcode != 0x82 || !mode64);
                int size = (opcode & 1) == 0 ? 0 : in.operandSize;
                int immediateSize = opcode == 0x81 ? size : 0;
                in.readModrm(immediateSize == 0 ? 1 : immediateSize == 1 ? 2 : 4);
                if (in.digit == 7) {
                    int slot = rmSource(size, Op.T0);
                    aluImmediate(7, size, slot, in.immediate(immediateSize));
                } else {
                    int slot = rmForWrite(size, Op.T0);
                    aluImmediate(in.digit, size, slot, in.immediate(immediateSize));
                    rmResult(size, slot);
                }
            }
            case 0x84, 0x85 -> {
                int size = (opcode & 1) == 0 ? 0 : in.operandSize;
                in.readModrm(0);
                int slot = rmSource(size, Op.T0);
                test(size, slot, source(size, in.reg, Op.T2));
            }
            case 0x86, 0x87 -> {
                int size = (opcode & 1) == 0 ? 0 : in.operandSize;
                in.readModrm(0);
                exchange(size, in.reg);
            }
            case 0x88, 0x89 -> {
                int size = (opcode & 1) == 0 ? 0 : in.operandSize;
                in.readModrm(0);
                int slot = source(size, in.reg, Op.T2);
                if (in.isMemory) {
                    storeMemory(size, slot);
                } else {
                    setRegister(size, in.rm, slot);
                }
            }
            case 0x8A, 0x8B -> {
                int size = (opcode & 1) == 0 ? 0 : in.operandSize;
                in.readModrm(0);
                if (in.isMemory && size >= 2) {
                    load(size, in.reg);
                } else {
                    setRegister(size, in.reg, rmSource(size, Op.T0));
                }
            }
            case 0x8C -> {
                in.readModrm(0);
                only64(in.digit < 6);
                rare(Op.STORE_SELECTOR, Op.T0, 0, 0, in.digit, 0);
                if (in.isMemory) {
                    storeMemory(1, Op.T0);
                } else {
                    setRegister(in.operandSize, in.rm, Op.T0);
                }
            }
            case 0x8D -> {
                in.readModrm(0);
                only64(in.isMemory);
                if (in.operandSize == 3 || in.operandSize == 2 && in.addressSize == 2) {
                    effectiveAddress(in.reg);
                } else if (in.operandSize == 2 && in.addressSize == 3) {
                    out.op(Op.LEA32, in.reg, in.base, in.index, in.scale, 0, in.displacement);
                } else {
                    effectiveAddress(Op.T0);
                    setRegister(in.operandSize, in.reg, Op.T0);
                }
            }
            case 0x8E -> {
                in.readModrm(0);
                only64(in.digit < 6 && in.digit != 1);
                int slot = rmSource(1, Op.T0);
                rare(Op.LOAD_SEGMENT, slot, 0, 0, in.digit, in.position);
                leaveBlock();
            }
            default -> popMemory();
        }
    }

    private void popMemory() {
        in.readModrm(0);
        only64(in.digit == 0);
        if (!in.isMemory) {
            pop(in.rm);
            return;
        }
        int size = stackSize();
        out.op(Op.PEEKG, Op.T0, 0, 0, size, 0, 0);
        if (in.base == 4) {
            // The address is computed with the stack pointer as it is after the pop (Intel SDM 2B "POP").
            in.displacement += 1 << size;
        }
        storeMemory(size, Op.T0);
        out.op(Op.DROPG, 0, 0, 0, size, 0, 0);
    }

    private void exchange(int size, int register) {
        if (in.isMemory) {
            int slot = rmForWrite(size, Op.T0);
            int value = source(size, register, Op.T2);
            storeMemory(size, value);
            setRegister(size, register, slot);
            return;
        }
        int left = source(size, in.rm, Op.T0);
        if (left != Op.T0) {
            out.op(Op.MOV64, Op.T0, left);
        }
        int right = source(size, register, Op.T2);
        setRegister(size, in.rm, right);
        setRegister(size, register, Op.T0);
        if (size == 2 && in.rm == register) {
            out.op(Op.MOV32, register, register);
        }
    }

    private void row9(int opcode) {
        switch (opcode) {
            case 0x90, 0x91, 0x92, 0x93, 0x94, 0x95, 0x96, 0x97 -> {
                int register = opcode & 7 | (in.rex & 1) << 3;
                if (register == 0) {
                    out.op(Op.NOP, 0, 0);
                    return;
                }
                in.isMemory = false;
                in.rm = register;
                exchange(in.operandSize, 0);
            }
            case 0x98 -> {
                switch (in.operandSize) {
                    case 1 -> {
                        out.op(Op.SX8, Op.T0, 0);
                        out.op(Op.INSERT16, 0, Op.T0);
                    }
                    case 2 -> out.op(Op.SX16_32, 0, 0);
                    default -> out.op(Op.SX32, 0, 0);
                }
            }
            case 0x99 -> out.op(Op.SIGN_SPREAD, 0, 0, 0, in.operandSize, 0, 0);
            case 0x9A -> {
                only64(!mode64);
                farImmediate(Op.FAR_CALL);
            }
            case 0x9B -> rare(Op.WAIT);
            case 0x9C -> {
                rare(Op.PUSHF, Op.T0, 0, stackSize(), 0, 0);
                push(Op.T0);
            }
            case 0x9D -> {
                out.op(Op.PEEKG, Op.T0, 0, 0, stackSize(), 0, 0);
                rareEnd(Op.POPF, Op.T0, 0, stackSize(), 0);
            }
            case 0x9E, 0x9F -> {
                only64(!mode64 || model.has(CpuFeature.LAHF64));
                rare(opcode == 0x9E ? Op.SAHF : Op.LAHF);
            }
            default -> throw new IllegalArgumentException("opcode " + opcode);
        }
    }

    private void farImmediate(int op) {
        long offset = in.operandSize == 1 ? in.next16() : in.next32() & 0xFFFF_FFFFL;
        int selector = in.next16();
        rare(op, Op.ZERO, 0, in.operandSize, 1, in.position);
        out.operand(offset | (long) selector << 32);
        ended = true;
    }

    private void rowA(int opcode) {
        int size = (opcode & 1) == 0 ? 0 : in.operandSize;
        switch (opcode) {
            case 0xA0, 0xA1, 0xA2, 0xA3 -> {
                long offset = in.addressSize == 3
                        ? in.next64()
                        : in.addressSize == 2 ? in.next32() & 0xFFFF_FFFFL : in.next16();
                in.isMemory = true;
                in.stackDefault = false;
                in.base = Op.T3;
                in.index = Op.ZERO;
                in.scale = 0;
                in.displacement = 0;
                out.op(Op.MOVI64, Op.T3, 0);
                out.operand(offset);
                if (opcode < 0xA2) {
                    load(size, Op.T0);
                    setRegister(size, 0, Op.T0);
                } else {
                    storeMemory(size, 0);
                }
            }
            case 0xA4, 0xA5 -> string(StringUnit.MOVS, size);
            case 0xA6, 0xA7 -> string(StringUnit.CMPS, size);
            case 0xA8, 0xA9 -> testImmediate(size, 0, in.immediate(size));
            case 0xAA, 0xAB -> string(StringUnit.STOS, size);
            case 0xAC, 0xAD -> string(StringUnit.LODS, size);
            default -> string(StringUnit.SCAS, size);
        }
    }

    private int stringParts() {
        return in.repeat | in.addressSize << 4 | (in.segment >= 0 ? in.segment : 3) << 8;
    }

    private void string(int kind, int size) {
        rare(Op.STRING, 0, 0, size, kind, stringParts());
    }

    private void portString(int opcode) {
        int size = (opcode & 1) == 0 ? 0 : Math.min(in.operandSize, 2);
        rare(Op.PORT_STRING, 0, 0, size, opcode < 0x6E ? 0 : 1, stringParts());
        // Interrupts are looked at after I/O.
        leaveBlock();
    }

    private void moveImmediate(int opcode) {
        int register = opcode & 7 | (in.rex & 1) << 3;
        if (opcode < 0xB8) {
            out.op(Op.MOVI, Op.T0, 0, in.next8());
            setRegister(0, register, Op.T0);
            return;
        }
        switch (in.operandSize) {
            case 1 -> {
                out.op(Op.MOVI, Op.T0, 0, in.next16());
                setRegister(1, register, Op.T0);
            }
            case 2 -> out.op(Op.MOVI32, register, 0, in.next32());
            default -> {
                out.op(Op.MOVI64, register, 0);
                out.operand(in.next64());
            }
        }
    }

    private void rowC(int opcode) {
        int size = (opcode & 1) == 0 ? 0 : in.operandSize;
        switch (opcode) {
            case 0xC0, 0xC1 -> {
                in.readModrm(1);
                int slot = rmForWrite(size, Op.T0);
                lockable = false;
                shiftImmediate(in.digit, size, slot, in.next8());
                rmResult(size, slot);
            }
            case 0xC2 -> returnNear(in.next16());
            case 0xC3 -> returnNear(0);
            case 0xC4, 0xC5 -> {
                if (mode64 || in.peek8() >= 0xC0) {
                    vex(opcode);
                    return;
                }
                in.readModrm(0);
                loadFarPointer(opcode == 0xC4 ? 0 : 3);
            }
            case 0xC6, 0xC7 -> {
                in.readModrm(size == 0 ? 1 : size == 1 ? 2 : 4);
                only64(in.digit == 0);
                if (in.isMemory) {
                    address(1 << size, true);
                }
                out.op(Op.MOVI, Op.T0, 0, in.immediate(size));
                rmResult(size, Op.T0);
            }
            case 0xC8 -> {
                int locals = in.next16();
                int level = in.next8() & 31;
                rare(Op.ENTER, 0, 0, stackSize(), level, locals);
            }
            case 0xC9 -> {
                if (mode64 && in.operandSize != 1) {
                    out.op(Op.LEAVE64, 0, 0);
                } else {
                    rare(Op.LEAVEG, 0, 0, in.operandSize, 0, 0);
                }
            }
            case 0xCA -> farReturn(in.next16());
            case 0xCB -> farReturn(0);
            case 0xCC -> interrupt(3, 1);
            case 0xCD -> interrupt(in.next8(), 0);
            case 0xCE -> {
                only64(!mode64);
                rareEnd(Op.INTO, 0, 0, 0, 0);
            }
            default -> rareEnd(Op.IRET, 0, 0, in.operandSize, 0);
        }
    }

    private void farReturn(int extra) {
        rare(Op.FAR_RETURN, 0, 0, in.operandSize, 0, extra);
        ended = true;
    }

    private void interrupt(int vector, int breakpoint) {
        rare(Op.INT, 0, 0, 0, breakpoint, in.position);
        out.operand(vector);
        ended = true;
    }

    private void rowD(int opcode) {
        int size = (opcode & 1) == 0 ? 0 : in.operandSize;
        switch (opcode) {
            case 0xD0, 0xD1 -> {
                in.readModrm(0);
                int slot = rmForWrite(size, Op.T0);
                lockable = false;
                shiftImmediate(in.digit, size, slot, 1);
                rmResult(size, slot);
            }
            case 0xD2, 0xD3 -> {
                in.readModrm(0);
                int slot = rmForWrite(size, Op.T0);
                lockable = false;
                out.op(Op.SHIFT, slot, 1, 0, size, in.digit, 0);
                out.readsFlags(ALL);
                rmResult(size, slot);
            }
            case 0xD4, 0xD5 -> {
                only64(!mode64);
                rare(Op.BCD, 0, 0, 0, opcode == 0xD4 ? 4 : 5, in.next8());
            }
            case 0xD6 -> {
                only64(!mode64);
                rare(Op.SALC);
            }
            case 0xD7 -> {
                out.op(Op.ZX8, Op.T2, 0);
                in.isMemory = true;
                in.stackDefault = false;
                in.base = 3;
                in.index = Op.T2;
                in.scale = 0;
                in.displacement = 0;
                load(0, Op.T0);
                out.op(Op.INSERT8, 0, Op.T0);
            }
            default -> floatingPoint(opcode);
        }
    }

    private void floatingPoint(int opcode) {
        in.readModrm(0);
        if (in.isMemory) {
            boolean fisttp = in.digit == 1 && (opcode == 0xDB || opcode == 0xDD || opcode == 0xDF);
            only64(!fisttp || model.has(CpuFeature.SSE3));
            linearToT1(1, false);
        }
        boolean writes = X87Unit.writesFlags(opcode, in.modrm);
        boolean flags = writes || X87Unit.readsFlags(opcode, in.modrm);
        out.op(Op.X87, opcode & 7, flags ? 1 : 0, 0, in.operandSize == 1 ? 1 : 2, 0, in.modrm);
        out.readsFlags(ALL);
    }

    private void rowE(int opcode) {
        switch (opcode) {
            case 0xE0, 0xE1, 0xE2, 0xE3 -> {
                long target = nearTarget((byte) in.next8());
                out.readsFlags(ALL);
                branchWords(Op.terminator(Op.LOOP, opcode & 3, in.addressSize, 0, out.instructions(), 0), target);
            }
            case 0xE4, 0xE5 -> port(Op.PORT_IN, opcode, in.next8());
            case 0xE6, 0xE7 -> port(Op.PORT_OUT, opcode, in.next8());
            case 0xE8 -> {
                long displacement = nearDisplacement();
                call(nearTarget(displacement));
            }
            case 0xE9 -> {
                long displacement = nearDisplacement();
                jump(nearTarget(displacement));
            }
            case 0xEA -> {
                only64(!mode64);
                farImmediate(Op.FAR_JUMP);
            }
            case 0xEB -> {
                long displacement = (byte) in.next8();
                jump(nearTarget(displacement));
            }
            case 0xEC, 0xED -> port(Op.PORT_IN, opcode, -1);
            default -> port(Op.PORT_OUT, opcode, -1);
        }
    }

    private long nearDisplacement() {
        // The 66 prefix doesn't shorten near branches in 64-bit mode (Intel SDM 2A "CALL").
        return mode64 || in.operandSize != 1 ? in.next32() : (short) in.next16();
    }

    private void port(int op, int opcode, int number) {
        int size = (opcode & 1) == 0 ? 0 : Math.min(in.operandSize, 2);
        rare(op, 0, 0, size, 0, number);
        leaveBlock();
    }

    private void rowF(int opcode) {
        switch (opcode) {
            case 0xF1 -> rareEnd(Op.INT1, 0, 0, 0, 0);
            case 0xF4 -> rareEnd(Op.HLT, 0, 0, 0, 0);
            case 0xF5, 0xF8, 0xF9, 0xFC, 0xFD -> rare(Op.FLAG, 0, 0, 0, opcode & 15, 0);
            case 0xF6, 0xF7 -> group3((opcode & 1) == 0 ? 0 : in.operandSize);
            case 0xFA -> rare(Op.CLI);
            case 0xFB -> rareEnd(Op.STI, 0, 0, 0, 0);
            case 0xFE -> {
                in.readModrm(0);
                only64(in.digit < 2);
                int slot = rmForWrite(0, Op.T0);
                incrementOrDecrement(in.digit == 1, 0, slot);
                rmResult(0, slot);
            }
            default -> group5();
        }
    }

    private void group3(int size) {
        in.readModrm(testImmediateBytes(size));
        switch (in.digit) {
            case 0, 1 -> {
                int slot = rmSource(size, Op.T0);
                testImmediate(size, slot, in.immediate(size));
            }
            case 2 -> {
                int slot = rmForWrite(size, Op.T0);
                if (size >= 2) {
                    out.op(size == 3 ? Op.XORI64_NF : Op.XORI32_NF, slot, 0, -1);
                } else {
                    out.op(Op.ALUG, slot, Op.ZERO, 0, size, 11, 0);
                }
                rmResult(size, slot);
            }
            case 3 -> {
                int slot = rmForWrite(size, Op.T0);
                negate(size, slot);
                rmResult(size, slot);
            }
            default -> {
                int slot = rmSource(size, Op.T0);
                rare(Op.MULTIPLY, slot, 0, size, in.digit, 0);
            }
        }
    }

    private int testImmediateBytes(int size) {
        boolean isTest = (in.peek8() >> 3 & 7) < 2;
        return !isTest ? 0 : size == 0 ? 1 : size == 1 ? 2 : 4;
    }

    private void group5() {
        in.readModrm(0);
        switch (in.digit) {
            case 0, 1 -> {
                int slot = rmForWrite(in.operandSize, Op.T0);
                incrementOrDecrement(in.digit == 1, in.operandSize, slot);
                rmResult(in.operandSize, slot);
            }
            case 2 -> callIndirect(rmSource(mode64 ? 3 : in.operandSize, Op.T0));
            case 4 -> jumpIndirect(rmSource(mode64 ? 3 : in.operandSize, Op.T0));
            case 3, 5 -> {
                only64(in.isMemory);
                farMemory();
                rare(in.digit == 3 ? Op.FAR_CALL : Op.FAR_JUMP, Op.T0, Op.T2, in.operandSize, 0, in.position);
                ended = true;
            }
            case 6 -> push(rmSource(stackSize(), Op.T0));
            default -> throw invalid();
        }
    }
}
