package oriel.hypervisor.cpu.emulated;

/** Opcodes behind 0F. */
abstract class TwoByteOpcodes extends VexOpcodes {
    TwoByteOpcodes(InstructionReader in, BlockBuilder out, CpuModel model) {
        super(in, out, model);
    }

    abstract void pushSegment(int segment);

    abstract void popSegment(int segment);

    void twoByte() {
        int opcode = in.next8();
        switch (opcode) {
            case 0x00 -> group6();
            case 0x01 -> group7();
            case 0x02, 0x03 -> {
                only64(protectedMode);
                in.readModrm(0);
                int slot = rmSource(1, Op.T0);
                rare(opcode == 0x02 ? Op.LAR : Op.LSL, in.reg, slot, in.operandSize, 0, 0);
            }
            case 0x05 -> rareEnd(Op.SYSCALL, 0, 0, 0, 0);
            case 0x06 -> rare(Op.CLTS);
            case 0x07 -> rareEnd(Op.SYSRET, 0, 0, in.operandSize, 0);
            case 0x08, 0x09 -> rare(Op.PRIVILEGED_NOP);
            case 0x0D, 0x18, 0x19, 0x1A, 0x1B, 0x1C, 0x1D, 0x1E, 0x1F -> {
                in.readModrm(0);
                out.op(Op.NOP, 0, 0);
            }
            case 0x20, 0x21, 0x22, 0x23 -> moveControl(opcode);
            case 0x30 -> rareEnd(Op.WRMSR, 0, 0, 0, 0);
            case 0x31 -> rare(Op.RDTSC);
            case 0x32 -> rare(Op.RDMSR);
            case 0x33 -> rare(Op.RDPMC);
            case 0x34 -> rareEnd(Op.SYSENTER, 0, 0, 0, 0);
            case 0x35 -> rareEnd(Op.SYSEXIT, 0, 0, in.operandSize, 0);
            case 0x38 -> map38();
            case 0x3A -> {
                int last = in.next8();
                simd(3, last);
            }
            case 0x40, 0x41, 0x42, 0x43, 0x44, 0x45, 0x46, 0x47, 0x48, 0x49, 0x4A, 0x4B, 0x4C, 0x4D, 0x4E, 0x4F -> {
                in.readModrm(0);
                int slot = rmSource(in.operandSize, Op.T0);
                if (in.operandSize == 1) {
                    out.op(Op.ZX16, Op.T2, in.reg);
                    out.op(Op.CMOV, Op.T2, slot, 0, 0, opcode & 15, 0);
                    out.op(Op.INSERT16, in.reg, Op.T2);
                } else {
                    out.op(in.operandSize == 3 ? Op.CMOV : Op.CMOV32, in.reg, slot, 0, 0, opcode & 15, 0);
                }
                out.readsFlags(Flags.readBy(opcode & 15));
            }
            case 0x80, 0x81, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8A, 0x8B, 0x8C, 0x8D, 0x8E, 0x8F -> {
                long displacement = mode64 || in.operandSize != 1 ? in.next32() : (short) in.next16();
                branch(opcode & 15, in.position + displacement);
            }
            case 0x90, 0x91, 0x92, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98, 0x99, 0x9A, 0x9B, 0x9C, 0x9D, 0x9E, 0x9F -> {
                in.readModrm(0);
                if (in.isMemory) {
                    address(1, true);
                }
                out.op(Op.SETCC, Op.T0, 0, 0, 0, opcode & 15, 0);
                out.readsFlags(Flags.readBy(opcode & 15));
                rmResult(0, Op.T0);
            }
            case 0xA0, 0xA8 -> pushSegment(opcode >> 3 & 7);
            case 0xA1, 0xA9 -> popSegment(opcode >> 3 & 7);
            case 0xA2 -> rare(Op.CPUID);
            case 0xA3 -> bitTest(0);
            case 0xAB -> bitTest(1);
            case 0xB3 -> bitTest(2);
            case 0xBB -> bitTest(3);
            case 0xBA -> {
                in.readModrm(1);
                only64(in.digit >= 4);
                int kind = in.digit - 4;
                int slot = kind == 0 ? rmSource(in.operandSize, Op.T0) : rmForWrite(in.operandSize, Op.T0);
                out.op(Op.BIT_TEST_I, slot, 0, 0, in.operandSize, kind, in.next8());
                out.readsFlags(ALL);
                if (kind != 0) {
                    rmResult(in.operandSize, slot);
                }
            }
            case 0xA4, 0xAC -> doubleShift(opcode == 0xAC, true);
            case 0xA5, 0xAD -> doubleShift(opcode == 0xAD, false);
            case 0xAE -> group15();
            case 0xAF -> {
                in.readModrm(0);
                multiply(in.operandSize, in.reg, in.reg, rmSource(in.operandSize, Op.T0));
            }
            case 0xB0, 0xB1 -> compareExchange(opcode == 0xB0 ? 0 : in.operandSize);
            case 0xB2 -> {
                in.readModrm(0);
                loadFarPointer(2);
            }
            case 0xB4, 0xB5 -> {
                in.readModrm(0);
                loadFarPointer(opcode & 7);
            }
            case 0xB6, 0xB7, 0xBE, 0xBF -> extend((opcode & 1), opcode >= 0xBE);
            case 0xB8 -> {
                only64(in.repeat == InstructionReader.REP && model.has(CpuFeature.POPCNT));
                bitOperation(BitOperation.POPCNT);
            }
            case 0xBC, 0xBD -> {
                BitOperation count = opcode == 0xBC ? BitOperation.TZCNT : BitOperation.LZCNT;
                if (in.repeat == InstructionReader.REP && model.has(count.feature)) {
                    bitOperation(count);
                    return;
                }
                // Where it isn't offered its prefix is ignored.
                in.readModrm(0);
                int slot = rmSource(in.operandSize, Op.T0);
                out.op(Op.BIT_SCAN, in.reg, slot, 0, in.operandSize, opcode & 1, 0);
                out.writesFlags(ALL);
            }
            case 0xC0, 0xC1 -> exchangeAdd(opcode == 0xC0 ? 0 : in.operandSize);
            case 0xC3 -> {
                in.readModrm(0);
                only64(in.isMemory && in.mandatoryPrefix() == 0);
                storeMemory(in.operandSize, in.reg);
            }
            case 0xC7 -> group9();
            case 0xC8, 0xC9, 0xCA, 0xCB, 0xCC, 0xCD, 0xCE, 0xCF -> {
                int register = opcode & 7 | (in.rex & 1) << 3;
                out.op(Op.BSWAP, register, register, 0, in.operandSize, 0, 0);
            }
            default -> simd(1, opcode);
        }
    }

