package oriel.hypervisor.machine;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;
import oriel.hypervisor.cpu.CpuExit;
import oriel.hypervisor.cpu.GuestGate;
import oriel.hypervisor.cpu.ParallelVcpu;

/**
 * The threads of processors that execute their guest beside each other, and the lock that they and the machine's thread
 * share. Who has it may touch devices, memory map, and processors: device models know nothing of threads, as there is
 * still one at a time. It is given back only while a guest's own instructions are executed, and while a thread sleeps.
 *
 * <p>Whoever gives the lock back has a look first at what its holder brought about ({@link #settle}): a processor that an
 * interrupt waits for is woken, or taken out of its guest; the machine's thread is woken if a timer is due earlier than
 * it thinks.
 */
final class ParallelProcessors {
    private final ReentrantLock lock = new ReentrantLock();
    private final List<Condition> wakeUps = new ArrayList<>();
    private final List<Thread> threads = new ArrayList<>();
    private final String name;
    private List<? extends ParallelVcpu> cpus = List.of();
    private @Nullable Host host;
    private boolean started;
    private boolean still;
    private boolean over;

    /** When the machine's thread will wake; {@link Long#MIN_VALUE} while it is awake. */
    private long wakes = Long.MIN_VALUE;

    private @Nullable Throwable failure;

    /** What the threads want of their machine. */
    interface Host {
        /** When the next timer is due. With the lock held. */
        long nextDeadline();

        /** Wakes the machine's thread, so that it takes the lock. */
        void wake();

        /** A processor shut down. */
        void tripleFault();
    }

    /** For a machine of a name; the threads are started later. */
    ParallelProcessors(String name) {
        this.name = name;
    }

    /** The way between the guest of a processor and the machine. */
    GuestGate gate(int number) {
        while (wakeUps.size() <= number) {
            wakeUps.add(lock.newCondition());
        }
        return new Gate(number);
    }

    private final class Gate implements GuestGate {
        private final int number;

        Gate(int number) {
            this.number = number;
        }

        @Override
        public void leave() {
            settle();
            lock.unlock();
        }

        @Override
        public void enter() {
            lock.lock();
            select();
        }

        @Override
        public void select() {
            select.accept(number);
        }
    }

    private IntConsumer select = _ -> {};

    /**
     * Gives them their processors.
     *
     * @param selected called with a processor's number before it touches devices
     */
    void attach(List<? extends ParallelVcpu> processors, IntConsumer selected, Host machine) {
        cpus = processors;
        select = selected;
        host = machine;
    }

    private Host host() {
        return java.util.Objects.requireNonNull(host);
    }

    // ---- For the machine's thread

    /** Takes the lock. */
    void enter() {
        lock.lock();
        wakes = Long.MIN_VALUE;
        if (failure != null) {
            throw new IllegalStateException("a processor broke: " + failure.getMessage(), failure);
        }
    }

    /**
     * Gives the lock back.
     *
     * @param wakesAt when the machine's thread comes again by itself
     */
    void leave(long wakesAt) {
        if (!started) {
            started = true;
            start();
        }
        wakes = wakesAt;
        settle();
        lock.unlock();
    }

    private void start() {
        for (int i = 0; i < cpus.size(); i++) {
            int number = i;
            Thread thread = Thread.ofPlatform()
                    .name("machine " + name + " cpu " + number)
                    .daemon(true)
                    .unstarted(() -> work(number));
            threads.add(thread);
            thread.start();
        }
    }

    /** Whether guests stand still from now on. With the lock held. */
    void still(boolean yes) {
        if (still != yes) {
            still = yes;
            if (yes) {
                cpus.forEach(ParallelVcpu::kick); // back here, and not just out of the guest
                cpus.forEach(ParallelVcpu::standStill);
            } else {
                wakeUps.forEach(Condition::signal);
            }
        }
    }

    /** Ends all threads and waits for them. Without the lock, or with it. */
    void end() {
        lock.lock();
        try {
            over = true;
            wakeUps.forEach(Condition::signal);
            cpus.forEach(ParallelVcpu::kick);
        } finally {
            lock.unlock();
        }
        while (lock.isHeldByCurrentThread()) {
            lock.unlock();
        }
        boolean interrupted = false;
        for (Thread thread : threads) {
            while (thread.isAlive()) {
                try {
                    thread.join();
                } catch (InterruptedException e) {
                    interrupted = true; // they end soon: they were kicked
                }
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** The threads' numbers, for statistics. */
    List<Long> threadIds() {
        lock.lock();
        try {
            return threads.stream().map(Thread::threadId).toList();
        } finally {
            lock.unlock();
        }
    }

    // ---- Processors' threads

    private void work(int number) {
        lock.lock();
        try {
            while (!over) {
                if (still) {
                    wakeUps.get(number).awaitUninterruptibly();
                } else {
                    turn(number);
                }
            }
        } catch (RuntimeException | Error e) { // a broken guest ends its own machine, never the host
            failure = e;
            wakes = Long.MIN_VALUE;
            host().wake();
        } finally {
            lock.unlock();
        }
    }

    private void turn(int number) {
        select.accept(number);
        ParallelVcpu cpu = cpus.get(number);
        CpuExit exit = cpu.run(Long.MAX_VALUE);
        settle();
        if (exit == CpuExit.SHUTDOWN) {
            host().tripleFault();
        }
        while (exit != CpuExit.BUDGET && !over && !still && !cpu.wantsAttention()) {
            wakeUps.get(number).awaitUninterruptibly();
        }
    }

    private void settle() {
        for (int number = 0; number < cpus.size(); number++) {
            ParallelVcpu cpu = cpus.get(number);
            if (cpu.wantsAttention()) {
                wakeUps.get(number).signal();
                cpu.nudge();
            }
        }
        if (wakes != Long.MIN_VALUE && host().nextDeadline() < wakes) {
            wakes = Long.MIN_VALUE;
            host().wake();
        }
    }
}
