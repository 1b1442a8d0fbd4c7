package oriel.hypervisor.cpu.emulated;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Linear memory without paging over an array at address {@link #BASE}; everything else faults. */
final class ArrayMemory implements LinearMemory {
    static final long BASE = 0x10000;

    final ByteBuffer bytes;
    private final GuestFault fault;

    ArrayMemory(int size, GuestFault fault) {
        bytes = ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
        this.fault = fault;
    }

    private int at(long linear, int length) {
        long offset = linear - BASE;
        if (offset < 0 || offset + length > bytes.capacity()) {
            throw fault.pageFault(linear, 0);
        }
        return (int) offset;
    }

    @Override
    public int read8(long linear) {
        return bytes.get(at(linear, 1)) & 0xFF;
    }

    @Override
    public int read16(long linear) {
        return bytes.getShort(at(linear, 2)) & 0xFFFF;
    }

    @Override
    public int read32(long linear) {
        return bytes.getInt(at(linear, 4));
    }

    @Override
    public long read64(long linear) {
        return bytes.getLong(at(linear, 8));
    }

    @Override
    public void write8(long linear, int value) {
        bytes.put(at(linear, 1), (byte) value);
    }

    @Override
    public void write16(long linear, int value) {
        bytes.putShort(at(linear, 2), (short) value);
    }

    @Override
    public void write32(long linear, int value) {
        bytes.putInt(at(linear, 4), value);
    }

    @Override
    public void write64(long linear, long value) {
        bytes.putLong(at(linear, 8), value);
    }

    @Override
    public void probeWrite(long linear, int length) {
        at(linear, length);
    }

    @Override
    public void probeRead(long linear, int length) {
        at(linear, length);
    }

    @Override
    public long readSystem(long linear, int size) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void writeSystem(long linear, int size, long value) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void invalidatePage(long linear) {}

    @Override
    public void flush(boolean global) {}

    @Override
    public void switchContext(boolean keep) {}

    @Override
    public void flushContext(int pcid) {}

    @Override
    public void flushContexts() {}

    @Override
    public void contextChanged() {}
}