    /** SSE and MMX. */
    void simd(int map, int opcode) {
        int next = opcode == 0x77 && map == 1 ? 0 : in.peek8();
        int operation = SseUnit.lookup(map, opcode, in.mandatoryPrefix(), next, (in.rex & 8) != 0);
        CpuFeature feature = SseFeatures.of(map, opcode, in.mandatoryPrefix());
        if (operation < 0 || feature != null && !model.has(feature)) {
            throw invalid();
        }
        boolean immediate = SseUnit.hasImmediate(operation);
        if (opcode == 0x77 && map == 1) {
            in.reg = 0;
            in.rm = 0;
            in.isMemory = false;
        } else {
            in.readModrm(immediate ? 1 : 0);
        }
        if (in.isMemory) {
            linearToT1(16, false);
        }
        int value = immediate ? in.next8() : 0;
        boolean flags = SseUnit.writesFlags(operation);
        int op = flags ? Op.SSE_FLAGS : in.isMemory ? Op.SSE_MEMORY : Op.SSE;
        out.op(op, in.reg, in.rm, 0, 0, in.isMemory ? 1 : 0, operation << 8 | value);
        if (flags) {
            out.readsFlags(ALL);
        }
    }

    private void map38() {
        int opcode = in.next8();
        if (opcode == 0xF0 || opcode == 0xF1) {
            if (in.repeat == InstructionReader.REPNE) {
                only64(model.has(CpuFeature.SSE4_2));
                in.readModrm(0);
                int size = opcode == 0xF0 ? 0 : in.operandSize;
                int slot = rmSource(size, Op.T0);
                out.op(Op.CRC32, in.reg, slot, 0, size, 0, 0);
                return;
            }
            in.readModrm(0);
            only64(in.isMemory && in.repeat == InstructionReader.NO_REPEAT && model.has(CpuFeature.MOVBE));
            if (opcode == 0xF0) {
                load(in.operandSize, Op.T0);
                out.op(Op.BSWAP, Op.T0, Op.T0, 0, in.operandSize, 1, 0);
                setRegister(in.operandSize, in.reg, Op.T0);
            } else {
                out.op(Op.BSWAP, Op.T0, in.reg, 0, in.operandSize, 1, 0);
                storeMemory(in.operandSize, Op.T0);
            }
            return;
        }
        if (opcode == 0x82 && in.mandatoryPrefix() == 1) {
            in.readModrm(0);
            only64(in.isMemory && model.has(CpuFeature.INVPCID));
            linearToT1(16, false);
            rareEnd(Op.INVPCID, in.reg, 0, 0, 0);
            return;
        }
        simd(2, opcode);
    }

