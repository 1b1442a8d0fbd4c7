package oriel.hypervisor.guest;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * A message of the SPICE agent protocol (spice/vd_agent.h), and how it travels: in chunks of at most
 * {@link #MAX_CHUNK} bytes, little-endian, behind a header of port and length.
 *
 * @param type one of the constants here, or any other
 * @param data its body; not to be changed
 */
@SuppressWarnings("ArrayRecordComponent") // a message on its way, never compared
record VdAgentMessage(int type, byte[] data) {
    static final int MONITORS_CONFIG = 2;
    static final int REPLY = 3;
    static final int CLIPBOARD = 4;
    static final int ANNOUNCE_CAPABILITIES = 6;
    static final int CLIPBOARD_GRAB = 7;
    static final int CLIPBOARD_REQUEST = 8;
    static final int CLIPBOARD_RELEASE = 9;
    static final int MAX_CLIPBOARD = 14;

    /** What the guest's daemon takes of a chunk; more makes it close the port (VD_AGENT_MAX_DATA_SIZE). */
    static final int MAX_CHUNK = 2048;

    static final int CHUNK_HEADER = 8;
    static final int HEADER = 20; // protocol, type, opaque (64 bits), size
    static final int PROTOCOL = 1;

    /** The port of chunks between agent and client; others are QEMU's own business. */
    static final int CLIENT_PORT = 1;

    /** The bytes for the wire. */
    byte[] chunks() {
        ByteBuffer message = ByteBuffer.allocate(HEADER + data.length).order(ByteOrder.LITTLE_ENDIAN);
        message.putInt(PROTOCOL).putInt(type).putLong(0).putInt(data.length).put(data);
        byte[] whole = message.array();
        ByteArrayOutputStream out = new ByteArrayOutputStream(whole.length + CHUNK_HEADER);
        for (int at = 0; at < whole.length; at += MAX_CHUNK) {
            int length = Math.min(MAX_CHUNK, whole.length - at);
            ByteBuffer header = ByteBuffer.allocate(CHUNK_HEADER).order(ByteOrder.LITTLE_ENDIAN);
            out.writeBytes(header.putInt(CLIENT_PORT).putInt(length).array());
            out.write(whole, at, length);
        }
        return out.toByteArray();
    }
}
