package oriel.hypervisor.disk;

import java.nio.ByteBuffer;

/** Tells whether data is all zeroes, the bytes that sparse formats don't store. */
final class Zeroes {
    private Zeroes() {}

    /** Looks at the rest of a buffer without moving it. */
    static boolean isZero(ByteBuffer data) {
        int at = data.position();
        for (; at + 8 <= data.limit(); at += 8) {
            if (data.getLong(at) != 0) {
                return false;
            }
        }
        for (; at < data.limit(); at++) {
            if (data.get(at) != 0) {
                return false;
            }
        }
        return true;
    }
}
