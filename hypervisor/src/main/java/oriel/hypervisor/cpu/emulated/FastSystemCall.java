package oriel.hypervisor.cpu.emulated;

import static oriel.hypervisor.cpu.CpuState.GS;
import static oriel.hypervisor.cpu.CpuState.RCX;
import static oriel.hypervisor.cpu.CpuState.RDX;
import static oriel.hypervisor.cpu.CpuState.RSP;
import static oriel.hypervisor.cpu.CpuState.SS;

import oriel.hypervisor.cpu.CpuState;
import oriel.hypervisor.cpu.SegmentState;

/** SYSCALL, SYSRET, SYSENTER, SYSEXIT, SWAPGS: transfers to fixed flat segments (Intel SDM 2B, 3A §5.8.7, §5.8.8). */
final class FastSystemCall {
    /** Present accessed code, flat: 64-bit and 32-bit; the privilege level is added. */
    private static final int CODE64 = 0xA09B, CODE32 = 0xC09B;

    private static final int DATA = 0xC093;
    private static final int R11 = 11;

    private final CpuContext cpu;
    private final CpuState state;

    FastSystemCall(CpuContext cpu) {
        this.cpu = cpu;
        this.state = cpu.state;
    }

    private void enter(int code, int stack, int codeAccess, int level) {
        SegmentState ss = state.segments[SS];
        boolean levelChanged = ss.dpl() != level;
        cpu.setCode(code & 0xFFFC | level, 0, 0xFFFF_FFFFL, codeAccess | level << 5);
        ss.set(stack & 0xFFFC | level, 0, 0xFFFF_FFFFL, DATA | level << 5);
        if (levelChanged) {
            cpu.memory.contextChanged();
        }
    }

    /** Intel processors have SYSCALL and SYSRET in 64-bit mode only. */
    private void require64() {
        if ((state.efer & CpuContext.EFER_SCE) == 0 || !cpu.code64()) {
            throw cpu.undefined();
        }
    }

    void syscall(long nextRip) {
        require64();
        int selector = (int) (state.star >>> 32) & 0xFFFC;
        state.gpr[RCX] = nextRip;
        // RF never survives an instruction, so a guest must not find it in R11: Linux would take the slow way back.
        state.gpr[R11] = state.rflags & ~CpuContext.RF;
        state.rip = state.lstar;
        enter(selector, selector + 8, CODE64, 0);
        cpu.setFlags(state.rflags & ~(state.sfmask | CpuContext.RF));
    }

    void sysret(int operandSize) {
        require64();
        cpu.requirePrivilege();
        int selector = (int) (state.star >>> 48);
        if (operandSize == 8) {
            long target = canonical(state.gpr[RCX]);
            enter(selector + 16, selector + 8, CODE64, 3);
            state.rip = target;
        } else {
            enter(selector, selector + 8, CODE32, 3);
            state.rip = state.gpr[RCX] & 0xFFFF_FFFFL;
        }
        cpu.setFlags(state.gpr[R11] & 0x3C_7FD7);
    }

    void sysenter() {
        int selector = (int) state.sysenterCs & 0xFFFC;
        if ((state.cr0 & CpuContext.CR0_PE) == 0 || selector == 0) {
            throw cpu.generalProtection();
        }
        cpu.setFlags(state.rflags & ~(CpuContext.VM | CpuContext.IF | CpuContext.RF));
        boolean wide = cpu.longMode();
        enter(selector, selector + 8, wide ? CODE64 : CODE32, 0);
        state.gpr[RSP] = wide ? state.sysenterEsp : state.sysenterEsp & 0xFFFF_FFFFL;
        state.rip = wide ? state.sysenterEip : state.sysenterEip & 0xFFFF_FFFFL;
    }

    void sysexit(int operandSize) {
        int selector = (int) state.sysenterCs & 0xFFFC;
        if (!cpu.protectedMode() || selector == 0) {
            throw cpu.generalProtection();
        }
        cpu.requirePrivilege();
        if (operandSize == 8) {
            long target = canonical(state.gpr[RDX]);
            long stack = canonical(state.gpr[RCX]);
            enter(selector + 32, selector + 40, CODE64, 3);
            state.gpr[RSP] = stack;
            state.rip = target;
        } else {
            enter(selector + 16, selector + 24, CODE32, 3);
            state.gpr[RSP] = state.gpr[RCX] & 0xFFFF_FFFFL;
            state.rip = state.gpr[RDX] & 0xFFFF_FFFFL;
        }
    }

    private long canonical(long address) {
        if (!CpuContext.canonical(address)) {
            throw cpu.generalProtection();
        }
        return address;
    }

    void swapgs() {
        if (!cpu.code64()) {
            throw cpu.undefined();
        }
        cpu.requirePrivilege();
        SegmentState gs = state.segments[GS];
        long base = gs.base;
        gs.base = state.kernelGsBase;
        state.kernelGsBase = base;
    }
}
