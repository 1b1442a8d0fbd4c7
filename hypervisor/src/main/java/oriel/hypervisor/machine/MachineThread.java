package oriel.hypervisor.machine;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;
import oriel.hypervisor.cpu.CpuExit;
import oriel.hypervisor.cpu.Vcpu;
import oriel.hypervisor.schedule.CpuAccount;
import oriel.hypervisor.schedule.CpuPolicy;
import oriel.hypervisor.schedule.CpuScheduler;

/**
 * The one thread on which a machine's processors and devices run, and the queue by which every other thread reaches
 * them. Processors that run beside each other have threads of their own: then this one has the devices' timers and tasks,
 * under the lock that they share ({@link ParallelProcessors}). When all processors sleep it parks until a timer is due or a task arrives: an idle machine costs nothing.
 */
final class MachineThread implements Executor {
    /**
     * Guest instructions between looks at timers and tasks: short enough that input and timers feel immediate (well
     * under a millisecond), long enough that the look costs nothing.
     */
    private static final long SLICE = 20_000;

    private final Queue<Runnable> tasks = new ConcurrentLinkedQueue<>();
    private final VirtualClock clock;
    private final List<? extends Vcpu> cpus;
    private final IntConsumer select;
    private final @Nullable InstructionClock instructionClock;
    private final @Nullable InputReplay replay;
    private final @Nullable ParallelProcessors parallel;
    private final Thread thread;
    private volatile boolean parked;
    private volatile boolean over;
    private boolean running = true;

    /** Tasks run, the guest and its timers don't. */
    private boolean still;

    /** When the processors may run; null: whenever they can. Set before the start. */
    private @Nullable CpuAccount account;

    /**
     * Not yet started.
     *
     * @param instructionClock the source of {@code clock} if that counts instructions, else null
     * @param replay what is to be given to the machine, by the time that {@code instructionClock} makes, else null
     * @param parallel the threads of {@code cpus}; null: they run here, one after the other
     * @param select called with a processor's number before it runs: the board shows each its own local APIC
     * @param tripleFault called on this thread when a processor shuts down
     * @param ended called on this thread as its last act, with the failure that ended it or null
     */
    MachineThread(
            String name,
            VirtualClock clock,
            @Nullable InstructionClock instructionClock,
            @Nullable InputReplay replay,
            List<? extends Vcpu> cpus,
            @Nullable ParallelProcessors parallel,
            IntConsumer select,
            Runnable tripleFault,
            Consumer<@Nullable Throwable> ended) {
        this.clock = clock;
        this.instructionClock = instructionClock;
        this.replay = replay;
        this.parallel = parallel;
        this.cpus = cpus;
        this.select = select;
        this.thread = Thread.ofPlatform().name("machine " + name).daemon(true).unstarted(() -> {
            Throwable failure = null;
            try {
                if (parallel == null) {
                    loop(tripleFault);
                } else {
                    loopBeside(parallel);
                }
            } catch (RuntimeException | Error e) { // a broken guest ends its own machine, never the host
                failure = e;
            }
            over = true;
            if (account != null) {
                account.close();
            }
            ended.accept(failure);
        });
    }

    /** Has the processors run when it is their turn only. Before {@link #start}. */
    CpuAccount share(CpuScheduler scheduler, CpuPolicy policy) {
        ThreadMXBean threads = ManagementFactory.getThreadMXBean();
        CpuAccount opened = scheduler.open(policy, threads::getCurrentThreadCpuTime, () -> LockSupport.unpark(thread));
        account = opened;
        return opened;
    }

    void start() {
        thread.start();
    }

    /**
     * Runs a task on the machine's thread, soon. Tasks that are still waiting when the machine ends are dropped.
     *
     * @throws RejectedExecutionException if the machine has ended
     */
    @Override
    public void execute(Runnable task) {
        if (over) {
            throw new RejectedExecutionException("the machine has ended");
        }
        tasks.add(task);
        if (Thread.currentThread() == thread) {
            return;
        }
        if (parked || parallel != null) {
            LockSupport.unpark(thread);
        } else {
            for (Vcpu cpu : cpus) {
                cpu.kick();
            }
        }
    }

    /** Whether the guest stands still from the present task on; tasks still run. On the machine's thread. */
    void still(boolean yes) {
        still = yes;
        if (parallel != null) {
            parallel.still(yes);
        }
    }

    /** Ends the loop after the present task. On the machine's thread. */
    void end() {
        running = false;
    }

    long id() {
        return thread.threadId();
    }

    boolean isCurrent() {
        return Thread.currentThread() == thread;
    }

    void join() throws InterruptedException {
        thread.join();
    }

    private void loop(Runnable tripleFault) {
        while (running) {
            if (!still) {
                // Before what comes from outside: so that a repeated run has the two in the same order.
                clock.fireExpired();
            }
            Runnable task = tasks.poll();
            while (task != null && running) {
                task.run();
                task = tasks.poll();
            }
            if (!running) {
                break; // not one more instruction
            }
            if (still) {
                rest();
                park(Long.MAX_VALUE);
                continue;
            }
            if (replay != null) {
                replay.applyDue(clock.nanos());
            }
            clock.fireExpired();
            long wait = account == null ? 0 : account.mayRun();
            if (wait > 0) { // tasks and timers go on meanwhile
                park(wait == CpuAccount.UNTIL_TURN ? Long.MAX_VALUE : clock.nanos() + wait);
                continue;
            }
            boolean idle = true;
            for (int number = 0; number < cpus.size(); number++) {
                select.accept(number);
                CpuExit exit = cpus.get(number).run(budget(cpus.get(number)));
                if (exit == CpuExit.SHUTDOWN) {
                    tripleFault.run();
                    idle = false;
                } else if (exit == CpuExit.BUDGET) {
                    idle = false;
                }
            }
            if (idle && running) {
                rest();
                sleep(nextDeadline());
            }
        }
    }

    /** Processors run on threads of their own; this one has timers and tasks. */
    private void loopBeside(ParallelProcessors others) {
        try {
            while (running) {
                others.enter();
                if (!still) {
                    clock.fireExpired();
                }
                Runnable task = tasks.poll();
                while (task != null && running) {
                    task.run();
                    task = tasks.poll();
                }
                long deadline = still ? Long.MAX_VALUE : clock.nextDeadline();
                if (running) {
                    others.leave(deadline);
                    park(deadline);
                }
            }
        } finally {
            others.end();
        }
    }

    private void rest() {
        if (account != null) {
            account.idle();
        }
    }

    private long budget(Vcpu cpu) {
        return instructionClock == null ? SLICE : instructionClock.budget(cpu, nextDeadline() - clock.nanos());
    }

    /** Of a timer, or of input that is to be repeated. */
    private long nextDeadline() {
        return replay == null ? clock.nextDeadline() : Math.min(clock.nextDeadline(), replay.next());
    }

    private void sleep(long deadline) {
        if (instructionClock == null || deadline == Long.MAX_VALUE) {
            park(deadline);
        } else if (tasks.isEmpty()) {
            instructionClock.skip(deadline - clock.nanos());
        }
    }

    private void park(long deadline) {
        parked = true;
        // A task added before `parked` was seen sits in the queue: look once more before sleeping.
        if (tasks.isEmpty()) {
            if (deadline == Long.MAX_VALUE) {
                LockSupport.park(this);
            } else {
                long wait = deadline - clock.nanos();
                if (wait > 0) {
                    LockSupport.parkNanos(this, wait);
                }
            }
        }
        parked = false;
    }
}
