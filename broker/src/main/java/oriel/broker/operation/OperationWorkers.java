package oriel.broker.operation;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import oriel.broker.store.Store;
import oriel.broker.store.StoreUnavailableException;
import oriel.hypervisor.host.HostException;

/**
 * Takes due operations from the journal and carries them out, several at a time. A worker holds an operation by a lease
 * that it renews; when it dies, the lease runs out and another one repeats the operation. Failed attempts are repeated
 * with growing pauses.
 */
public final class OperationWorkers implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(OperationWorkers.class);

    /** How long a worker may be silent before others take its operations. */
    public static final Duration LEASE = Duration.ofSeconds(30);

    private static final Duration RENEWAL = Duration.ofSeconds(10);
    private static final Duration LONGEST_PAUSE = Duration.ofMinutes(5);
    private static final Duration DATABASE_PAUSE = Duration.ofSeconds(2);

    private final Store store;
    private final Journal journal;
    private final OperationHandler handler;
    private final Clock clock;
    private final String host;
    private final String worker;
    private final Duration firstPause;
    private final Semaphore slots;
    private final Semaphore wake = new Semaphore(0);
    private final Map<UUID, Boolean> running = new ConcurrentHashMap<>();
    private final ExecutorService threads = Executors.newThreadPerTaskExecutor(
            Thread.ofVirtual().name("operation-", 0).factory());
    private List<Thread> loops = List.of();
    private final CountDownLatch stop = new CountDownLatch(1);
    private volatile boolean closed;

    /**
     * With its collaborators.
     *
     * @param host whose operations it carries out
     * @param worker name in leases, the same after a restart of the same broker
     * @param parallel operations at a time
     * @param firstPause after the first failure; doubles with each
     */
    public OperationWorkers(
            Store store,
            Journal journal,
            OperationHandler handler,
            Clock clock,
            String host,
            String worker,
            int parallel,
            Duration firstPause) {
        this.store = store;
        this.journal = journal;
        this.handler = handler;
        this.clock = clock;
        this.host = host;
        this.worker = worker;
        this.slots = new Semaphore(parallel);
        this.firstPause = firstPause;
    }

    /** Begins to work. */
    public void start() {
        journal.onWork(this::wake);
        loops = List.of(
                Thread.ofVirtual().name("operation-dispatch").start(this::dispatch),
                Thread.ofVirtual().name("operation-leases").start(this::renew));
    }

    /** There may be something to do. */
    public void wake() {
        wake.release();
    }

    private void dispatch() {
        while (!closed) {
            try {
                slots.acquire();
                if (closed) {
                    return;
                }
                Instant looked = clock.instant();
                Optional<Operation> next = begin();
                if (next.isPresent()) {
                    Operation operation = next.get();
                    running.put(operation.id(), true);
                    threads.execute(() -> carryOut(operation));
                } else {
                    slots.release();
                    sleep(untilNextDue(looked));
                }
            } catch (InterruptedException e) {
                return;
            } catch (RuntimeException e) {
                slots.release();
                if (closed) {
                    return;
                }
                log.warn("operations wait: {}", e.getMessage(), e instanceof StoreUnavailableException ? null : e);
                if (!sleep(DATABASE_PAUSE)) {
                    return;
                }
            }
        }
    }

    private Optional<Operation> begin() {
        return store.call(tx -> {
            while (true) {
                Optional<Operation> next = journal.begin(tx, host, worker, LEASE, handler.mayBoot(tx));
                if (next.isEmpty() || handler.begin(tx, next.get())) {
                    return next;
                }
                journal.end(tx, next.get(), OperationState.DONE, "not needed any more");
                handler.skipped(tx, next.get());
            }
        });
    }

    /** How long to wait for the next operation that was not due yet when we looked. */
    private Duration untilNextDue(Instant looked) {
        Duration pause = journal.nextDue(host, looked)
                .map(due -> Duration.between(clock.instant(), due))
                .orElse(LEASE);
        // What was due when we looked, and was not begun, waits for a boot slot: a wake-up comes when one gets free.
        return pause.isNegative() ? Duration.ZERO : pause.compareTo(LEASE) < 0 ? pause : LEASE;
    }

    private boolean sleep(Duration pause) {
        try {
            if (wake.tryAcquire(pause.toMillis() + 1, TimeUnit.MILLISECONDS)) {
                wake.drainPermits();
            }
            return true;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    private void carryOut(Operation operation) {
        try {
            HostException failure = null;
            try {
                log.debug("{} {} attempt {}", operation.kind(), operation.machineName(), operation.attempt());
                handler.perform(operation);
            } catch (HostException e) {
                failure = e;
            } catch (StoreUnavailableException e) {
                failure =
                        new HostException(HostException.Reason.CAPACITY, "The database did not answer in between.", e);
            } catch (RuntimeException e) {
                log.error("{} {} hit a defect", operation.kind(), operation.machineName(), e);
                failure = new HostException(HostException.Reason.FAILED, "defect: " + e, e);
            }
            if (closed) {
                // The process stops: the next one repeats the operation.
                return;
            }
            settle(operation, failure);
        } finally {
            running.remove(operation.id());
            slots.release();
            wake();
        }
        if (!closed) {
            try {
                handler.settled(operation);
            } catch (RuntimeException e) {
                log.warn("after {} {}: {}", operation.kind(), operation.machineName(), e.getMessage(), e);
            }
        }
    }

    private void settle(Operation operation, @Nullable HostException failure) {
        // The effect is there; its record must follow, however long the database is away.
        while (!closed) {
            try {
                store.run(tx -> journal.held(tx, operation.id(), worker).ifPresent(held -> {
                    if (failure == null) {
                        journal.end(tx, held, OperationState.DONE, null);
                        handler.done(tx, held);
                    } else {
                        boolean last = failure.reason() == HostException.Reason.IMAGE
                                || failure.reason() == HostException.Reason.NOT_FOUND
                                || failure.reason() == HostException.Reason.UNSUPPORTED
                                || failure.reason() == HostException.Reason.CONFLICT;
                        String message = failure.getMessage() == null ? failure.toString() : failure.getMessage();
                        log.warn(
                                "{} {} failed (attempt {}): {}",
                                held.kind(),
                                held.machineName(),
                                held.attempt(),
                                message);
                        String cut = message.length() <= 1900 ? message : message.substring(0, 1900);
                        if (last) {
                            journal.end(tx, held, OperationState.FAILED, cut);
                        } else {
                            journal.retryLater(tx, held, pauseAfter(held.attempt()), cut);
                        }
                        handler.failed(tx, held, failure, last);
                    }
                }));
                return;
            } catch (StoreUnavailableException e) {
                if (!sleep(DATABASE_PAUSE)) {
                    return;
                }
            } catch (RuntimeException e) {
                log.error("{} {} cannot be noted", operation.kind(), operation.machineName(), e);
                if (!sleep(DATABASE_PAUSE)) {
                    return;
                }
            }
        }
    }

    private Duration pauseAfter(int attempt) {
        Duration pause = firstPause.multipliedBy(1L << Math.min(attempt - 1, 20));
        return pause.compareTo(LONGEST_PAUSE) < 0 ? pause : LONGEST_PAUSE;
    }

    private void renew() {
        while (!closed) {
            try {
                if (stop.await(RENEWAL.toMillis(), TimeUnit.MILLISECONDS)) {
                    return;
                }
                journal.renew(List.copyOf(running.keySet()), worker, LEASE);
            } catch (InterruptedException e) {
                return;
            } catch (RuntimeException e) {
                log.warn("leases cannot be renewed: {}", e.getMessage());
            }
        }
    }

    /** Stops; what is under way is not recorded and will be repeated by the next process. */
    @Override
    public void close() {
        closed = true;
        // Nobody is interrupted: that would close the files and connections they use.
        stop.countDown();
        slots.release();
        wake();
        threads.shutdown();
        try {
            if (!threads.awaitTermination(10, TimeUnit.SECONDS)) {
                log.warn("operations still run: {}", running.keySet());
            }
            for (Thread loop : loops) {
                loop.join(TimeUnit.SECONDS.toMillis(5));
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
