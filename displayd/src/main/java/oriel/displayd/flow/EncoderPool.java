package oriel.displayd.flow;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import oriel.displayd.video.VideoBudget;

/**
 * The few threads that compare and encode for every connection. Fair: tasks take turns in order of arrival, and each
 * gives up its turn after a while ({@link SerialTask}), so a film can't starve a typist. Thread-safe.
 */
public final class EncoderPool implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(EncoderPool.class);

    private static final int FILMS_PER_THREAD = 2;

    private final LinkedBlockingQueue<SerialTask> queue = new LinkedBlockingQueue<>();
    private final List<Thread> workers = new ArrayList<>();
    private final ScheduledThreadPoolExecutor timer;
    private final VideoBudget video;
    private volatile boolean closed;

    /** Starts {@code threads} workers; one per core is right. */
    public EncoderPool(int threads) {
        video = new VideoBudget(FILMS_PER_THREAD * threads);
        for (int i = 0; i < threads; i++) {
            workers.add(
                    Thread.ofPlatform().name("display-encoder-" + i).daemon().start(this::work));
        }
        timer = new ScheduledThreadPoolExecutor(
                1, Thread.ofPlatform().name("display-timer").daemon().factory());
        timer.setRemoveOnCancelPolicy(true);
    }

    /** How many films may be encoded at once. */
    public VideoBudget video() {
        return video;
    }

    /** A task whose runs never overlap. */
    public SerialTask task(SerialTask.Body body) {
        return new SerialTask(this, body);
    }

    /** Runs something short after a while; it must not block. */
    public void after(Duration delay, Runnable action) {
        ScheduledFuture<?> _ = cancellableAfter(delay, action);
    }

    /** The same, for what may turn out not to be needed. */
    public ScheduledFuture<?> cancellableAfter(Duration delay, Runnable action) {
        return timer.schedule(action, delay.toNanos(), TimeUnit.NANOSECONDS);
    }

    /** Whether {@link #close} was called: {@link #after} refuses then. */
    public boolean isClosed() {
        return closed;
    }

    void enqueue(SerialTask task) {
        if (!closed) {
            queue.add(task);
        }
    }

    private void work() {
        Scratch scratch = new Scratch();
        while (!closed) {
            try {
                queue.take().run(scratch);
            } catch (InterruptedException e) {
                return;
            } catch (RejectedExecutionException e) {
                log.debug("the timer was closed while a task ran");
            } catch (RuntimeException e) {
                log.error("a display task failed", e);
            }
        }
    }

    /** Stops the threads; what is queued is dropped. */
    @Override
    public void close() {
        closed = true;
        timer.shutdownNow();
        workers.forEach(Thread::interrupt);
    }
}
