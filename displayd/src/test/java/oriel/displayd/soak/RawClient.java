package oriel.displayd.soak;

import java.io.IOException;
import java.nio.ByteBuffer;

/** A client without manners, past the handshake: it sends what it is told to, and reads only when told to. */
interface RawClient extends AutoCloseable {
    /** Small, so that a client that doesn't read is soon noticed. */
    int RECEIVE_BUFFER = 8 * 1024;

    /** Sends bytes of RFB. */
    void message(byte[] bytes) throws IOException;

    /** Reads and drops what comes until the server ends it. Blocks. */
    boolean awaitEnd();

    @Override
    void close() throws IOException;

    /** Asks for everything that can be had without being asked again: ContinuousUpdates of the whole screen. */
    default void demandEverything(int encoding) throws IOException {
        ByteBuffer encodings = ByteBuffer.allocate(4 + 4 * 3 + 10);
        encodings.putInt(0x0200_0003).putInt(encoding).putInt(-313).putInt(-224);
        encodings
                .put((byte) 150)
                .put((byte) 1)
                .putInt(0)
                .putShort((short) 0x7FFF)
                .putShort((short) 0x7FFF);
        message(encodings.array());
    }

    /** Reads on a thread of its own, as fast as it can. */
    default void readOn() {
        Thread.ofVirtual().name("raw-reader").start(this::awaitEnd);
    }
}
