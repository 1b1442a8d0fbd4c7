package oriel.displayd.viewer;

/** A byte stream to a client that never blocks. Thread-safe. */
public interface Transport {
    /** Takes bytes to send; they are copied. The caller watches {@link #backlog}: nothing is refused. */
    void send(byte[] from, int offset, int length);

    /** Bytes taken that the operating system has not. When it falls, {@link Viewer#writable} is called. */
    long backlog();

    /** Ends the stream after what was sent, without waiting. */
    void close(CloseReason reason, String detail);

    /** The other end, for the log. */
    String peer();
}
