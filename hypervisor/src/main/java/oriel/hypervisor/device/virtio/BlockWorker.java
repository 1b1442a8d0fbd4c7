package oriel.hypervisor.device.virtio;

import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import oriel.hypervisor.disk.DiskException;
import oriel.hypervisor.disk.DiskImage;

/** Does requests on the disk image. Thread-safe; never touches guest memory. */
final class BlockWorker {
    /** A failing disk fails every request; the log has the first of these only. */
    private static final int LOGGED_ERRORS = 8;

    private static final Logger LOG = LoggerFactory.getLogger(BlockWorker.class);

    private final String name;
    private final DiskImage image;
    private final AtomicInteger errors = new AtomicInteger();
    private final AtomicBoolean full = new AtomicBoolean();

    BlockWorker(String name, DiskImage image) {
        this.name = name;
        this.image = image;
    }

    /** What a request came to: the status, and for a read the data. */
    @SuppressWarnings("ArrayRecordComponent") // a buffer, never compared
    record Outcome(int status, byte[] data) {
        static final byte[] NO_DATA = {};
        static final Outcome OK = new Outcome(BlockRequest.STATUS_OK, NO_DATA);
        static final Outcome FAILED = new Outcome(BlockRequest.STATUS_IOERR, NO_DATA);
    }

    Outcome perform(BlockRequest request) {
        try {
            return switch (request) {
                case BlockRequest.Read(BlockRequest.Range(long offset, long length)) -> {
                    byte[] data = new byte[(int) length];
                    image.read(offset, ByteBuffer.wrap(data));
                    yield new Outcome(BlockRequest.STATUS_OK, data);
                }
                case BlockRequest.Write(long offset, byte[] data) -> {
                    image.write(offset, ByteBuffer.wrap(data));
                    succeeded();
                    yield Outcome.OK;
                }
                case BlockRequest.Flush() -> {
                    image.flush();
                    yield Outcome.OK;
                }
                case BlockRequest.Discard discard -> {
                    discard.ranges().forEach(range -> image.discard(range.offset(), range.length()));
                    yield Outcome.OK;
                }
                case BlockRequest.WriteZeroes zeroes -> {
                    zeroes.ranges().forEach(range -> image.writeZeroes(range.offset(), range.length()));
                    succeeded();
                    yield Outcome.OK;
                }
                case BlockRequest.GetId() -> Outcome.FAILED; // answered on the machine's thread
                case BlockRequest.Refused(int status) -> new Outcome(status, Outcome.NO_DATA);
            };
        } catch (DiskException e) {
            report(e);
            return Outcome.FAILED;
        } catch (RuntimeException e) {
            // A defect of the image must cost this request, not the worker thread and with it the machine.
            LOG.error("{}: {} failed", name, request.getClass().getSimpleName(), e);
            return Outcome.FAILED;
        }
    }

    private void succeeded() {
        if (full.get() && full.compareAndSet(true, false)) {
            LOG.info("{}: the host has space again, writes succeed", name);
        }
    }

    private void report(DiskException e) {
        if (e.full()) {
            if (full.compareAndSet(false, true)) {
                LOG.error(
                        "{}: the host's disk is full; the guest sees write errors until there is space: {}",
                        name,
                        e.getMessage());
            }
        } else if (errors.getAndIncrement() < LOGGED_ERRORS) {
            LOG.error("{}: {}", name, e.getMessage());
        }
    }
}
