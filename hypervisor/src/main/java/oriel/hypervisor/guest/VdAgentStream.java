package oriel.hypervisor.guest;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/**
 * Messages of the SPICE agent out of chunks, out of bytes in pieces of any size. A message that is longer than allowed is
 * skipped, however long it is, and costs no memory.
 */
final class VdAgentStream {
    private final int maximum;
    private final ByteBuffer chunkHeader = header(VdAgentMessage.CHUNK_HEADER);
    private final ByteBuffer messageHeader = header(VdAgentMessage.HEADER);
    private byte[] data = new byte[0];
    private int taken; // of data
    private int size; // of data, and then as the guest says
    private long skip; // bytes of a message that is too long
    private int type;
    private boolean inMessage;
    private long chunkLeft;
    private boolean forUs;
    private ByteBuffer input = ByteBuffer.allocate(0);

    /** A stream that takes messages of up to {@code maximum} bytes. */
    VdAgentStream(int maximum) {
        this.maximum = maximum;
    }

    private static ByteBuffer header(int size) {
        return ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
    }

    /** Bytes from the guest, all of the earlier ones having been taken. */
    void feed(byte[] bytes) {
        input = ByteBuffer.wrap(bytes);
    }

    void clear() {
        input = ByteBuffer.allocate(0);
        chunkHeader.clear();
        messageHeader.clear();
        chunkLeft = 0;
        inMessage = false;
    }

    /**
     * The next whole message, null if there is none yet.
     *
     * @throws IllegalStateException if the guest speaks another protocol: nothing more makes sense until it opens the port
     *     again
     */
    @Nullable
    VdAgentMessage next() {
        while (input.hasRemaining()) {
            if (chunkLeft == 0) {
                fill(chunkHeader);
                if (!chunkHeader.hasRemaining()) {
                    chunkHeader.flip();
                    forUs = chunkHeader.getInt() == VdAgentMessage.CLIENT_PORT;
                    chunkLeft = Integer.toUnsignedLong(chunkHeader.getInt());
                    chunkHeader.clear();
                }
            } else if (!forUs) {
                chunkLeft -= skip(chunkLeft);
            } else if (!inMessage) {
                chunkLeft -= fill(messageHeader);
                if (!messageHeader.hasRemaining()) {
                    begin();
                    if (size == 0 && skip == 0) {
                        return end();
                    }
                }
            } else if (skip > 0) {
                long skipped = skip(Math.min(skip, chunkLeft));
                skip -= skipped;
                chunkLeft -= skipped;
                inMessage = skip > 0;
            } else {
                int part = (int) Math.min(Math.min(size - taken, chunkLeft), input.remaining());
                input.get(data, taken, part);
                taken += part;
                chunkLeft -= part;
                if (taken == size) {
                    return end();
                }
            }
        }
        return null;
    }

    private int fill(ByteBuffer header) {
        int limit = header == messageHeader ? (int) Math.min(chunkLeft, Integer.MAX_VALUE) : Integer.MAX_VALUE;
        int part = Math.min(Math.min(header.remaining(), input.remaining()), limit);
        header.put(input.slice(input.position(), part));
        input.position(input.position() + part);
        return part;
    }

    private int skip(long most) {
        int part = (int) Math.min(most, input.remaining());
        input.position(input.position() + part);
        return part;
    }

    private void begin() {
        messageHeader.flip();
        int protocol = messageHeader.getInt();
        type = messageHeader.getInt();
        messageHeader.getLong(); // opaque: nothing that comes from an agent has one
        long length = Integer.toUnsignedLong(messageHeader.getInt());
        messageHeader.clear();
        if (protocol != VdAgentMessage.PROTOCOL) {
            throw new IllegalStateException("protocol " + Integer.toUnsignedString(protocol));
        }
        inMessage = true;
        taken = 0;
        boolean tooLong = length > maximum;
        skip = tooLong ? length : 0;
        size = tooLong ? 0 : (int) length;
        data = new byte[size];
    }

    private VdAgentMessage end() {
        inMessage = false;
        return new VdAgentMessage(type, data);
    }
}
