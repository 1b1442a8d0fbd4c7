package oriel.hypervisor.bus;

import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;

/** Reads what {@link StateWriter} wrote. Running off the end is a {@link StateException}. Not thread-safe. */
public final class StateReader {
    private final String device;
    private final ByteBuffer in;

    /** Over the bytes of one device, named for error messages. */
    public StateReader(String device, byte[] bytes) {
        this.device = device;
        this.in = ByteBuffer.wrap(bytes);
    }

    private interface Read<T> {
        T run();
    }

    private <T> T read(Read<T> read) {
        try {
            return read.run();
        } catch (BufferUnderflowException e) {
            throw new StateException("saved state of " + device + " is too short");
        }
    }

    /**
     * Reads the version.
     *
     * @throws StateException if it is above the newest this build knows
     */
    public int version(int newest) {
        int version = u16();
        if (version < 1 || version > newest) {
            throw new StateException(
                    "saved state of %s has version %d; this build reads 1 to %d: use the Oriel version that saved it, or a newer one"
                            .formatted(device, version, newest));
        }
        return version;
    }

    /** One byte, 0–255. */
    public int u8() {
        return read(in::get) & 0xFF;
    }

    /** Two bytes, 0–65535. */
    public int u16() {
        return read(in::getShort) & 0xFFFF;
    }

    /** Four bytes. */
    public int i32() {
        return read(in::getInt);
    }

    /** Eight bytes. */
    public long i64() {
        return read(in::getLong);
    }

    /** One byte, 0 or 1. */
    public boolean bool() {
        return u8() != 0;
    }

    /** Length, then the bytes. */
    public byte[] blob() {
        int length = i32();
        if (length < 0 || length > in.remaining()) {
            throw new StateException("saved state of " + device + " has a block of impossible length " + length);
        }
        byte[] value = new byte[length];
        in.get(value);
        return value;
    }
}
