package oriel.hypervisor.machine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import oriel.hypervisor.cpu.CpuExit;
import oriel.hypervisor.cpu.CpuState;
import oriel.hypervisor.cpu.Vcpu;

@Timeout(20)
class MachineThreadTest {
    private final VirtualClock clock = new VirtualClock(System::nanoTime, () -> 0);
    private final ScriptedCpu cpu = new ScriptedCpu();
    private final AtomicInteger tripleFaults = new AtomicInteger();
    private final CompletableFuture<AtomicReference<Throwable>> ended = new CompletableFuture<>();
    private final MachineThread thread = new MachineThread(
            "test",
            clock,
            null,
            null,
            List.of(cpu),
            null,
            _ -> {},
            tripleFaults::incrementAndGet,
            failure -> ended.complete(new AtomicReference<>(failure)));

    @AfterEach
    void end() throws InterruptedException {
        if (!ended.isDone()) {
            thread.execute(thread::end);
        }
        thread.join();
    }

    @Test
    void aHaltedProcessorIsLeftAloneUntilATaskArrives() throws Exception {
        thread.start();
        await().until(() -> cpu.runs.get() > 0);
        // The first tasks may meet the thread on its way to sleep; then it must not spin.
        CompletableFuture<Integer> before = new CompletableFuture<>();
        thread.execute(() -> before.complete(cpu.runs.get()));
        int runs = before.get();
        CompletableFuture<Integer> after = new CompletableFuture<>();
        Thread.sleep(50); // nothing may happen in this time: there is no event to wait for
        thread.execute(() -> after.complete(cpu.runs.get()));
        assertThat(after.get() - runs).isLessThanOrEqualTo(2);
    }

    @Test
    void wakesForATimer() throws Exception {
        CompletableFuture<Long> fired = new CompletableFuture<>();
        thread.execute(
                () -> clock.newTimer("t", () -> fired.complete(clock.nanos())).armAt(clock.nanos() + 2_000_000));
        thread.start();
        assertThat(fired.get()).isPositive();
    }

    @Test
    void kicksABusyProcessorForATask() throws Exception {
        cpu.busy = true;
        thread.start();
        await().until(() -> cpu.runs.get() > 0);
        CompletableFuture<Thread> ranOn = new CompletableFuture<>();
        thread.execute(() -> ranOn.complete(Thread.currentThread()));
        assertThat(ranOn.get().getName()).isEqualTo("machine test");
    }

    @Test
    void reportsTripleFaults() {
        cpu.shutdowns.set(1);
        thread.start();
        await().until(() -> tripleFaults.get() == 1);
    }

    @Test
    void aBrokenPartEndsTheMachineWithItsFailure() throws ExecutionException, InterruptedException {
        thread.execute(() -> {
            throw new IllegalStateException("broken device");
        });
        thread.start();
        assertThat(ended.get().get()).hasMessage("broken device");
    }

    private static final class ScriptedCpu implements Vcpu {
        final AtomicInteger runs = new AtomicInteger();
        private final CpuState state = new CpuState();
        volatile boolean busy;
        final AtomicInteger shutdowns = new AtomicInteger();

        @Override
        public CpuExit run(long instructionBudget) {
            runs.incrementAndGet();
            if (shutdowns.getAndUpdate(left -> Math.max(0, left - 1)) > 0) {
                return CpuExit.SHUTDOWN;
            }
            return busy ? CpuExit.BUDGET : CpuExit.HALTED;
        }

        @Override
        public void kick() {}

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
