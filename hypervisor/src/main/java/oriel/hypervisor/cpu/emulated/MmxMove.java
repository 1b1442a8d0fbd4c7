package oriel.hypervisor.cpu.emulated;

import static oriel.hypervisor.cpu.emulated.SseOperation.*;

import oriel.hypervisor.cpu.CpuState;

/** Loads, stores and moves of MMX registers. */
final class MmxMove {
    private final CpuState state;
    private final LinearMemory memory;
    private final MmxRegisters mmx;

    MmxMove(CpuState state, LinearMemory memory, MmxRegisters mmx) {
        this.state = state;
        this.memory = memory;
        this.mmx = mmx;
    }

    void execute(int operation, int reg, int rm, boolean isMemory, long linear, int immediate) {
        switch (operation) {
            case MM_MOVD_TO -> mmx.set(reg, (isMemory ? memory.read32(linear) : state.gpr[rm]) & 0xFFFFFFFFL);
            case MM_MOVQ_TO -> mmx.set(reg, isMemory ? memory.read64(linear) : state.gpr[rm]);
            case MM_MOVQ_LOAD -> mmx.set(reg, isMemory ? memory.read64(linear) : mmx.get(rm));
            case MM_MOVD_FROM -> {
                if (isMemory) {
                    memory.write32(linear, (int) mmx.get(reg));
                } else {
                    state.gpr[rm] = mmx.get(reg) & 0xFFFFFFFFL;
                }
                mmx.enter();
            }
            case MM_MOVQ_FROM, MM_MOVNTQ -> {
                if (isMemory) {
                    memory.write64(linear, mmx.get(reg));
                } else {
                    state.gpr[rm] = mmx.get(reg);
                }
                mmx.enter();
            }
            case MM_MOVQ_STORE -> {
                if (isMemory) {
                    memory.write64(linear, mmx.get(reg));
                    mmx.enter();
                } else {
                    mmx.set(rm, mmx.get(reg));
                }
            }
            case MM_PMOVMSKB -> {
                state.gpr[reg] = SseMove.byteSigns(mmx.get(rm));
                mmx.enter();
            }
            case MM_PINSRW -> {
                int shift = 16 * (immediate & 3);
                long value = isMemory ? memory.read16(linear) : state.gpr[rm] & 0xFFFF;
                mmx.set(reg, (mmx.get(reg) & ~(0xFFFFL << shift)) | value << shift);
            }
            case MM_PEXTRW -> {
                state.gpr[reg] = mmx.get(rm) >>> 16 * (immediate & 3) & 0xFFFF;
                mmx.enter();
            }
            case MM_MASKMOVQ -> {
                long base = state.segments[CpuState.DS].base + state.gpr[CpuState.RDI];
                SseMaskedStore.store(memory, base, mmx.get(reg), SseMove.byteSigns(mmx.get(rm)), 0, 0);
                mmx.enter();
            }
            case MOVQ2DQ -> {
                state.xmm[2 * reg] = mmx.get(rm);
                state.xmm[2 * reg + 1] = 0;
                mmx.enter();
            }
            case MOVDQ2Q -> mmx.set(reg, state.xmm[2 * rm]);
            case EMMS -> mmx.empty();
            default -> throw new IllegalArgumentException("MMX move " + operation);
        }
    }
}
