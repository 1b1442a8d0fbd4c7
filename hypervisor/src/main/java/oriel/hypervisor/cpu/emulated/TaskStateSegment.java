package oriel.hypervisor.cpu.emulated;

import oriel.hypervisor.cpu.CpuState;
import oriel.hypervisor.cpu.SegmentState;

/** What a processor reads from the current TSS besides task switches: inner stacks (Intel SDM 3A §7.2.1, §7.7). */
final class TaskStateSegment {
    private final CpuContext cpu;

    TaskStateSegment(CpuContext cpu) {
        this.cpu = cpu;
    }

    private SegmentState register() {
        return cpu.segment(CpuState.TR);
    }

    private boolean is32() {
        return (register().access & 8) != 0;
    }

    private long read(long offset, int size) {
        SegmentState tr = register();
        if (offset + size - 1 > tr.limit) {
            throw cpu.fault(GuestFault.TS, tr.selector);
        }
        return cpu.memory.readSystem(cpu.linear(tr.base + offset), size);
    }

    /** Stack segment of a privilege level, legacy modes. */
    int stackSelector(int level) {
        return (int) (is32() ? read(8 + 8L * level, 2) : read(4 + 4L * level, 2));
    }

    /** Stack pointer of a privilege level, legacy modes. */
    long stackPointer(int level) {
        return is32() ? read(4 + 8L * level, 4) : read(2 + 4L * level, 2);
    }

    /** RSPn of a 64-bit TSS. */
    long stackPointer64(int level) {
        return read(4 + 8L * level, 8);
    }

    /** ISTn, n = 1–7, of a 64-bit TSS. */
    long interruptStack(int index) {
        return read(0x24 + 8L * (index - 1), 8);
    }
}
