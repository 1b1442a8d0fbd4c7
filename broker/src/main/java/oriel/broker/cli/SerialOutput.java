package oriel.broker.cli;

import java.io.IOException;
import java.io.OutputStream;
import org.jspecify.annotations.Nullable;
import oriel.hypervisor.device.serial.ByteSink;

/** Passes a serial console on, a line at a time, and looks for a text in it. Written on the machine's thread. */
final class SerialOutput implements ByteSink, AutoCloseable {
    /** A guest may never send a line end. */
    private static final int LONGEST_LINE = 4096;

    private final Target target;
    private final @Nullable String wanted;
    private final Runnable found;
    private final StringBuilder line = new StringBuilder();
    private OutputStream to = OutputStream.nullOutputStream();

    /** Where it goes, opened when the machine is about to run. */
    @FunctionalInterface
    interface Target {
        /** Creates the file, or whatever it is. */
        OutputStream open() throws IOException;
    }

    SerialOutput(Target target, @Nullable String wanted, Runnable found) {
        this.target = target;
        this.wanted = wanted;
        this.found = found;
    }

    /** Before the machine is started. */
    void open() throws IOException {
        to = target.open();
    }

    @Override
    public void accept(int value) {
        try {
            to.write(value);
            if (value == '\n') {
                to.flush();
            }
        } catch (IOException e) {
            // The reader of our output has gone; the guest goes on.
        }
        if (wanted != null) {
            search(wanted, value);
        }
    }

    private void search(String text, int value) {
        if (value == '\n' || line.length() > LONGEST_LINE) {
            line.setLength(0);
            return;
        }
        line.append((char) value);
        if (line.indexOf(text) >= 0) {
            found.run();
            line.setLength(0);
        }
    }

    void flush() {
        try {
            to.flush();
        } catch (IOException e) {
            // nobody reads any more
        }
    }

    @Override
    public void close() throws IOException {
        flush();
        if (to != System.out) {
            to.close();
        }
    }
}
