package oriel.broker.event;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Predicate;

/** Hands signals to subscribers in this process. Thread-safe; sending never blocks. */
public final class Signals {
    private final List<Subscription> subscriptions = new CopyOnWriteArrayList<>();

    /**
     * Sends a signal to everybody who wants it.
     *
     * @return how many do
     */
    public int send(Signal signal) {
        int wanted = 0;
        for (Subscription subscription : subscriptions) {
            wanted += subscription.offer(signal) ? 1 : 0;
        }
        return wanted;
    }

    /** Subscribes to what a filter lets through. Close it. */
    public Subscription subscribe(Predicate<Signal> wanted) {
        Subscription subscription = new Subscription(wanted);
        subscriptions.add(subscription);
        return subscription;
    }

    /** How many subscriptions a filter of the caller's matches. */
    public int subscribers() {
        return subscriptions.size();
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

        private boolean offer(Signal signal) {
            if (!wanted.test(signal)) {
                return false;
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
            return true;
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