    private void moveControl(int opcode) {
        in.readModrm(0);
        int register = in.modrm & 7 | (in.rex & 1) << 3;
        only64((opcode & 1) != 0 || in.reg == 0 || in.reg >= 2 && in.reg <= 4 || in.reg == 8);
        // LOCK MOV CR0 as CR8 (AMD's AltMovCr8) isn't offered.
        if (opcode == 0x20) {
            rare(Op.READ_CONTROL, register, 0, 0, 0, in.reg);
        } else if (opcode == 0x21) {
            rare(Op.READ_DEBUG, register, 0, 0, 0, in.reg);
        } else {
            rareEnd(opcode == 0x22 ? Op.WRITE_CONTROL : Op.WRITE_DEBUG, register, 0, 0, in.reg);
        }
    }

    private void group6() {
        only64(protectedMode);
        in.readModrm(0);
        switch (in.digit) {
            case 0, 1 -> {
                if (in.isMemory) {
                    address(2, true);
                }
                rare(Op.STORE_SELECTOR, Op.T0, 0, 0, 6 + in.digit, 0);
                if (in.isMemory) {
                    storeMemory(1, Op.T0);
                } else {
                    setRegister(in.operandSize, in.rm, Op.T0);
                }
            }
            case 2 -> rare(Op.LLDT, rmSource(1, Op.T0), 0, 0, 0, 0);
            case 3 -> rare(Op.LTR, rmSource(1, Op.T0), 0, 0, 0, 0);
            case 4, 5 -> rare(Op.VERIFY, rmSource(1, Op.T0), 0, 0, in.digit - 4, 0);
            default -> throw invalid();
        }
    }

    private void group7() {
        in.readModrm(0);
        if (in.isMemory) {
            switch (in.digit) {
                case 0, 1 -> {
                    linearToT1(mode64 ? 10 : 6, true);
                    rare(Op.STORE_TABLE, 0, 0, mode64 ? 3 : in.operandSize, in.digit, 0);
                }
                case 2, 3 -> {
                    linearToT1(mode64 ? 10 : 6, false);
                    rare(Op.LOAD_TABLE, 0, 0, mode64 ? 3 : in.operandSize, in.digit - 2, 0);
                }
                case 4 -> {
                    address(2, true);
                    rare(Op.SMSW, Op.T0, 0, 0, 0, 0);
                    storeMemory(1, Op.T0);
                }
                case 6 -> {
                    load(1, Op.T0);
                    rareEnd(Op.LMSW, Op.T0, 0, 0, 0);
                }
                case 7 -> {
                    linearToT1(1, false);
                    rareEnd(Op.INVLPG, 0, 0, 0, 0);
                }
                default -> throw invalid();
            }
            return;
        }
        switch (in.modrm) {
            case 0xD0 -> rare(Op.XGETBV);
            case 0xD1 -> rareEnd(Op.XSETBV, 0, 0, 0, 0);
            case 0xCA, 0xCB -> {
                only64(model.has(CpuFeature.SMAP));
                rare(Op.ALIGN_CHECK, 0, 0, 0, in.modrm & 1, 0);
            }
            case 0xF8 -> {
                only64(mode64);
                rare(Op.SWAPGS);
            }
            case 0xF9 -> {
                only64(model.has(CpuFeature.RDTSCP));
                rare(Op.RDTSCP);
            }
            default -> {
                switch (in.digit) {
                    case 4 -> {
                        rare(Op.SMSW, Op.T0, 0, 0, 0, 0);
                        setRegister(in.operandSize, in.rm, Op.T0);
                    }
                    case 6 -> rareEnd(Op.LMSW, in.rm, 0, 0, 0);
                    default -> throw invalid();
                }
            }
        }
    }

