package oriel.hypervisor.cpu.emulated;

import oriel.hypervisor.cpu.CpuState;

/** Which register slots an operation reads and writes, as far as {@link RegionEmitter} keeps them in locals. */
final class OperandUse {
    private OperandUse() {}

    static void note(long w, boolean[] used, boolean[] written) {
        int op = Op.op(w);
        int a = Op.a(w);
        int b = Op.b(w);
        if (op >= Op.LD8 && op <= Op.LEA32) {
            used[b] = true;
            used[Op.c(w)] = true;
            (op >= Op.ST8 && op <= Op.ST64 ? used : written)[a] = true;
        } else if (op >= Op.PUSH64 && op <= Op.LEAVE64) {
            stack(op, a, used, written);
        } else if (op >= Op.MOVI && op <= Op.MOVI64 || op == Op.SETCC) {
            written[a] = true;
        } else if (op >= Op.INSERT8 && op <= Op.INSERT_HIGH || op == Op.CMOV || op == Op.CMOV32) {
            used[a] = true;
            used[b] = true;
            written[a] = true;
        } else if (op > Op.NOP && op <= Op.SX16_32) {
            used[b] = true;
            written[a] = true;
        } else if (op >= Op.ALU && op < Op.CMP) {
            used[a] = true;
            written[a] = true;
            used[b] |= (op - Op.ALU & 4) == 0;
        } else if (op >= Op.CMP && op <= Op.TESTI) {
            used[a] = true;
            used[b] |= op == Op.CMP || op == Op.TEST;
        } else if (op >= Op.INC64 && op <= Op.ROLI32) {
            used[a] = true;
            written[a] = true;
        } else if (op == Op.IMUL64 || op == Op.IMUL32) {
            used[b] = true;
            used[Op.c(w)] = true;
            written[a] = true;
        } else if (op >= Op.JMP && op <= Op.RESULTJ_NS) {
            terminator(op, a, b, used, written);
        } else if (op >= Op.ALUG && op <= Op.RDRAND) {
            integer(w, used, written);
        }
    }

    private static void stack(int op, int a, boolean[] used, boolean[] written) {
        used[CpuState.RSP] = true;
        written[CpuState.RSP] = true;
        switch (op) {
            case Op.PUSH64 -> used[a] = true;
            case Op.POP64 -> written[a] = true;
            default -> {
                used[CpuState.RBP] = true;
                written[CpuState.RBP] = true;
            }
        }
    }

    private static void terminator(int op, int a, int b, boolean[] used, boolean[] written) {
        switch (op) {
            case Op.JMP, Op.JCC -> {}
            case Op.JMPX -> used[Op.RIP_BASE] = true;
            case Op.JMPR -> used[a] = true;
            case Op.CALL, Op.CALLX, Op.CALLR, Op.RET -> {
                used[CpuState.RSP] = true;
                written[CpuState.RSP] = true;
                used[Op.RIP_BASE] = true;
                used[a] |= op == Op.CALLR;
            }
            default -> {
                used[a] = true;
                used[b] |= op == Op.CMPJ_E
                        || op == Op.CMPJ_NE
                        || op == Op.CMPJ
                        || op == Op.TESTJ_E
                        || op == Op.TESTJ_NE
                        || op == Op.TESTJ;
            }
        }
    }

    private static void integer(long w, boolean[] used, boolean[] written) {
        int op = Op.op(w);
        int a = Op.a(w);
        switch (op) {
            case Op.ALUGI, Op.SHIFTI, Op.BIT_TEST_I -> {
                used[a] = true;
                written[a] = true;
            }
            case Op.ALUG, Op.SHIFT, Op.BIT_TEST, Op.BIT_SCAN, Op.BSWAP, Op.POPCNT, Op.CRC32 -> {
                used[a] = true;
                written[a] = true;
                used[Op.b(w)] = true;
            }
            case Op.IMULG -> {
                written[a] = true;
                used[a] = true;
                used[Op.b(w)] = true;
                used[Op.c(w)] = true;
            }
            case Op.SIGN_SPREAD -> {
                used[CpuState.RAX] = true;
                used[CpuState.RDX] = true;
                written[CpuState.RDX] = true;
            }
            case Op.MULTIPLY -> {
                if (Op.d(w) < 6) {
                    used[a] = true;
                    accumulators(used, written);
                }
            }
            case Op.DOUBLE_SHIFT -> {
                used[a] = true;
                written[a] = true;
                used[Op.b(w)] = true;
                used[CpuState.RCX] = true;
            }
            case Op.CMPXCHG -> {
                used[a] = true;
                written[a] = true;
                used[Op.b(w)] = true;
                used[CpuState.RAX] = true;
                written[CpuState.RAX] = true;
            }
            default -> {}
        }
    }

    private static void accumulators(boolean[] used, boolean[] written) {
        used[CpuState.RAX] = true;
        written[CpuState.RAX] = true;
        used[CpuState.RDX] = true;
        written[CpuState.RDX] = true;
    }
}
