package oriel.hypervisor.cpu.emulated;

import oriel.hypervisor.cpu.CpuState;

/** DR0–DR7 (Intel SDM 3A §17.2). */
final class DebugRegisters {
    static final long DR6_FIXED = 0xFFFF_0FF0L, DR7_FIXED = 0x400;
    private static final long DR6_BD = 1 << 13, DR6_WRITABLE = 0xE00F, DR7_GD = 1 << 13, DR7_WRITABLE = 0xFFFF_23FFL;

    private final CpuContext cpu;
    private final CpuState state;

    DebugRegisters(CpuContext cpu) {
        this.cpu = cpu;
        this.state = cpu.state;
    }

    long read(int register) {
        return state.dr[check(register)];
    }

    void write(int register, long value) {
        int index = check(register);
        if (index >= 6 && value >>> 32 != 0) {
            throw cpu.generalProtection();
        }
        state.dr[index] = switch (index) {
            case 6 -> value & DR6_WRITABLE | DR6_FIXED;
            case 7 -> value & DR7_WRITABLE | DR7_FIXED;
            default -> value;
        };
        if (index == 7) {
            cpu.memory.contextChanged();
        }
    }

    private int check(int register) {
        int index = register;
        if (register == 4 || register == 5) {
            if ((state.cr4 & CpuContext.CR4_DE) != 0) {
                throw cpu.undefined();
            }
            index += 2;
        }
        cpu.requirePrivilege();
        if ((state.dr[7] & DR7_GD) != 0) {
            state.dr[6] |= DR6_BD;
            throw cpu.fault(GuestFault.DB);
        }
        return index;
    }
}
