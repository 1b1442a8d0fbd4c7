package oriel.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import oriel.broker.access.Caller;
import oriel.broker.machine.Lifecycle;
import oriel.broker.pool.Entitlement;
import oriel.broker.pool.Pools;
import oriel.broker.problem.Reason;
import oriel.broker.problem.RefusedException;
import oriel.broker.session.Connected;
import oriel.broker.session.Desktop;
import oriel.broker.session.Desktop.State;
import oriel.broker.session.EndReason;
import oriel.broker.session.SessionState;
import oriel.hypervisor.host.PowerState;

class SessionsTest {
    @Test
    void theNextUserOfAMachineGetsItWithoutATraceOfTheFirst() {
        try (Fixture f = new Fixture(1, 1)) {
            Caller ann = f.newUser("ann");
            Caller bob = f.newUser("bob");
            Connected.Ready ready = f.connectUntilReady(ann);
            assertThat(ready.session().machineName()).isEqualTo("demo-1");
            f.host.leaveTrace("demo-1", "ann's letter");

            assertThat(f.connect(bob)).isInstanceOf(Connected.Pending.class);
            assertThat(f.desktop(bob).state()).isEqualTo(State.QUEUED);

            f.broker.sessions().logOff(ready.session().id(), ann);
            Desktop bobs = f.awaitState(bob, State.READY);
            assertThat(bobs.machine()).isEqualTo("demo-1");
            assertThat(f.host.traces("demo-1")).isEmpty();
            assertThat(f.machine("demo-1").generation()).isEqualTo(2);
            assertThat(f.desktop(ann).state()).isEqualTo(State.NONE);
            assertThat(f.broker.audit().verify().intact()).isTrue();
        }
    }

    @Test
    void fiftyAtOnceShareFiveMachinesWithoutSharingAny() throws Exception {
        try (Fixture f = new Fixture(5, 2)) {
            f.awaitSettled();
            List<Caller> users =
                    IntStream.range(0, 25).mapToObj(i -> f.newUser("user" + i)).toList();
            // Everybody twice, as if they had clicked twice: that must not give anybody two machines.
            List<Caller> clicks = new ArrayList<>(users);
            clicks.addAll(users);
            inParallel(clicks.stream()
                    .<Callable<Connected>>map(user -> () -> f.connect(user))
                    .toList());
            f.awaitSettled();
            org.awaitility.Awaitility.await().until(() -> f.pool().counts().queued() == 20);

            List<Desktop> desktops = users.stream().map(f::desktop).toList();
            List<String> given = desktops.stream()
                    .filter(d -> d.machine() != null)
                    .map(Desktop::machine)
                    .toList();
            assertThat(given).hasSize(5).doesNotHaveDuplicates();
            List<Integer> places = desktops.stream()
                    .filter(d -> d.queue() != null)
                    .map(d -> d.queue().position())
                    .sorted()
                    .toList();
            assertThat(places)
                    .containsExactlyElementsOf(
                            IntStream.rangeClosed(1, 20).boxed().toList());
            assertThat(f.machines())
                    .allSatisfy(machine -> assertThat(machine.sessionId()).isNotNull());
            assertThat(f.pool().counts().inUse()).isEqualTo(5);
        }
    }

    @Test
    void tenUsersOnFiveMachinesAreServedInOrder() {
        try (Fixture f = new Fixture(5, 1)) {
            List<Caller> users =
                    IntStream.range(0, 10).mapToObj(i -> f.newUser("user" + i)).toList();
            users.forEach(f::connect);
            for (int i = 0; i < 5; i++) {
                assertThat(f.desktop(users.get(i)).machine()).isNotNull();
                assertThat(f.desktop(users.get(i + 5)).queue().position()).isEqualTo(i + 1);
            }
            // In any order of log-offs, the longest waiting is next.
            int[] leaving = {3, 0, 4, 1, 2};
            for (int turn = 0; turn < 5; turn++) {
                Connected.Ready ready = f.connectUntilReady(users.get(leaving[turn]));
                f.broker.sessions().logOff(ready.session().id(), users.get(leaving[turn]));
                Desktop next = f.awaitState(users.get(5 + turn), State.READY);
                assertThat(next.machine()).isEqualTo(ready.session().machineName());
                for (int waiting = turn + 1; waiting < 5; waiting++) {
                    assertThat(f.desktop(users.get(5 + waiting)).queue().position())
                            .isEqualTo(waiting - turn);
                }
            }
            Desktop.Queue place =
                    ((Connected.Pending) f.connect(users.get(0))).desktop().queue();
            assertThat(place.position()).isEqualTo(1);
            assertThat(place.estimateSeconds())
                    .as("guessed from the sessions before")
                    .isNotNull();
        }
    }

