package oriel.hypervisor.cpu.emulated;

import java.nio.ByteBuffer;
import java.util.HexFormat;

/** Compares records of {@link HostProcessor}, field by field. */
final class RecordComparison {
    private static final int ARITHMETIC_FLAGS = 0x8D5;

    private RecordComparison() {}

    /** Returns what differs, or an empty string. */
    static String differences(ByteBuffer host, ByteBuffer emulated, int at) {
        StringBuilder result = new StringBuilder(floatingDifferences(host, emulated, at));
        for (int i = 0; i < HostProcessor.REGISTERS.length; i++) {
            compare(result, "R" + HostProcessor.REGISTERS[i], host, emulated, at + HostProcessor.GPR + 8 * i, 8);
        }
        compare(result, "memory", host, emulated, at + HostProcessor.MEMORY, HostProcessor.MEMORY_SIZE);
        compare(result, "signal", host, emulated, at + HostProcessor.SIGNAL, 1);
        long hostFlags = host.getLong(at + HostProcessor.FLAGS) & ARITHMETIC_FLAGS;
        long emulatedFlags = emulated.getLong(at + HostProcessor.FLAGS) & ARITHMETIC_FLAGS;
        if (hostFlags != emulatedFlags) {
            result.append(String.format(" flags host %x ours %x", hostFlags, emulatedFlags));
        }
        return result.toString();
    }

    /** Returns what differs in two images of FXSAVE64, or an empty string. */
    static String floatingDifferences(ByteBuffer host, ByteBuffer emulated, int at) {
        StringBuilder result = new StringBuilder();
        compare(result, "control", host, emulated, at, 2);
        compare(result, "status", host, emulated, at + 2, 2);
        compare(result, "tag", host, emulated, at + 4, 1);
        compare(result, "MXCSR", host, emulated, at + 24, 4);
        for (int i = 0; i < 8; i++) {
            compare(result, "ST" + i, host, emulated, at + 32 + 16 * i, 10);
        }
        for (int i = 0; i < 16; i++) {
            compare(result, "XMM" + i, host, emulated, at + 160 + 16 * i, 16);
        }
        return result.toString();
    }

    private static void compare(
            StringBuilder result, String name, ByteBuffer host, ByteBuffer emulated, int at, int length) {
        if (host.slice(at, length).equals(emulated.slice(at, length))) {
            return;
        }
        result.append(' ')
                .append(name)
                .append(" host ")
                .append(bytes(host, at, length))
                .append(" ours ")
                .append(bytes(emulated, at, length));
    }

    /** Most significant byte first. */
    static String bytes(ByteBuffer buffer, int at, int length) {
        byte[] copy = new byte[length];
        for (int i = 0; i < length; i++) {
            copy[length - 1 - i] = buffer.get(at + i);
        }
        return HexFormat.of().formatHex(copy);
    }
}
