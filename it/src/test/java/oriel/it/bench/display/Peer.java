package oriel.it.bench.display;

import java.io.IOException;

/** A VNC server whose screen shows a frame when told to, in a process of its own. */
public interface Peer extends AutoCloseable {
    /** For the table. */
    String name();

    /** Where it serves RFB on loopback, without password. */
    int port();

    /** Shows a frame; returns once it is on the screen. */
    void show(int frame) throws IOException;

    /** CPU time of all its threads so far, in nanoseconds. */
    long cpuNanos() throws IOException;

    @Override
    void close() throws IOException;
}
