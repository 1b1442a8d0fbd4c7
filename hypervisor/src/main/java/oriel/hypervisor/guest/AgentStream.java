package oriel.hypervisor.guest;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * Lines from the agent, out of bytes in pieces of any size. A byte FFh, which no UTF-8 text has, says that what came
 * before it belongs to nobody (guest-sync-delimited of the QEMU guest agent protocol).
 */
final class AgentStream {
    /** The longest line taken. A guest that sends more without an end is forgotten up to the next FFh or line end. */
    static final int MAX_LINE = 4 << 20;

    private final ByteArrayOutputStream line = new ByteArrayOutputStream();
    private boolean tooLong;
    private byte[] bytes = new byte[0];
    private int at;

    /** Bytes from the guest, all of the earlier ones having been taken. */
    void feed(byte[] next) {
        bytes = next;
        at = 0;
    }

    /** The next whole line, null if there is none yet. */
    @Nullable
    String next() {
        while (at < bytes.length) {
            byte b = bytes[at++];
            if (b == (byte) 0xFF) {
                line.reset();
                tooLong = false;
            } else if (b == '\n') {
                String text = line.toString(StandardCharsets.UTF_8);
                boolean whole = !tooLong;
                line.reset();
                tooLong = false;
                if (whole) {
                    return text;
                }
            } else if (line.size() < MAX_LINE) {
                line.write(b);
            } else {
                tooLong = true;
            }
        }
        return null;
    }

    void clear() {
        bytes = new byte[0];
        line.reset();
        tooLong = false;
    }
}
