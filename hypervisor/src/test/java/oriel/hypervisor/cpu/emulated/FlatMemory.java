package oriel.hypervisor.cpu.emulated;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** One MiB of linear memory without paging; one page can be made to fault. */
final class FlatMemory implements LinearMemory {
    private final ByteBuffer bytes = ByteBuffer.allocate(1 << 20).order(ByteOrder.LITTLE_ENDIAN);
    private final GuestFault fault;
    long absentPage = -1;
    int flushes;
    int globalFlushes;
    int contextChanges;
    long invalidated = -1;

    FlatMemory(GuestFault fault) {
        this.fault = fault;
    }

    private int at(long linear, int size, boolean write) {
        boolean absent = linear >>> 12 == absentPage || (linear + size - 1) >>> 12 == absentPage;
        if (absent || linear < 0 || linear + size > bytes.capacity()) {
            throw fault.pageFault(linear, write ? 2 : 0);
        }
        return (int) linear;
    }

    @Override
    public int read8(long linear) {
        return bytes.get(at(linear, 1, false)) & 0xFF;
    }

    @Override
    public int read16(long linear) {
        return bytes.getShort(at(linear, 2, false)) & 0xFFFF;
    }

    @Override
    public int read32(long linear) {
        return bytes.getInt(at(linear, 4, false));
    }

    @Override
    public long read64(long linear) {
        return bytes.getLong(at(linear, 8, false));
    }

    @Override
    public void write8(long linear, int value) {
        bytes.put(at(linear, 1, true), (byte) value);
    }

    @Override
    public void write16(long linear, int value) {
        bytes.putShort(at(linear, 2, true), (short) value);
    }

    @Override
    public void write32(long linear, int value) {
        bytes.putInt(at(linear, 4, true), value);
    }

    @Override
    public void write64(long linear, long value) {
        bytes.putLong(at(linear, 8, true), value);
    }

    @Override
    public void probeWrite(long linear, int length) {
        at(linear, length, true);
    }

    @Override
    public void probeRead(long linear, int length) {
        at(linear, length, false);
    }

    @Override
    public long readSystem(long linear, int size) {
        return switch (size) {
            case 1 -> read8(linear);
            case 2 -> read16(linear);
            case 4 -> read32(linear) & 0xFFFF_FFFFL;
            default -> read64(linear);
        };
    }

    @Override
    public void writeSystem(long linear, int size, long value) {
        switch (size) {
            case 1 -> write8(linear, (int) value);
            case 2 -> write16(linear, (int) value);
            case 4 -> write32(linear, (int) value);
            default -> write64(linear, value);
        }
    }

    @Override
    public void invalidatePage(long linear) {
        invalidated = linear;
    }

    @Override
    public void flush(boolean global) {
        flushes++;
        if (global) {
            globalFlushes++;
        }
    }

    @Override
    public void switchContext(boolean keep) {
        if (!keep) {
            flush(false);
        }
    }

    @Override
    public void flushContext(int pcid) {}

    @Override
    public void flushContexts() {}

    @Override
    public void contextChanged() {
        contextChanges++;
    }
}
