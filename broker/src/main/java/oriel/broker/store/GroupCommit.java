package oriel.broker.store;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * Lets one transaction serve all requests that came while the one before it was under way. A request that comes alone is
 * served at once; of five hundred at the same time, dozens share their queries, their place in the audit trail and
 * their write to the disk. Thread-safe.
 *
 * @param <Q> a request
 * @param <A> its answer
 */
public final class GroupCommit<Q, A> {
    private final int most;
    private final Function<List<Q>, List<Supplier<A>>> work;
    private final ReentrantLock lock = new ReentrantLock();
    /** Guarded by the lock. */
    private final ArrayDeque<Waiting<Q, A>> waiting = new ArrayDeque<>();
    /** Guarded by the lock: somebody serves. */
    private boolean busy;

    private record Waiting<Q, A>(Q request, CompletableFuture<Supplier<A>> answer) {
        Waiting(Q request) {
            this(request, new CompletableFuture<>());
        }
    }

    /**
     * Prepares.
     *
     * @param most requests of one transaction
     * @param work serves requests in a transaction, and gives their answers in the same order: what a supplier throws is
     *     thrown to the one who asked. What the work itself throws ends the transaction; its requests are then served
     *     one by one, so that one which can't be served harms no other
     */
    public GroupCommit(int most, Function<List<Q>, List<Supplier<A>>> work) {
        this.most = most;
        this.work = work;
    }

    /** Waits for the answer. */
    public A ask(Q request) {
        Waiting<Q, A> mine = new Waiting<>(request);
        boolean serve;
        lock.lock();
        try {
            waiting.add(mine);
            serve = !busy;
            busy = true;
        } finally {
            lock.unlock();
        }
        if (serve) {
            // Not on the caller's thread: others would make it wait after its own answer.
            Thread.ofVirtual().name("group-commit").start(this::serve);
        }
        return mine.answer().join().get();
    }

    private void serve() {
        for (List<Waiting<Q, A>> batch = next(); !batch.isEmpty(); batch = next()) {
            serve(batch);
        }
    }

    private List<Waiting<Q, A>> next() {
        lock.lock();
        try {
            List<Waiting<Q, A>> batch = new ArrayList<>();
            while (batch.size() < most && !waiting.isEmpty()) {
                batch.add(waiting.remove());
            }
            busy = !batch.isEmpty();
            return batch;
        } finally {
            lock.unlock();
        }
    }

    private void serve(List<Waiting<Q, A>> batch) {
        try {
            List<Supplier<A>> answers =
                    work.apply(batch.stream().map(Waiting::request).toList());
            for (int i = 0; i < batch.size(); i++) {
                batch.get(i).answer().complete(answers.get(i));
            }
        } catch (RuntimeException | Error e) {
            if (batch.size() == 1) {
                batch.getFirst().answer().complete(() -> {
                    throw e;
                });
            } else {
                batch.forEach(one -> serve(List.of(one)));
            }
        }
    }
}
