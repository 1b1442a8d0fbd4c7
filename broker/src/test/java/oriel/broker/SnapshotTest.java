package oriel.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import oriel.broker.access.Caller;
import oriel.broker.access.Role;
import oriel.broker.pool.PoolPolicy;
import oriel.broker.pool.Pools;
import oriel.broker.problem.Reason;
import oriel.broker.problem.RefusedException;
import oriel.broker.session.Connected;
import oriel.broker.session.Desktop;
import oriel.broker.snapshot.Snapshot;
import oriel.broker.snapshot.Snapshots.NewSnapshot;
import oriel.broker.snapshot.Snapshots.SnapshotView;
import oriel.hypervisor.host.Cloning;
import oriel.hypervisor.host.HostException;

/** Snapshots and instant clones. */
class SnapshotTest {
    private static void rules(Fixture f, PoolPolicy.SnapshotRules rules) {
        policy(f, PoolPolicy.changes().snapshots(rules).build());
    }

    private static void policy(Fixture f, PoolPolicy policy) {
        f.broker
                .pools()
                .change(
                        "demo",
                        new Pools.PoolChange(null, null, null, null, null, null, null, null, null, null, policy),
                        null,
                        "test",
                        "");
    }

    private static List<SnapshotView> settled(Fixture f, String machine, int count) {
        return await().until(
                        () -> f.broker.snapshots().list(machine),
                        list -> list.size() == count && list.stream().allMatch(s -> s.state() == Snapshot.State.READY));
    }

