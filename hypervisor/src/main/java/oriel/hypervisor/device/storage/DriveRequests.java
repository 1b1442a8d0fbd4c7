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
 * Reads and writes a drive's image on another thread, one request at a time, and hands the outcome over on the machine's.
 * Confined to the machine's thread but for what it has the other run.
 */
final class DriveRequests {
    private static final Logger LOG = LoggerFactory.getLogger(DriveRequests.class);

    private static final byte[] NOTHING = {};

    /** Takes the outcome. */
    interface Done {
        /** What was read, nothing if nothing was to be; null if the host can't do it. */
        void done(byte @Nullable [] bytes);
    }

    /** What is to be done, on the other thread. */
    private interface Work {
        byte[] run();
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
                    interrupted = true; // the image is in use until then: wait on
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

    DriveRequests(Executor io, Executor machine) {
        this.io = io;
        this.machine = machine;
    }

    boolean idle() {
        return running == null;
    }

    /** Starts a read; nothing may be under way. */
    void read(DiskImage image, long offset, int length, Done done) {
        start(
                () -> {
                    byte[] read = new byte[length];
                    image.read(offset, ByteBuffer.wrap(read));
                    return read;
                },
                done);
    }

    /** Starts a write, durable at once if so wished; nothing may be under way. */
    void write(DiskImage image, long offset, byte[] bytes, boolean durable, Done done) {
        start(
                () -> {
                    image.write(offset, ByteBuffer.wrap(bytes));
                    if (durable) {
                        image.flush();
                    }
                    return NOTHING;
                },
                done);
    }

    /** Makes what was written durable; nothing may be under way. */
    void flush(DiskImage image, Done done) {
        start(
                () -> {
                    image.flush();
                    return NOTHING;
                },
                done);
    }

    private void start(Work work, Done done) {
        Request request = new Request(done);
        running = request;
        Runnable task = () -> {
            byte[] bytes = null;
            try {
                bytes = work.run();
            } catch (DiskException e) {
                LOG.warn("a drive's image fails: {}", e.getMessage());
            } finally {
                request.finish(bytes);
            }
            try {
                machine.execute(() -> deliver(request));
            } catch (RejectedExecutionException e) {
                LOG.debug("the machine has ended while its drive was at work");
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
            request.done.done(request.await());
        }
    }

    /** Waits for what is under way and forgets what came of it. */
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
