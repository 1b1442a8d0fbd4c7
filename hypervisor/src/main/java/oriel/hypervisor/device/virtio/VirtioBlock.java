package oriel.hypervisor.device.virtio;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import oriel.hypervisor.bus.Counting;
import oriel.hypervisor.bus.StateException;
import oriel.hypervisor.bus.StateReader;
import oriel.hypervisor.bus.StateWriter;
import oriel.hypervisor.disk.DiskImage;

/**
 * A virtio block device (virtio 1.2 §5.2) over a disk image. Requests are done on a worker executor, several at a time;
 * their completions come back to the machine's thread, which alone touches guest memory. A flush is durable for every
 * write that the guest saw complete before it asked.
 *
 * <p>Confined to the machine's thread, but for what the worker runs. It doesn't close the image.
 */
public final class VirtioBlock extends VirtioDevice implements Counting {
    /** Data in flight beyond which no further request is taken until some complete. */
    private static final long MAX_BYTES_IN_FLIGHT = 64L << 20;

    private static final int STATE_VERSION = 1;

    private final DiskImage image;
    private final byte[] id = new byte[BlockRequest.ID_LENGTH];
    private byte[] config;
    private final Executor io;
    private final Executor machine;
    private final BlockWorker worker;
    private final Queue<Completion> completed = new ConcurrentLinkedQueue<>();
    private final AtomicBoolean reapScheduled = new AtomicBoolean();
    private final Object running = new Object();
    private int runningCount; // guarded by running
    private long bytesInFlight;
    private long reads, bytesRead, writes, bytesWritten, flushes, trims, failures;

    private record Completion(DescriptorChain chain, BlockRequest request, BlockWorker.Outcome outcome, long bytes) {}

    /**
     * A block device.
     *
     * @param image the disk; used until the machine is gone
     * @param serial what the guest sees as serial number: up to 20 ASCII characters count
     * @param io runs requests that may block; {@code Runnable::run} makes them synchronous
     * @param machine runs tasks on the machine's thread
     */
    public VirtioBlock(String name, DiskImage image, String serial, Executor io, Executor machine) {
        super(name, Type.BLOCK);
        this.image = image;
        this.io = io;
        this.machine = machine;
        this.worker = new BlockWorker(name, image);
        this.config = BlockConfig.bytes(image);
        byte[] ascii = serial.getBytes(StandardCharsets.US_ASCII);
        System.arraycopy(ascii, 0, id, 0, Math.min(ascii.length, id.length));
    }

    @Override
    protected long features() {
        return BlockConfig.features(image);
    }

    @Override
    protected int[] queueSizes() {
        return new int[] {BlockConfig.QUEUE_SIZE};
    }

    @Override
    protected byte[] config() {
        return config;
    }

    @Override
    protected void notified(int queue) {
        reap();
        take();
    }

    /** Takes requests while there are any and their data fits the bound. */
    private void take() {
        Virtqueue queue = transport().queue(0);
        while (bytesInFlight < MAX_BYTES_IN_FLIGHT) {
            DescriptorChain chain = queue.pop();
            if (chain == null) {
                break;
            }
            BlockRequest request = BlockRequest.parse(chain, image.size(), image.readOnly());
            switch (request) {
                case BlockRequest.GetId() -> finish(chain, new BlockWorker.Outcome(BlockRequest.STATUS_OK, id));
                case BlockRequest.Refused(int status) ->
                    finish(chain, new BlockWorker.Outcome(status, BlockWorker.Outcome.NO_DATA));
                default -> submit(chain, request);
            }
        }
        transport().usedBuffers(queue);
    }

    private void submit(DescriptorChain chain, BlockRequest request) {
        long bytes = switch (request) {
            case BlockRequest.Read(BlockRequest.Range range) -> range.length();
            case BlockRequest.Write(long _, byte[] data) -> data.length;
            default -> 0;
        };
        bytesInFlight += bytes;
        synchronized (running) {
            runningCount++;
        }
        try {
            io.execute(() -> {
                BlockWorker.Outcome outcome = BlockWorker.Outcome.FAILED;
                try {
                    outcome = worker.perform(request);
                } finally {
                    completed(new Completion(chain, request, outcome, bytes));
                }
            });
        } catch (RejectedExecutionException e) {
            completed(new Completion(chain, request, BlockWorker.Outcome.FAILED, bytes));
        }
    }