    @Test
    void reconnectComesFirstEvenWhenThePoolIsFullDisabledOrOthersWait() {
        try (Fixture f = new Fixture(1, 0)) {
            Caller ann = f.newUser("ann");
            Caller bob = f.newUser("bob");
            Connected.Ready first = f.connectUntilReady(ann);
            f.connect(bob);
            f.broker.pools().change("demo", disabled(), null, "test", "");

            Connected.Ready again = f.connectUntilReady(ann);
            assertThat(again.session().id()).isEqualTo(first.session().id());
            assertThat(again.ticket().ticket()).isNotEqualTo(first.ticket().ticket());
            assertThatThrownBy(() -> f.connect(f.newUser("eve")))
                    .isInstanceOfSatisfying(
                            RefusedException.class, e -> assertThat(e.reason()).isEqualTo(Reason.POOL_DISABLED));
        }
    }

    private static Pools.PoolChange disabled() {
        return new Pools.PoolChange(null, null, null, null, null, null, null, null, null, false);
    }

    @Test
    void whoLeavesTheQueueMakesRoom() {
        try (Fixture f = new Fixture(1, 0)) {
            f.connectUntilReady(f.newUser("ann"));
            Caller bob = f.newUser("bob");
            Caller eve = f.newUser("eve");
            f.connect(bob);
            f.connect(eve);
            f.broker.queues().leave(bob, "demo");
            assertThat(f.desktop(bob).state()).isEqualTo(State.NONE);
            assertThat(f.desktop(bob).action()).isEqualTo(Desktop.Action.QUEUE);
            assertThat(f.desktop(eve).queue().position()).isEqualTo(1);
        }
    }

    @Test
    void onlyTheEntitledGetADesktopAndARevokedOneLosesIt() {
        try (Fixture f = new Fixture(2, 0)) {
            Caller ann = f.newUser("ann");
            var everyone = f.broker.pools().entitlements("demo").getFirst();
            f.broker.pools().entitle("demo", new Pools.NewEntitlement(Entitlement.Kind.USER, "ann"), "test", "");
            Connected.Ready ready = f.connectUntilReady(ann);
            f.broker.pools().revoke("demo", everyone.id(), "test", "");
            assertThat(f.desktop(ann).state()).as("entitled by name as well").isEqualTo(State.READY);

            Caller bob = f.newUser("bob");
            assertThat(f.broker.desktops().of(bob.userId(), "bob")).isEmpty();
            assertThatThrownBy(() -> f.connect(bob))
                    .isInstanceOfSatisfying(
                            RefusedException.class, e -> assertThat(e.reason()).isEqualTo(Reason.NOT_ENTITLED));
            assertThatThrownBy(() -> f.broker.claims().connect(bob, "nothing"))
                    .isInstanceOfSatisfying(
                            RefusedException.class, e -> assertThat(e.reason()).isEqualTo(Reason.NOT_FOUND));

            f.broker.pools().entitlements("demo").forEach(e -> f.broker.pools().revoke("demo", e.id(), "test", ""));
            assertThat(f.broker.sessions().get(ready.session().id()).endReason())
                    .isEqualTo(EndReason.ENTITLEMENT_REVOKED);
            f.awaitSettled();
            assertThat(f.machines())
                    .allSatisfy(machine -> assertThat(machine.tainted()).isFalse());
        }
    }

    @Test
    void deletingAUserEndsEverythingOfTheirs() {
        try (Fixture f = new Fixture(1, 0)) {
            Caller ann = f.newUser("ann");
            Connected.Ready ready = f.connectUntilReady(ann);
            f.broker.accounts().delete("ann", "test", "");
            assertThat(f.broker.sessions().get(ready.session().id()).endReason())
                    .isEqualTo(EndReason.USER_DELETED);
            assertThat(f.broker.tickets().redeem(ready.ticket().ticket())).isEmpty();
            assertThat(f.broker.signIns().bySignIn(ann.signIn(), "")).isEmpty();
            f.awaitSettled();
            assertThat(f.machine("demo-1").generation()).isEqualTo(2);
        }
    }

