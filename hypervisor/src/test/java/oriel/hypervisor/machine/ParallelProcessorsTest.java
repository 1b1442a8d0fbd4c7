package oriel.hypervisor.machine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import oriel.hypervisor.cpu.CpuExit;
import oriel.hypervisor.cpu.CpuState;
import oriel.hypervisor.cpu.GuestGate;
import oriel.hypervisor.cpu.ParallelVcpu;

/** The lock and the wake-ups, with processors whose guests are scripts. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class ParallelProcessorsTest {
    private final VirtualClock clock = new VirtualClock(System::nanoTime, () -> 0);
    private final ParallelProcessors parallel = new ParallelProcessors("test");
    private final Scripted first = new Scripted(parallel.gate(0));
    private final Scripted second = new Scripted(parallel.gate(1));
    private final AtomicInteger tripleFaults = new AtomicInteger();
    private final AtomicInteger withLock = new AtomicInteger();
    private final CompletableFuture<Throwable> ended = new CompletableFuture<>();
    private final MachineThread thread = new MachineThread(
            "test",
            clock,
            null,
            null,
            List.of(first, second),
            parallel,
            _ -> {},
            tripleFaults::incrementAndGet,
            failure -> ended.complete(failure == null ? new Throwable("no failure") : failure));

    ParallelProcessorsTest() {
        parallel.attach(List.of(first, second), _ -> {}, new ParallelProcessors.Host() {
            @Override
            public long nextDeadline() {
                return clock.nextDeadline();
            }

            @Override
            public void wake() {
                thread.execute(() -> {});
            }

            @Override
            public void tripleFault() {
                thread.execute(tripleFaults::incrementAndGet);
            }
        });
    }

    @AfterEach
    void end() throws InterruptedException {
        if (!ended.isDone()) {
            thread.execute(thread::end);
        }
        thread.join();
    }

    @Test
    void bothExecuteAtTheSameTimeAndNeverTouchDevicesAtTheSameTime() {
        thread.start();
        first.executes = true;
        second.executes = true;
        thread.execute(() -> {});
        await().atMost(Duration.ofSeconds(40)).until(() -> first.inGuest && second.inGuest);
        for (int i = 0; i < 200; i++) {
            first.exits.release();
            second.exits.release();
            thread.execute(this::touch);
        }
        await().atMost(Duration.ofSeconds(40)).until(() -> first.exited.get() + second.exited.get() == 400);
    }

    private void touch() {
        assertThat(withLock.incrementAndGet()).isEqualTo(1);
        Thread.onSpinWait();
        withLock.decrementAndGet();
    }

    @Test
    void interruptFromATaskTakesAProcessorOutOfItsGuest() {
        thread.start();
        first.executes = true;
        thread.execute(() -> {});
        await().atMost(Duration.ofSeconds(40)).until(() -> first.inGuest);
        thread.execute(() -> first.interrupt = true);
        await().atMost(Duration.ofSeconds(40)).until(() -> first.interrupts.get() == 1);
    }

    @Test
    void interruptFromAProcessorWakesAnotherThatSleeps() {
        thread.start();
        first.executes = true;
        thread.execute(() -> {});
        await().atMost(Duration.ofSeconds(40)).until(() -> first.inGuest);
        first.onExit = () -> second.interrupt = true;
        first.exits.release();
        await().atMost(Duration.ofSeconds(40)).until(() -> second.interrupts.get() == 1);
    }

    @Test
    void timerThatAProcessorArmsIsInTime() throws Exception {
        thread.start();
        CompletableFuture<Long> fired = new CompletableFuture<>();
        first.executes = true;
        thread.execute(() -> {});
        await().atMost(Duration.ofSeconds(40)).until(() -> first.inGuest);
        first.onExit =
                () -> clock.newTimer("t", () -> fired.complete(clock.nanos())).armAt(clock.nanos() + 1_000_000);
        first.exits.release();
        assertThat(fired.get()).isPositive();
    }

    @Test
    void standingStillMeansThatNobodyExecutes() throws Exception {
        thread.start();
        first.executes = true;
        second.executes = true;
        thread.execute(() -> {});
        await().atMost(Duration.ofSeconds(40)).until(() -> first.inGuest && second.inGuest);
        CompletableFuture<Boolean> executing = new CompletableFuture<>();
        thread.execute(() -> {
            thread.still(true);
            executing.complete(first.inGuest || second.inGuest);
        });
        assertThat(executing.get()).isFalse();
        CompletableFuture<Boolean> later = new CompletableFuture<>();
        Thread.sleep(20); // nothing may happen in this time: there is no event to wait for
        thread.execute(() -> later.complete(first.inGuest || second.inGuest));
        assertThat(later.get()).isFalse();
        thread.execute(() -> thread.still(false));
        await().atMost(Duration.ofSeconds(40)).until(() -> first.inGuest && second.inGuest);
    }

    @Test
    void tripleFaultIsToldOnceUntilTheProcessorIsReset() {
        thread.start();
        first.shutdown = true;
        first.executes = true;
        thread.execute(() -> {});
        await().atMost(Duration.ofSeconds(40)).until(() -> tripleFaults.get() == 1);
        thread.execute(() -> first.shutdown = false);
        await().atMost(Duration.ofSeconds(40)).until(() -> first.inGuest);
        assertThat(tripleFaults).hasValue(1);
    }

    @Test
    void aProcessorThatBreaksEndsTheMachine() throws Exception {
        thread.start();
        first.executes = true;
        thread.execute(() -> {});
        await().atMost(Duration.ofSeconds(40)).until(() -> first.inGuest);
        first.onExit = () -> {
            throw new IllegalStateException("broken device");
        };
        first.exits.release();
        assertThat(ended.get()).hasMessageContaining("broken device");
    }

    /** A processor whose guest does nothing until it is nudged, or leaves for a device. */
    private final class Scripted implements ParallelVcpu {
        final Semaphore exits = new Semaphore(0);
        final AtomicInteger exited = new AtomicInteger();
        final AtomicInteger interrupts = new AtomicInteger();
        volatile Runnable onExit = ParallelProcessorsTest.this::touch;
        volatile boolean executes;
        volatile boolean interrupt;
        volatile boolean shutdown;
        volatile boolean inGuest;
        private final GuestGate gate;
        private final CpuState state = new CpuState();
        private volatile boolean nudged;
        private volatile boolean kicked;

        Scripted(GuestGate gate) {
            this.gate = gate;
        }

        @Override
        public CpuExit run(long instructionBudget) {
            while (true) {
                nudged = false;
                if (kicked) {
                    kicked = false;
                    return CpuExit.BUDGET;
                }
                if (shutdown) {
                    return CpuExit.SHUTDOWN;
                }
                if (interrupt) {
                    interrupt = false;
                    interrupts.incrementAndGet();
                }
                if (!executes) {
                    return CpuExit.HALTED;
                }
                inGuest = true;
                gate.leave();
                boolean exit = false;
                while (!nudged && !exit) {
                    exit = exits.tryAcquire();
                    Thread.onSpinWait();
                }
                inGuest = false;
                gate.enter();
                if (exit) {
                    onExit.run();
                    exited.incrementAndGet();
                }
            }
        }

        @Override
        public boolean wantsAttention() {
            return inGuest ? interrupt : !shutdown && (executes || interrupt);
        }

        @Override
        public void nudge() {
            nudged = true;
        }

        @Override
        public void kick() {
            kicked = true;
            nudged = true;
        }

        @Override
        public void standStill() {
            while (inGuest) {
                nudge();
                Thread.onSpinWait();
            }
        }

        @Override
        public CpuState state() {
            return state;
        }

        @Override
        public void stateChanged() {}

        @Override
        public void reset() {}

        @Override
        public void nmi() {}

        @Override
        public void flushWriteTracking() {}

        @Override
        public long instructions() {
            return 0;
        }

        @Override
        public void close() {}
    }
}
