package oriel.broker;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import oriel.broker.access.Caller;
import oriel.broker.machine.Machine;
import oriel.broker.problem.RefusedException;
import oriel.broker.session.Connected;
import oriel.broker.session.Desktop.State;
import oriel.broker.session.SessionState;
import oriel.hypervisor.host.HostException;
import oriel.hypervisor.host.MachineStatus;

/** Kills brokers: the database connections of one are torn down at some moment, and another starts on what is left. */
class CrashTest {
    @Test
    void aSessionOutlivesItsBrokerAndItsDiskComesBack() {
        try (Fixture f = new Fixture(2, 1)) {
            Caller ann = f.newUser("ann");
            Connected.Ready ready = f.connectUntilReady(ann);
            String machine = ready.session().machineName();
            f.host.leaveTrace(machine, "draft");
            f.killAndRestart();

            assertThat(f.broker.tickets().redeem(ready.ticket().ticket()))
                    .as("tickets die with the process")
                    .isEmpty();
            assertThat(f.desktop(ann).state()).isEqualTo(State.DISCONNECTED);
            assertThat(f.connect(ann)).as("its machine has to be powered on").isInstanceOf(Connected.Pending.class);
            Connected.Ready again = f.connectUntilReady(ann);
            assertThat(again.session().id()).isEqualTo(ready.session().id());
            assertThat(again.session().machineName()).isEqualTo(machine);
            assertThat(f.host.traces(machine)).containsExactly("draft");
        }
    }

    /** A viewer that lost its display asks for a ticket, not to be connected: that must bring the machine back too. */
    @Test
    void aViewerThatAsksForATicketAfterACrashGetsItsMachineBack() {
        try (Fixture f = new Fixture(1, 1)) {
            Caller ann = f.newUser("ann");
            Connected.Ready before = f.connectUntilReady(ann);
            f.killAndRestart();
            Connected.Ready again = org.awaitility.Awaitility.await()
                    .pollInterval(Duration.ofMillis(5))
                    .atMost(Fixture.PATIENCE)
                    .ignoreException(RefusedException.class)
                    .until(() -> f.broker.claims().ticket(ann, before.session().id()), ready -> ready != null);
            assertThat(again.session().id()).isEqualTo(before.session().id());
        }
    }

    @Test
    void aLogOffThatWasCutShortIsFinishedBeforeAnybodyGetsTheMachine() {
        try (Fixture f = new Fixture(1, 0)) {
            Caller ann = f.newUser("ann");
            Caller bob = f.newUser("bob");
            Connected.Ready ready = f.connectUntilReady(ann);
            f.host.leaveTrace("demo-1", "ann's letter");
            CountDownLatch reached = new CountDownLatch(1);
            CountDownLatch never = new CountDownLatch(1);
            f.host.script = call -> {
                reached.countDown();
                die(never);
            };
            f.broker.sessions().logOff(ready.session().id(), ann);
            await(reached);
            assertThat(f.connect(bob)).isInstanceOf(Connected.Pending.class);
            f.killAndRestart();
            never.countDown();
            f.awaitState(bob, State.READY);
            assertThat(f.host.traces("demo-1")).isEmpty();
        }
    }

    /**
     * Before or after each call to the host in turn the process dies, in a story in which users come and go: whatever
     * was under way, the next broker ends in a consistent state and everybody can go on.
     */
    @Test
    void aBrokerMayDieBeforeOrAfterAnyCallToItsHost() {
        try (Fixture f = new Fixture(2, 1)) {
            f.user("ann");
            f.user("bob");
            for (int deadly = 1; deadly <= 6; deadly++) {
                for (boolean after : new boolean[] {false, true}) {
                    dieAt(f, deadly, after);
                }
            }
        }
    }

    private static void dieAt(Fixture f, int deadly, boolean after) {
        Caller ann = f.signIn("ann");
        Caller bob = f.signIn("bob");
        AtomicInteger calls = new AtomicInteger();
        CountDownLatch reached = new CountDownLatch(1);
        CountDownLatch dead = new CountDownLatch(1);
        f.host.script = new FakeHost.Script() {
            @Override
            public void before(FakeHost.Call call) throws HostException {
                if (calls.incrementAndGet() == deadly && !after) {
                    reached.countDown();
                    die(dead);
                }
            }

            @Override
            public void after(FakeHost.Call call) throws HostException {
                if (after && calls.get() >= deadly) {
                    reached.countDown();
                    die(dead);
                }
            }
        };
        story(f, ann, bob, reached);
        f.killAndRestart(dead::countDown);
        checkConsistent(f);
        for (Caller user : List.of(f.signIn("ann"), f.signIn("bob"))) {
            Connected.Ready ready = f.connectUntilReady(user);
            assertThat(f.host.traces(ready.session().machineName()))
                    .as("nobody sees what somebody else has left")
                    .allMatch(trace -> trace.equals(user.username()));
            f.broker.sessions().logOff(ready.session().id(), user);
        }
        f.awaitSettled();
        checkConsistent(f);
        assertThat(f.machines()).noneMatch(Machine::tainted);
        assertThat(f.host.list())
                .allMatch(status -> f.host.traces(status.name()).isEmpty());
    }

