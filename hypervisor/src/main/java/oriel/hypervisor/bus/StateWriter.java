package oriel.hypervisor.bus;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;

/** Big-endian sink for device state. The first thing a device writes is its {@link #version}. Not thread-safe. */
public final class StateWriter {
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private final DataOutputStream out = new DataOutputStream(bytes);

    private interface Write {
        void run() throws IOException;
    }

    private StateWriter write(Write write) {
        try {
            write.run();
        } catch (IOException e) {
            throw new UncheckedIOException(e); // a byte array never fails
        }
        return this;
    }

    /** Format version of what follows, ≥ 1. */
    public StateWriter version(int version) {
        return u16(version);
    }

    /** One byte. */
    public StateWriter u8(int value) {
        return write(() -> out.writeByte(value));
    }

    /** Two bytes. */
    public StateWriter u16(int value) {
        return write(() -> out.writeShort(value));
    }

    /** Four bytes. */
    public StateWriter i32(int value) {
        return write(() -> out.writeInt(value));
    }

    /** Eight bytes. */
    public StateWriter i64(long value) {
        return write(() -> out.writeLong(value));
    }

    /** One byte, 0 or 1. */
    public StateWriter bool(boolean value) {
        return u8(value ? 1 : 0);
    }

    /** Length, then the bytes. */
    public StateWriter blob(byte[] value) {
        return write(() -> {
            out.writeInt(value.length);
            out.write(value);
        });
    }

    /** What was written so far. */
    public byte[] toByteArray() {
        return bytes.toByteArray();
    }
}