    @Test
    void restartBootsTheSameDiskForTheSameUser() {
        try (Fixture f = new Fixture(1, 0)) {
            Caller ann = f.newUser("ann");
            Connected.Ready ready = f.connectUntilReady(ann);
            f.host.leaveTrace("demo-1", "draft");
            f.host.readyByHand = true;
            f.broker.sessions().restart(ready.session().id(), ann);
            Desktop restarting = f.awaitState(ann, State.RESTARTING);
            assertThat(restarting.stages()).isNotEmpty();
            assertThatThrownBy(
                            () -> f.broker.claims().ticket(ann, ready.session().id()))
                    .isInstanceOfSatisfying(
                            RefusedException.class, e -> assertThat(e.reason()).isEqualTo(Reason.NOT_READY));
            f.awaitSettled();
            f.host.guestReady("demo-1");
            f.awaitState(ann, State.READY);
            assertThat(f.host.traces("demo-1")).containsExactly("draft");
            assertThat(f.machine("demo-1").generation()).isEqualTo(1);
        }
    }

    @Test
    void theStagesOfAStartAreTold() {
        try (Fixture f = new Fixture(1, 0, host -> host.readyByHand = true)) {
            Caller ann = f.newUser("ann");
            // Until its machines are known, a pool has nothing to connect to but its queue.
            f.awaitSettled();
            assertThat(f.desktop(ann).action()).isEqualTo(Desktop.Action.CONNECT);
            f.connect(ann);
            f.awaitSettled();
            Desktop starting = f.desktop(ann);
            assertThat(starting.state()).isEqualTo(State.STARTING);
            assertThat(starting.stages())
                    .extracting(Desktop.Stage::name, Desktop.Stage::state)
                    .contains(
                            org.assertj.core.groups.Tuple.tuple(Desktop.Stage.Name.START, Desktop.Stage.Progress.DONE),
                            org.assertj.core.groups.Tuple.tuple(
                                    Desktop.Stage.Name.BOOT, Desktop.Stage.Progress.ACTIVE));
            f.host.allReady();
            f.connectUntilReady(ann);
        }
    }

    @Test
    void aSessionThatNobodyConnectsToEndsAfterAWhile() {
        try (Fixture f = new Fixture(1, 0)) {
            Caller ann = f.newUser("ann");
            Connected.Ready ready = f.connectUntilReady(ann);
            f.broker.controller().round();
            assertThat(f.broker.sessions().get(ready.session().id()).state()).isEqualTo(SessionState.PENDING);
            f.clock.skip(java.time.Duration.ofMinutes(11));
            f.broker.controller().round();
            assertThat(f.broker.sessions().get(ready.session().id()).endReason())
                    .isEqualTo(EndReason.NEVER_CONNECTED);
        }
    }

    @Test
    void sparesRunBeforeAnybodyAsksAndAreMadeUpFor() {
        try (Fixture f = new Fixture(4, 2)) {
            f.awaitSettled();
            assertThat(f.host.running(status -> true)).hasSize(2);
            assertThat(f.pool().counts().available()).isEqualTo(2);
            Caller ann = f.newUser("ann");
            assertThat(f.connect(ann)).as("a spare is there at once").isInstanceOf(Connected.Ready.class);
            org.awaitility.Awaitility.await().until(() -> f.pool().counts().available() == 2);
            assertThat(f.machines().stream()
                            .filter(m -> m.power() == PowerState.ON)
                            .count())
                    .isEqualTo(3);

            f.broker
                    .pools()
                    .change(
                            "demo",
                            new Pools.PoolChange(null, null, null, 1, 0, null, null, null, null, null),
                            null,
                            "test",
                            "");
            org.awaitility.Awaitility.await().until(() -> f.machines().size() == 1);
            assertThat(f.machines().getFirst().lifecycle()).isEqualTo(Lifecycle.IN_SESSION);
            assertThat(f.host.list()).hasSize(1);
        }
    }

    static <T> List<T> inParallel(List<Callable<T>> tasks) throws Exception {
        CyclicBarrier start = new CyclicBarrier(tasks.size());
        List<T> results = new ArrayList<>();
        Set<Throwable> failures = new HashSet<>();
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<T>> futures = new ArrayList<>();
            for (Callable<T> task : tasks) {
                futures.add(threads.submit(() -> {
                    start.await();
                    return task.call();
                }));
            }
            for (Future<T> future : futures) {
                try {
                    results.add(future.get());
                } catch (java.util.concurrent.ExecutionException e) {
                    failures.add(e.getCause());
                }
            }
        }
        assertThat(failures).isEmpty();
        return results;
    }
}