    private void group9() {
        in.readModrm(0);
        if (in.isMemory) {
            only64(in.digit == 1);
            boolean wide = in.operandSize == 3;
            only64(!wide || model.has(CpuFeature.CMPXCHG16B));
            lockable = true;
            linearToT1(wide ? 16 : 8, true);
            rare(Op.CMPXCHG8B, 0, 0, wide ? 3 : 2, 0, 0);
            return;
        }
        only64(in.digit >= 6 && in.repeat == InstructionReader.NO_REPEAT);
        only64(model.has(in.digit == 6 ? CpuFeature.RDRAND : CpuFeature.RDSEED));
        rare(Op.RDRAND, in.rm, 0, in.operandSize, 0, 0);
    }

    private void group15() {
        int modrm = in.peek8();
        int digit = modrm >> 3 & 7;
        if (modrm >= 0xC0) {
            if (in.repeat == InstructionReader.REP) {
                in.readModrm(0);
                only64(mode64 && digit < 4);
                int segment = 4 + (digit & 1);
                rare(digit < 2 ? Op.READ_BASE : Op.WRITE_BASE, in.rm, 0, in.operandSize, segment, 0);
                return;
            }
            only64(digit >= 5 && in.mandatoryPrefix() == 0);
            in.readModrm(0);
            out.op(Op.NOP, 0, 0);
            return;
        }
        if (digit == 7 && in.repeat == InstructionReader.NO_REPEAT || digit == 6 && in.mandatoryPrefix() == 1) {
            // CLFLUSH, CLFLUSHOPT, CLWB: caches are coherent; only the address may fault.
            only64(in.mandatoryPrefix() == 0 || model.has(digit == 7 ? CpuFeature.CLFLUSHOPT : CpuFeature.CLWB));
            in.readModrm(0);
            load(0, Op.T0);
            return;
        }
        simd(1, 0xAE);
    }

    void multiply(int size, int destination, int a, int b) {
        out.op(Op.IMULG, destination, a, b, size, 0, 0);
        out.writesFlags(ALL);
        if (size >= 2) {
            out.flagless(Op.word(size == 3 ? Op.IMUL64 : Op.IMUL32, destination, a, b, 0, 0, 0));
        }
    }

    /** A shift or rotate by a constant: ROL ROR RCL RCR SHL SHR SAL SAR. */
    void shiftImmediate(int kind, int size, int slot, int count) {
        int masked = count & (size == 3 ? 63 : 31);
        if (masked == 0) {
            out.op(Op.NOP, 0, 0);
            if (size == 2 && slot < 16) {
                // Even a shift by nothing clears the upper half.
                out.op(Op.MOV32, slot, slot);
            }
            return;
        }
        out.op(Op.SHIFTI, slot, 0, 0, size, kind, masked);
        if (kind >= 4) {
            // AF is undefined after shifts.
            out.writesFlags(ALL);
        } else {
            // Rotates leave the other flags alone; through carry, they read it.
            out.writesFlags(Flags.CF | Flags.OF);
            out.readsFlags(kind >= 2 ? Flags.CF : 0);
        }
        int lean = switch (kind) {
            case 4, 6 -> size == 3 ? Op.SHLI64 : Op.SHLI32;
            case 5 -> size == 3 ? Op.SHRI64 : Op.SHRI32;
            case 7 -> size == 3 ? Op.SARI64 : Op.SARI32;
            default -> -1;
        };
        if (size >= 2 && lean >= 0) {
            out.flagless(Op.word(lean, slot, 0, 0, 0, 0, masked));
        } else if (size >= 2 && kind < 2) {
            int left = kind == 0 ? masked : (8 << size) - masked;
            out.flagless(Op.word(size == 3 ? Op.ROLI64 : Op.ROLI32, slot, 0, 0, 0, 0, left));
        }
    }

