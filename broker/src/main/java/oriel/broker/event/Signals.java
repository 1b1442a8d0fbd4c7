package oriel.broker.event;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import oriel.broker.store.Tx;

/**
 * Hands signals to subscribers: those of this process at once, those of other brokers on the same database by way of
 * the outbox. Thread-safe; handing over never blocks.
 */
public final class Signals {
    private final List<Subscription> subscriptions = new CopyOnWriteArrayList<>();
    private final List<Consumer<Signal>> listeners = new CopyOnWriteArrayList<>();
    private final List<Consumer<Signal>> others = new CopyOnWriteArrayList<>();
    private volatile @Nullable SignalOutbox outbox;

    /** From now on other brokers hear of what is sent here. */
    public void shareThrough(SignalOutbox outbox) {
        this.outbox = outbox;
    }

    /** Tells, on the sender's thread, of every signal, wherever it comes from. Must not block. */
    public void listen(Consumer<Signal> listener) {
        listeners.add(listener);
    }

    /**
     * Sends a signal if the transaction commits. What is sent several times in one transaction is sent once. Other
     * brokers hear of it even if this process dies right after the commit.
     */
    public void send(Tx tx, Signal signal) {
        tx.companion(Sending.class, Sending::new).signals.add(signal);
    }

    /** Sends a signal that belongs to no transaction. */
    public void send(Signal signal) {
        SignalOutbox shared = outbox;
        if (shared != null) {
            shared.write(signal);
        }
        deliver(signal);
    }

    /** How many subscribers of this process want a signal. */
    public int wanted(Signal signal) {
        return (int) subscriptions.stream()
                .filter(subscription -> subscription.wanted.test(signal))
                .count();
    }

    /** Hands a signal to everybody in this process. */
    void deliver(Signal signal) {
        listeners.forEach(listener -> listener.accept(signal));
        subscriptions.forEach(subscription -> subscription.offer(signal));
    }

    /** Hands over what another broker has done. */
    void deliverOfOthers(Signal signal) {
        others.forEach(listener -> listener.accept(signal));
        deliver(signal);
    }

    /** Calls a listener for what other brokers do, on the thread that reads it. It must not block. */
    public void listenToOthers(Consumer<Signal> listener) {
        others.add(listener);
    }

    private final class Sending implements Tx.Companion {
        private final Set<Signal> signals = new LinkedHashSet<>();

        @Override
        public void beforeCommit(Tx tx) {
            SignalOutbox shared = outbox;
            if (shared != null) {
                shared.write(tx, signals);
            }
        }

        @Override
        public void afterCommit() {
            signals.forEach(Signals.this::deliver);
        }
    }

    /** Subscribes to what a filter lets through. Close it. */
    public Subscription subscribe(Predicate<Signal> wanted) {
        Subscription subscription = new Subscription(wanted);
        subscriptions.add(subscription);
        return subscription;
    }

    /** Wakes every subscriber for good. */
    public void close() {
        subscriptions.forEach(Subscription::close);
    }

    /**
     * Signals that wait for one subscriber. The same signal waits once, and of a slow subscriber's flood only the fact
     * that there was one is kept: memory is bounded whatever happens.
     */
    public final class Subscription implements AutoCloseable {
        private static final int MOST = 512;

        private final Predicate<Signal> wanted;
        private final ReentrantLock lock = new ReentrantLock();
        private final Condition arrived = lock.newCondition();
        private final Set<Signal> waiting = new LinkedHashSet<>();
        private boolean overflow;
        private boolean closed;

        private Subscription(Predicate<Signal> wanted) {
            this.wanted = wanted;
        }

        private void offer(Signal signal) {
            if (!wanted.test(signal)) {
                return;
            }
            lock.lock();
            try {
                if (waiting.size() < MOST || signal instanceof Signal.SignedOut) {
                    waiting.add(signal);
                } else {
                    overflow = true;
                }
                arrived.signalAll();
            } finally {
                lock.unlock();
            }
        }

        /**
         * Waits for signals.
         *
         * @return what has come, oldest first; nothing after the time is over
         */
        public Batch take(long time, TimeUnit unit) throws InterruptedException {
            long left = unit.toNanos(time);
            lock.lockInterruptibly();
            try {
                while (waiting.isEmpty() && !overflow && !closed && left > 0) {
                    left = arrived.awaitNanos(left);
                }
                Batch batch = new Batch(List.copyOf(waiting), overflow, closed);
                waiting.clear();
                overflow = false;
                return batch;
            } finally {
                lock.unlock();
            }
        }

        /** Ends the subscription and wakes its reader. */
        @Override
        public void close() {
            subscriptions.remove(this);
            lock.lock();
            try {
                closed = true;
                arrived.signalAll();
            } finally {
                lock.unlock();
            }
        }
    }

    /**
     * What has come.
     *
     * @param signals oldest first
     * @param overflow some were dropped: read everything again
     * @param closed there will be no more
     */
    public record Batch(List<Signal> signals, boolean overflow, boolean closed) {
        /** Copies the list. */
        public Batch {
            signals = List.copyOf(signals);
        }
    }
}
