package oriel.hypervisor.device.storage;

import java.nio.ByteBuffer;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import oriel.hypervisor.disk.DiskException;
import oriel.hypervisor.disk.DiskImage;

/**
 * Reads a disc on another thread, one request at a time, and hands the outcome over on the machine's. Confined to the
 * machine's thread but for what it has the other run.
 */
final class DiscReads {
    private static final Logger LOG = LoggerFactory.getLogger(DiscReads.class);

    /** Takes the outcome. */
    interface Done {
        /** The bytes, or null if the host can't read them. */
        void read(byte @Nullable [] bytes);
    }

    private static final class Request {
        final Done done;
        boolean finished; // guarded by this
        byte @Nullable [] bytes; // guarded by this

        Request(Done done) {
            this.done = done;
        }

        synchronized void finish(byte @Nullable [] outcome) {
            bytes = outcome;
            finished = true;
            notifyAll();
        }

        synchronized byte @Nullable [] await() {
            boolean interrupted = false;
            while (!finished) {
                try {
                    wait();
                } catch (InterruptedException e) {
                    interrupted = true; // the disc is in use until then: wait on
                }
            }
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
            return bytes;
        }
    }

    private final Executor io;
    private final Executor machine;
    private @Nullable Request running;

    DiscReads(Executor io, Executor machine) {
        this.io = io;
        this.machine = machine;
    }

    boolean idle() {
        return running == null;
    }

    /** Starts a read; none may be under way. */
    void start(DiskImage disc, long offset, int length, Done done) {
        Request request = new Request(done);
        running = request;
        Runnable task = () -> {
            byte[] bytes = null;
            try {
                byte[] read = new byte[length];
                disc.read(offset, ByteBuffer.wrap(read));
                bytes = read;
            } catch (DiskException e) {
                LOG.warn("a disc can't be read at {}: {}", offset, e.getMessage());
            } finally {
                request.finish(bytes);
            }
            try {
                machine.execute(() -> deliver(request));
            } catch (RejectedExecutionException e) {
                LOG.debug("the machine has ended while its disc was read");
            }
        };
        try {
            io.execute(task);
        } catch (RejectedExecutionException e) {
            request.finish(null);
            deliver(request);
        }
    }

    private void deliver(Request request) {
        if (running == request) {
            running = null;
            request.done.read(request.await());
        }
    }

    /** Waits for the read that is under way and forgets what it read. */
    void cancel() {
        if (running != null) {
            running.await();
            running = null;
        }
    }

    /** Waits for what is under way, and for what that starts, and hands it over. */
    void finish() {
        for (Request request = running; request != null; request = running) {
            request.await();
            deliver(request);
        }
    }
}