    private static SnapshotView take(Fixture f, String machine, String label, boolean memory, Caller by, int count) {
        f.broker.snapshots().take(machine, new NewSnapshot(label, memory), by);
        return settled(f, machine, count).stream()
                .filter(s -> s.label().equals(label))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void aSnapshotHasAPictureOfTheScreenAndWhoLooksAtSomebodyElsesIsRecorded() {
        try (Fixture f = new Fixture(1, 0)) {
            f.user("helper", Role.HELPDESK);
            f.user("root", Role.ADMIN);
            Caller ann = f.newUser("ann");
            Connected.Ready ready = f.connectUntilReady(ann);
            String machine = ready.session().machineName();
            SnapshotView taken = take(f, machine, "before", true, f.signIn("root"), 1);
            assertThat(taken.picture()).isTrue();
            byte[] png = f.broker.snapshots().picture(machine, taken.id(), ann);
            assertThat(png).startsWith(0x89, 'P', 'N', 'G');
            assertThat(pictureLooks(f)).isZero();
            f.broker.snapshots().picture(machine, taken.id(), f.signIn("helper"));
            assertThat(pictureLooks(f)).isEqualTo(1);
            f.broker.snapshots().delete(machine, taken.id(), f.signIn("root"));
            await().until(() -> f.broker.snapshots().list(machine).isEmpty());
            long pictures = f.broker.store().call(tx -> tx.count("select count(*) from SnapshotPicture"));
            assertThat(pictures).as("it goes with the snapshot").isZero();
        }
    }

    private static long pictureLooks(Fixture f) {
        return f.broker
                .store()
                .call(tx -> tx.count("select count(*) from AuditRecord where action = 'snapshot.picture'"));
    }

    @Test
    void aRestoreKeepsThePresentStateSoThatItCanBeUndone() {
        try (Fixture f = new Fixture(1, 0)) {
            f.user("helper", Role.ADMIN);
            Caller helper = f.signIn("helper");
            Caller ann = f.newUser("ann");
            Connected.Ready ready = f.connectUntilReady(ann);
            f.host.leaveTrace("demo-1", "letter");
            SnapshotView before = take(f, "demo-1", "with the letter", false, helper, 1);
            f.host.leaveTrace("demo-1", "mistake");
            f.broker.snapshots().restore("demo-1", before.id(), helper);
            List<SnapshotView> tree = settled(f, "demo-1", 2);
            assertThat(f.host.traces("demo-1")).containsExactly("letter");
            f.awaitState(ann, Desktop.State.READY);
            assertThat(f.connectUntilReady(ann).session().id())
                    .as("the session stays")
                    .isEqualTo(ready.session().id());
            assertThat(f.machine("demo-1").generation()).as("no new disk").isEqualTo(1);
            SnapshotView undo = tree.stream()
                    .filter(s -> s.kind() == Snapshot.Kind.UNDO)
                    .findFirst()
                    .orElseThrow();
            assertThat(undo.parent()).isEqualTo(before.name());
            f.broker.snapshots().restore("demo-1", undo.id(), helper);
            settled(f, "demo-1", 3);
            assertThat(f.host.traces("demo-1")).containsExactly("letter", "mistake");
            f.awaitSettled();
            f.broker.sessions().logOff(ready.session().id(), ann);
            await().until(() -> f.broker.snapshots().list("demo-1").isEmpty());
        }
    }

    @Test
    void restoreOfMemoryRunsOnAndABrokerThatDiesInItFinishesIt() {
        try (Fixture f = new Fixture(1, 0)) {
            f.user("helper", Role.HELPDESK);
            f.user("boss", Role.ADMIN);
            Caller ann = f.newUser("ann");
            f.connectUntilReady(ann);
            SnapshotView before = take(f, "demo-1", "live", true, f.signIn("boss"), 1);
            f.host.leaveTrace("demo-1", "mistake");
            AtomicBoolean failed = new AtomicBoolean();
            f.host.script = new FakeHost.Script() {
                @Override
                public void before(FakeHost.Call call) {}

                @Override
                public void after(FakeHost.Call call) throws HostException {
                    if (call.what().equals("restore") && failed.compareAndSet(false, true)) {
                        throw new HostException(HostException.Reason.FAILED, "the answer was lost");
                    }
                }
            };
            f.broker.snapshots().restore("demo-1", before.id(), f.signIn("helper"));
            settled(f, "demo-1", 2);
            assertThat(f.host.traces("demo-1")).isEmpty();
            f.awaitState(ann, Desktop.State.READY);
            assertThat(f.broker.snapshots().list("demo-1"))
                    .as("one undo, though the restore was repeated")
                    .filteredOn(s -> s.kind() == Snapshot.Kind.UNDO)
                    .hasSize(1);
        }
    }

    @Test
    void usersTakeSnapshotsWhereThePoolLetsThemAndTheHelpdeskDoesNotNeedThat() {
        try (Fixture f = new Fixture(2, 0)) {
            Caller ann = f.newUser("ann");
            String machine = f.connectUntilReady(ann).session().machineName();
            assertThatThrownBy(() -> f.broker.snapshots().take(machine, new NewSnapshot("mine", false), ann))
                    .isInstanceOfSatisfying(
                            RefusedException.class, e -> assertThat(e.reason()).isEqualTo(Reason.FORBIDDEN));
            rules(f, new PoolPolicy.SnapshotRules(true, 2, 7, null));
            f.awaitSettled();
            SnapshotView mine = take(f, machine, "mine", false, ann, 1);
            assertThat(mine.kind()).isEqualTo(Snapshot.Kind.USER);
            var address = f.listen();
            f.user("bob");
            Http bob = new Http(address).signedIn("bob", Fixture.PASSWORD);
            String path = "/api/v1/machines/" + machine + "/snapshots";
            assertThat(Http.reason(bob.get(path))).isEqualTo("NOT_FOUND");
            f.user("helper", Role.HELPDESK);
            Http helper = new Http(address).signedIn("helper", Fixture.PASSWORD);
            assertThat(helper.post(path + "/" + mine.id() + "/restore", null).statusCode())
                    .isEqualTo(202);
            settled(f, machine, 2);
            assertThat(Http.reason(helper.post(path, "{}")))
                    .as("to restore is a right of its own")
                    .isEqualTo("NOT_FOUND");
        }
    }

    @Test
    void whatIsTooOldOrTooMuchGoesAndTheClockTakesItsOwn() {
        try (Fixture f = new Fixture(1, 0)) {
            f.user("boss", Role.ADMIN);
            Caller boss = f.signIn("boss");
            Caller ann = f.newUser("ann");
            f.connectUntilReady(ann);
            rules(f, new PoolPolicy.SnapshotRules(false, 2, 7, null));
            for (int i = 1; i <= 3; i++) {
                take(f, "demo-1", "s" + i, false, boss, i);
            }
            f.broker.snapshots().housekeeping();
            assertThat(settled(f, "demo-1", 2)).extracting(SnapshotView::label).containsExactly("s2", "s3");
            f.clock.skip(Duration.ofDays(8));
            await().until(() -> {
                f.broker.snapshots().housekeeping();
                return f.broker.snapshots().list("demo-1").isEmpty();
            });
            rules(
                    f,
                    new PoolPolicy.SnapshotRules(
                            false,
                            5,
                            7,
                            f.clock
                                    .instant()
                                    .atZone(java.time.ZoneOffset.UTC)
                                    .toLocalTime()
                                    .minusMinutes(1)));
            f.broker.snapshots().housekeeping();
            assertThat(settled(f, "demo-1", 1).getFirst().kind()).isEqualTo(Snapshot.Kind.SCHEDULED);
            f.broker.snapshots().housekeeping();
            f.awaitSettled();
            assertThat(f.broker.snapshots().list("demo-1")).as("once a day").hasSize(1);
        }
    }

    @Test
    void machinesOfAnInstantPoolAreForkedFromAParentThatIsPreparedOnce() {
        try (Fixture f = new Fixture(3, 0)) {
            policy(
                    f,
                    PoolPolicy.changes().cloneType(PoolPolicy.CloneType.INSTANT).build());
            await().until(() -> f.host.templates().size() == 1);
            f.awaitSettled();
            Caller ann = f.newUser("ann");
            Connected.Ready ready = f.connectUntilReady(ann);
            String machine = ready.session().machineName();
            assertThat(f.host.cloning(machine)).isInstanceOf(Cloning.Instant.class);
            f.broker.sessions().logOff(ready.session().id(), ann);
            await().until(() ->
                    f.machine(machine).generation() == 2 && !f.machine(machine).tainted());
            assertThat(f.host.cloning(machine)).isInstanceOf(Cloning.Instant.class);
            assertThat(f.host.calls.stream().filter(call -> call.what().equals("prepareTemplate")))
                    .hasSize(1);
            policy(
                    f,
                    PoolPolicy.changes().cloneType(PoolPolicy.CloneType.LINKED).build());
            f.broker.controller().round();
            assertThat(f.host.templates()).as("a machine lies on it").hasSize(1);
        }
    }

    @Test
    void aHostThatCannotForkMakesLinkedClonesInstead() {
        try (Fixture f = new Fixture(2, 1)) {
            f.host.script = call -> {
                if (call.what().equals("prepareTemplate")) {
                    throw new HostException(HostException.Reason.UNSUPPORTED, "not here");
                }
            };
            policy(
                    f,
                    PoolPolicy.changes().cloneType(PoolPolicy.CloneType.INSTANT).build());
            Caller ann = f.newUser("ann");
            Connected.Ready ready = f.connectUntilReady(ann);
            assertThat(f.host.cloning(ready.session().machineName())).isEqualTo(Cloning.linked());
        }
    }
}