    private static void story(Fixture f, Caller ann, Caller bob, CountDownLatch reached) {
        try {
            for (int round = 0; round < 3 && reached.getCount() > 0; round++) {
                for (Caller user : List.of(ann, bob)) {
                    Connected connected = Awaiting.until(() -> f.connect(user), reached);
                    if (connected instanceof Connected.Ready ready) {
                        f.host.leaveTrace(ready.session().machineName(), user.username());
                        f.broker.sessions().logOff(ready.session().id(), user);
                    }
                }
            }
        } catch (RefusedException e) {
            // Told so: fine.
        }
    }

    /** Waits for a display until the broker is to die. */
    private static final class Awaiting {
        static Connected until(java.util.function.Supplier<Connected> connect, CountDownLatch reached) {
            return org.awaitility.Awaitility.await()
                    .pollInterval(Duration.ofMillis(5))
                    .atMost(Fixture.PATIENCE)
                    .until(connect::get, c -> c instanceof Connected.Ready || reached.getCount() == 0);
        }
    }

    static void checkConsistent(Fixture f) {
        f.awaitSettled();
        List<Machine> machines = f.machines();
        Set<UUID> sessions = new HashSet<>();
        for (Machine machine : machines) {
            if (machine.sessionId() != null) {
                assertThat(sessions.add(machine.sessionId())).isTrue();
                var session = f.broker.sessions().get(machine.sessionId());
                assertThat(session.state()).isNotEqualTo(SessionState.ENDED);
                assertThat(session.machine()).isEqualTo(machine.name());
            }
        }
        List<String> known =
                new ArrayList<>(machines.stream().map(Machine::name).toList());
        assertThat(f.host.list()).extracting(MachineStatus::name).isSubsetOf(known);
        for (MachineStatus status : f.host.list()) {
            Machine machine = f.machine(status.name());
            assertThat(status.generation()).isEqualTo(machine.generation());
            assertThat(status.power()).isEqualTo(machine.power());
        }
        assertThat(f.broker.audit().verify().intact()).isTrue();
    }

    @Test
    void randomKillsUnderLoadLeaveNothingBehind() {
        Random random = new Random(20261122);
        try (Fixture f = new Fixture(3, 1)) {
            List<String> names = List.of("ann", "bob", "eve", "joe", "kim");
            names.forEach(f::user);
            for (int life = 0; life < 6; life++) {
                List<Thread> users = new ArrayList<>();
                for (String name : names) {
                    long seed = random.nextLong();
                    users.add(Thread.ofVirtual().start(() -> behave(f, name, new Random(seed))));
                }
                int after = random.nextInt(20, 60);
                int before = f.host.calls.size();
                // The moment of death is a number of calls, not a time: a slow computer dies at the same place.
                org.awaitility.Awaitility.await()
                        .atMost(Fixture.PATIENCE)
                        .until(() -> f.host.calls.size() > before + after / 4
                                || users.stream().noneMatch(Thread::isAlive));
                f.abandon();
                users.forEach(CrashTest::join);
                f.killAndRestart();
                checkConsistent(f);
            }
        }
    }

    /**
     * The process dies right after some commit, before anything that follows from it: what was committed is enough for
     * the next broker to go on, whichever commit it was.
     */
    @Test
    void aBrokerMayDieAfterAnyCommit() {
        Random random = new Random(20261123);
        try (Fixture f = new Fixture(3, 1)) {
            List<String> names = List.of("ann", "bob", "eve", "joe");
            names.forEach(f::user);
            for (int life = 0; life < 12; life++) {
                AtomicInteger left = new AtomicInteger(random.nextInt(1, 120));
                CountDownLatch dead = new CountDownLatch(1);
                f.broker.signals().listen(signal -> {
                    // On the thread that has committed, before it does anything else.
                    if (left.decrementAndGet() == 0) {
                        f.abandon();
                        dead.countDown();
                    }
                });
                List<Thread> users = new ArrayList<>();
                for (String name : names) {
                    long seed = random.nextLong();
                    users.add(Thread.ofVirtual().start(() -> behave(f, name, new Random(seed))));
                }
                users.forEach(CrashTest::join);
                if (left.getAndSet(Integer.MIN_VALUE / 2) > 0) {
                    f.abandon();
                } else {
                    await(dead);
                }
                f.killAndRestart();
                checkConsistent(f);
            }
        }
    }

    private static void behave(Fixture f, String name, Random random) {
        try {
            Caller user = f.signIn(name);
            for (int i = 0; i < 20; i++) {
                if (f.connect(user) instanceof Connected.Ready ready) {
                    for (String trace : f.host.traces(ready.session().machineName())) {
                        if (!trace.equals(name)) {
                            throw new AssertionError(name + " sees a trace of " + trace);
                        }
                    }
                    f.host.leaveTrace(ready.session().machineName(), name);
                    if (random.nextBoolean()) {
                        f.broker.sessions().logOff(ready.session().id(), user);
                    } else if (random.nextBoolean()) {
                        f.broker.sessions().restart(ready.session().id(), user);
                    }
                }
            }
        } catch (RuntimeException e) {
            // The broker is dead, or has refused.
        }
    }

    private static void join(Thread thread) {
        try {
            thread.join();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    /** The dead do nothing more: whatever the thread was about to do does not happen. */
    private static void die(CountDownLatch buried) throws HostException {
        await(buried);
        throw new HostException(HostException.Reason.FAILED, "dead");
    }

    private static void await(CountDownLatch latch) {
        try {
            if (!latch.await(30, java.util.concurrent.TimeUnit.SECONDS)) {
                throw new AssertionError("it did not happen");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
