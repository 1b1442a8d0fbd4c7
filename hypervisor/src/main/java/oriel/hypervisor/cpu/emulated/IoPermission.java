package oriel.hypervisor.cpu.emulated;

import oriel.hypervisor.bus.IoBus;
import oriel.hypervisor.cpu.CpuState;
import oriel.hypervisor.cpu.SegmentState;

/** Port accesses and who may make them: IOPL and the bitmaps in the TSS (Intel SDM 1 §19.5, SDM 3A §20.3.3.1). */
final class IoPermission {
    private static final int MAP_BASE = 0x66;

    private final CpuContext cpu;
    private final CpuState state;
    private final IoBus bus;

    IoPermission(CpuContext cpu, IoBus bus) {
        this.cpu = cpu;
        this.state = cpu.state;
        this.bus = bus;
    }

    int in(int port, int size) {
        check(port, size);
        return bus.readPort(port, size);
    }

    void out(int port, int size, int value) {
        check(port, size);
        bus.writePort(port, size, value);
    }

    void check(int port, int size) {
        if ((state.cr0 & CpuContext.CR0_PE) == 0) {
            return;
        }
        if (!cpu.virtual8086() && state.cpl() <= cpu.iopl()) {
            return;
        }
        SegmentState tr = state.segments[CpuState.TR];
        boolean hasMap = (tr.access & 8) != 0 && tr.limit >= 103;
        if (!hasMap) {
            throw cpu.generalProtection();
        }
        // Two bytes, because the ports may straddle one: the reason for the all-ones byte at the end of the map.
        long at = mapBase(tr) + (port >> 3);
        if (at + 1 > tr.limit) {
            throw cpu.generalProtection();
        }
        long bits = cpu.memory.readSystem(cpu.linear(tr.base + at), 2);
        if ((bits >> (port & 7) & ((1L << size) - 1)) != 0) {
            throw cpu.generalProtection();
        }
    }

    private long mapBase(SegmentState tr) {
        return cpu.memory.readSystem(cpu.linear(tr.base + MAP_BASE), 2);
    }

    /** Whether the interrupt redirection map, the 32 bytes below the I/O map, sends INT n to protected mode. */
    boolean interruptTrapped(int vector) {
        SegmentState tr = state.segments[CpuState.TR];
        if ((tr.access & 8) == 0 || tr.limit < 103) {
            return true;
        }
        long at = mapBase(tr) - 32 + (vector >> 3);
        if (at < 0 || at > tr.limit) {
            return true;
        }
        return (cpu.memory.readSystem(cpu.linear(tr.base + at), 1) >> (vector & 7) & 1) != 0;
    }
}
