package oriel.displayd.flow;

import java.util.concurrent.atomic.AtomicInteger;

/** Work that runs on the pool whenever it is asked for, never twice at once. Asking again while it runs runs it again. */
public final class SerialTask {
    /** What it does. */
    @FunctionalInterface
    public interface Body {
        /**
         * Does a bounded piece of work.
         *
         * @return true if there is more to do: it is queued behind the others then
         */
        boolean run(Scratch scratch);
    }

    private static final int IDLE = 0;
    private static final int QUEUED = 1;
    private static final int RUNNING = 2;
    private static final int RUNNING_ASKED = 3;

    private final EncoderPool pool;
    private final Body body;
    private final AtomicInteger state = new AtomicInteger(IDLE);

    SerialTask(EncoderPool pool, Body body) {
        this.pool = pool;
        this.body = body;
    }

    /** Asks for a run that starts after this call. Cheap; from any thread. */
    public void schedule() {
        while (true) {
            int now = state.get();
            switch (now) {
                case IDLE -> {
                    if (state.compareAndSet(IDLE, QUEUED)) {
                        pool.enqueue(this);
                        return;
                    }
                }
                case RUNNING -> {
                    if (state.compareAndSet(RUNNING, RUNNING_ASKED)) {
                        return;
                    }
                }
                default -> {
                    return;
                }
            }
        }
    }

    void run(Scratch scratch) {
        state.set(RUNNING);
        boolean more = false;
        try {
            more = body.run(scratch);
        } finally {
            if (more || !state.compareAndSet(RUNNING, IDLE)) {
                state.set(QUEUED);
                pool.enqueue(this);
            }
        }
    }
}