    /** MOVZX and MOVSX, from a byte (size 0) or a word (1). */
    private void extend(int fromSize, boolean signed) {
        in.readModrm(0);
        int size = in.operandSize;
        int slot = size == 1 ? Op.T0 : in.reg;
        if (in.isMemory && (!signed || fromSize == 0)) {
            address(1 << fromSize, false);
            memory(!signed ? Op.LD8 + fromSize : size == 3 ? Op.LD8S : Op.LD8S_32, slot);
        } else {
            int from = rmSource(fromSize, Op.T0);
            out.op(!signed ? Op.ZX8 + fromSize : (size == 3 ? Op.SX8 : Op.SX8_32) + fromSize, slot, from);
        }
        if (size == 1) {
            out.op(Op.INSERT16, in.reg, Op.T0);
        }
    }

    private void bitTest(int kind) {
        in.readModrm(0);
        int size = in.operandSize;
        if (in.isMemory) {
            lockable = kind != 0;
            // The bit number reaches beyond the operand (Intel SDM 2A "BT"): the address depends on it.
            bitStringAddress(size, kind != 0);
            rare(Op.BIT_TEST_MEMORY, Op.T0, in.reg, size, kind, 0);
            return;
        }
        out.op(Op.BIT_TEST, in.rm, in.reg, 0, size, kind, 0);
        out.readsFlags(ALL);
    }

    /** T1: linear address of the operand-sized word that holds the bit numbered by the register operand. */
    private void bitStringAddress(int size, boolean write) {
        int extend = size == 3 ? Op.MOV64 : size == 2 ? Op.SX32 : Op.SX16;
        out.op(extend, Op.T2, in.reg);
        out.op(Op.SARI64, Op.T2, 0, 3 + size);
        out.op(Op.SHLI64, Op.T2, 0, size);
        // base + index*scale + displacement first, in T3, then the word's offset; the segment comes last.
        int addressSize = in.addressSize;
        out.op(Op.LEA64, Op.T3, in.base, in.index, in.scale, 0, in.displacement);
        in.base = Op.T3;
        in.index = Op.T2;
        in.scale = 0;
        in.displacement = 0;
        in.addressSize = addressSize;
        linearToT1(1 << size, write);
    }

    private void doubleShift(boolean right, boolean immediate) {
        in.readModrm(immediate ? 1 : 0);
        int size = in.operandSize;
        int slot = rmForWrite(size, Op.T0);
        lockable = false;
        int count = immediate ? in.next8() : -1;
        out.op(Op.DOUBLE_SHIFT, slot, in.reg, 0, size, right ? 1 : 0, count);
        out.readsFlags(ALL);
        rmResult(size, slot);
    }

    private void compareExchange(int size) {
        in.readModrm(0);
        if (in.isMemory) {
            lockable = true;
            int value = source(size, in.reg, Op.T2);
            linearToT1(1 << size, true);
            rare(Op.CMPXCHG_MEMORY, 0, value, size, 0, 0);
            return;
        }
        int value = source(size, in.reg, Op.T2);
        int target = source(size, in.rm, Op.T0);
        rare(Op.CMPXCHG, target, value, size, 0, 0);
        if (target == Op.T0) {
            setRegister(size, in.rm, Op.T0);
        }
    }

    private void exchangeAdd(int size) {
        in.readModrm(0);
        int slot = rmForWrite(size, Op.T0);
        out.op(Op.MOV64, Op.T3, slot);
        int addend = source(size, in.reg, Op.T2);
        out.op(Op.MOV64, Op.T2, addend);
        alu(0, size, Op.T2, Op.T3);
        if (in.isMemory) {
            storeMemory(size, Op.T2);
            setRegister(size, in.reg, Op.T3);
        } else {
            setRegister(size, in.reg, Op.T3);
            setRegister(size, in.rm, Op.T2);
        }
    }

    /** T0: offset, T2: selector. */
    void farMemory() {
        int size = in.operandSize;
        linearToT1((1 << size) + 2, false);
        out.op(Op.LD16, Op.T2, Op.T1, Op.ZERO, 0, 0, 1 << size);
        out.op(Op.LD8 + size, Op.T0, Op.T1, Op.ZERO, 0, 0, 0);
    }

    void loadFarPointer(int segment) {
        only64(in.isMemory);
        farMemory();
        rare(Op.LOAD_SEGMENT, Op.T2, 0, 0, segment, in.position);
        setRegister(in.operandSize, in.reg, Op.T0);
        leaveBlock();
    }
}