    private void completed(Completion completion) {
        completed.add(completion);
        synchronized (running) {
            runningCount--;
            running.notifyAll();
        }
        scheduleReap();
    }

    private void scheduleReap() {
        if (reapScheduled.compareAndSet(false, true)) {
            try {
                machine.execute(() -> {
                    reapScheduled.set(false);
                    resume();
                });
            } catch (RejectedExecutionException e) {
                reapScheduled.set(false); // the machine stops: nobody waits for the answer
            }
        }
    }

    private void resume() {
        transport().run(() -> {
            reap();
            take();
        });
    }

    /** Answers what is complete. */
    private void reap() {
        for (Completion next = completed.poll(); next != null; next = completed.poll()) {
            bytesInFlight -= next.bytes;
            count(next);
            finish(next.chain, next.outcome);
        }
    }

    private void count(Completion done) {
        if (done.outcome.status() != BlockRequest.STATUS_OK) {
            failures++;
            return;
        }
        switch (done.request) {
            case BlockRequest.Read _ -> {
                reads++;
                bytesRead += done.bytes;
            }
            case BlockRequest.Write _ -> {
                writes++;
                bytesWritten += done.bytes;
            }
            case BlockRequest.Flush _ -> flushes++;
            case BlockRequest.Discard _, BlockRequest.WriteZeroes _ -> trims++;
            case BlockRequest.GetId _, BlockRequest.Refused _ -> {}
        }
    }

    @Override
    public Map<String, Long> counters() {
        Map<String, Long> counters = new LinkedHashMap<>();
        counters.put("reads", reads);
        counters.put("bytes-read", bytesRead);
        counters.put("writes", writes);
        counters.put("bytes-written", bytesWritten);
        counters.put("flushes", flushes);
        counters.put("discards-and-zeroes", trims);
        counters.put("failures", failures);
        counters.put("size", image.size());
        return counters;
    }

    /** The image has another size now: the driver is told to look (virtio 1.2 §5.2.5). */
    public void resized() {
        config = BlockConfig.bytes(image);
        transport().configChanged();
    }

    private void finish(DescriptorChain chain, BlockWorker.Outcome outcome) {
        long room = chain.writableBytes() - 1;
        int length = (int) Math.min(outcome.data().length, room);
        chain.write(0, outcome.data(), 0, length);
        chain.write(room, new byte[] {(byte) outcome.status()}, 0, 1);
        transport().queue(0).push(chain, length + 1);
    }

    @Override
    protected void reset() {
        awaitWorker(); // a write of the old driver must not land after one of the new
        completed.clear();
        bytesInFlight = 0;
    }

    @Override
    protected void quiesce() {
        awaitWorker();
        transport().run(() -> {
            reap();
            transport().usedBuffers(transport().queue(0));
        });
    }

    private void awaitWorker() {
        boolean interrupted = false;
        synchronized (running) {
            while (runningCount > 0) {
                try {
                    running.wait();
                } catch (InterruptedException e) {
                    interrupted = true; // the requests still refer to this machine's memory: wait on
                }
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    protected void save(StateWriter out) {
        out.version(STATE_VERSION).i64(image.size()).blob(id);
    }

    @Override
    protected void load(StateReader in) {
        in.version(STATE_VERSION);
        long size = in.i64();
        if (size != image.size()) {
            throw new StateException("saved state of %s is of a disk of %d bytes; this one has %d"
                    .formatted(name(), size, image.size()));
        }
        byte[] saved = in.blob();
        System.arraycopy(Arrays.copyOf(saved, id.length), 0, id, 0, id.length);
        scheduleReap(); // requests that were made available but not yet taken
    }
}
