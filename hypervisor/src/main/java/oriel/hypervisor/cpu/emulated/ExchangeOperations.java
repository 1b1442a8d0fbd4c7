package oriel.hypervisor.cpu.emulated;

import static oriel.hypervisor.cpu.emulated.NativeLayout.*;
import static oriel.hypervisor.cpu.hostcode.Assembler.*;

import oriel.hypervisor.cpu.CpuState;

/** CMPXCHG and its double-width forms. All processors of a machine run on one thread: nothing needs to be locked. */
final class ExchangeOperations {
    static final Operation[] ALL = {
        new Operation(Op.CMPXCHG) {
            @Override
            void execute(ExecutionCore cpu, long w) {
                int size = Op.scale(w);
                long accumulator = cpu.registers[CpuState.RAX] & ExecutionCore.mask(size);
                long value = cpu.registers[Op.a(w)] & ExecutionCore.mask(size);
                long source = cpu.registers[Op.b(w)];
                cpu.lazy(Flags.SUB, size, accumulator, value);
                if (accumulator == value) {
                    cpu.put(Op.a(w), size, source);
                } else {
                    cpu.put(CpuState.RAX, size, value);
                }
            }
        },
        // In memory at the address in T1.
        new Operation(Op.CMPXCHG_MEMORY) {
            @Override
            void execute(ExecutionCore cpu, long w) {
                int size = Op.scale(w);
                long linear = cpu.registers[Op.T1];
                long accumulator = cpu.registers[CpuState.RAX] & ExecutionCore.mask(size);
                // The destination is written in any case (Intel SDM 2A "CMPXCHG"): it must be writable.
                long value = cpu.mmu.readForWrite(linear, 1 << size);
                if (accumulator == value) {
                    cpu.mmu.write(linear, 1 << size, cpu.registers[Op.b(w)] & ExecutionCore.mask(size));
                } else {
                    cpu.put(CpuState.RAX, size, value);
                }
                cpu.lazy(Flags.SUB, size, accumulator, value);
            }

            @Override
            boolean emit(NativeOperands code, long w) {
                int size = Op.scale(w);
                code.get(RAX, Op.T1);
                code.translate(1 << size, true);
                code.asm.move(RDX, RAX);
                code.get(RAX, CpuState.RAX);
                code.get(RCX, Op.b(w));
                code.asm.memory(size == 0 ? 0x0FB0 : 0x0FB1, size, RCX, RDX, 0);
                int equal = code.asm.jumpIf(EQUAL);
                code.put(size, CpuState.RAX, RAX);
                code.asm.land(equal);
                code.saveFlags();
                return true;
            }

            @Override
            boolean mayFault() {
                return true;
            }
        },
        new Operation(Op.CMPXCHG8B) {
            @Override
            void execute(ExecutionCore cpu, long w) {
                compareExchangePair(cpu, Op.scale(w));
            }

            @Override
            boolean emit(NativeOperands code, long w) {
                if (Op.scale(w) != 3) {
                    return false;
                }
                emitCompareExchangePair(code);
                return true;
            }

            @Override
            boolean mayFault() {
                return true;
            }
        }
    };

    private ExchangeOperations() {}

    /** With halves of 4 (size 2) or 8 bytes (3). */
    private static void compareExchangePair(ExecutionCore cpu, int size) {
        long[] registers = cpu.registers;
        long linear = registers[Op.T1];
        int bytes = 1 << size;
        if (size == 3 && (linear & 15) != 0) {
            throw cpu.fault.of(GuestFault.GP, 0);
        }
        cpu.mmu.probeWrite(linear, bytes * 2);
        long low = cpu.mmu.read(linear, bytes);
        long high = cpu.mmu.read(linear + bytes, bytes);
        long mask = ExecutionCore.mask(size);
        boolean equal = low == (registers[CpuState.RAX] & mask) && high == (registers[CpuState.RDX] & mask);
        if (equal) {
            cpu.mmu.write(linear, bytes, registers[CpuState.RBX] & mask);
            cpu.mmu.write(linear + bytes, bytes, registers[CpuState.RCX] & mask);
        } else {
            cpu.put(CpuState.RAX, size, low);
            cpu.put(CpuState.RDX, size, high);
        }
        cpu.setFlags(Flags.ZF, equal ? Flags.ZF : 0);
    }

    /** CMPXCHG16B; an address that isn't aligned faults in Java. */
    private static void emitCompareExchangePair(NativeOperands code) {
        code.get(RAX, Op.T1);
        code.asm.testImmediate(0, RAX, 15);
        code.rareBy(code.asm.jumpIf(NOT_EQUAL));
        code.translate(16, true);
        code.asm.memory(0x3B, 3, host(CpuState.RAX), RAX, 0);
        int otherLow = code.asm.jumpIf(NOT_EQUAL);
        code.asm.memory(0x3B, 3, host(CpuState.RDX), RAX, 8);
        int otherHigh = code.asm.jumpIf(NOT_EQUAL);
        code.asm.memory(STORE, 3, host(CpuState.RBX), RAX, 0);
        code.asm.memory(STORE, 3, host(CpuState.RCX), RAX, 8);
        code.asm.immediateMemory(OR, 1, STATE, displacement(FLAGS), Flags.ZF << 8);
        int done = code.asm.jump();
        code.asm.land(otherLow);
        code.asm.land(otherHigh);
        code.asm.memory(LOAD, 3, host(CpuState.RAX), RAX, 0);
        code.asm.memory(LOAD, 3, host(CpuState.RDX), RAX, 8);
        code.asm.immediateMemory(AND, 1, STATE, displacement(FLAGS), ~(Flags.ZF << 8));
        code.asm.land(done);
        code.landRare();
    }
}
