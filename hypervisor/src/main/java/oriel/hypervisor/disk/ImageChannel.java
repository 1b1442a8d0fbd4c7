package oriel.hypervisor.disk;

import java.io.IOException;
import java.nio.ByteBuffer;

/** The host file of an image: positional and complete reads and writes. Thread-safe. */
interface ImageChannel extends AutoCloseable {
    /** Fills the rest of the buffer; what lies beyond the end of the file is zero. */
    void read(ByteBuffer to, long position) throws IOException;

    /** Writes the rest of the buffer, growing the file if need be. */
    void write(ByteBuffer from, long position) throws IOException;

    long size() throws IOException;

    /** Makes all writes so far durable. */
    void force() throws IOException;

    @Override
    void close() throws IOException;
}
