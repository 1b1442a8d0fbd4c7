package oriel.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import oriel.broker.access.Caller;
import oriel.broker.access.Role;
import oriel.broker.access.Scope;
import oriel.broker.image.Images;
import oriel.broker.image.VersionState;
import oriel.broker.maintenance.MaintenanceState;
import oriel.broker.maintenance.MaintenanceView;
import oriel.broker.maintenance.Maintenances;
import oriel.broker.operation.Journal.OperationView;
import oriel.broker.operation.OperationState;
import oriel.broker.problem.Reason;
import oriel.broker.problem.RefusedException;
import oriel.broker.role.RoleGrant;
import oriel.broker.role.Roles;
import oriel.hypervisor.host.HostException;
import oriel.hypervisor.host.MachineStatus;

/** Golden images edited in a machine: opened, sealed, thrown away, and cut short at any moment. */
class MaintenanceTest {
    private static final String IMAGE = "debian-desktop";
    private static final Maintenances.Hardware USUAL = new Maintenances.Hardware(null, null);

    private static Caller maker(Fixture f) {
        f.user("maker", Role.IMAGE_ADMIN);
        return f.signIn("maker");
    }

    private static Optional<MaintenanceView> machine(Fixture f) {
        try {
            return Optional.of(f.broker.maintenances().get(IMAGE));
        } catch (RefusedException e) {
            return Optional.empty();
        }
    }

    private static MaintenanceView awaitState(Fixture f, MaintenanceState state) {
        return await().pollInterval(Duration.ofMillis(5))
                .until(() -> machine(f), now -> now.map(MaintenanceView::state).equals(Optional.of(state)))
                .orElseThrow();
    }

    private static MaintenanceView running(Fixture f, Caller maker) {
        f.broker.maintenances().edit(IMAGE, 1, USUAL, maker);
        return awaitState(f, MaintenanceState.RUNNING);
    }

    private static OperationView ended(Fixture f, OperationView operation) {
        return await().pollInterval(Duration.ofMillis(5))
                .until(
                        () -> f.broker.operation(operation.id()),
                        now -> now.state() != OperationState.PENDING && now.state() != OperationState.RUNNING);
    }

    private static Optional<VersionState> state(Fixture f, int version) {
        return f.broker.images().get(IMAGE).versions().stream()
                .filter(v -> v.version() == version)
                .map(Images.VersionView::state)
                .findFirst();
    }

    private static List<String> disk(Fixture f, int version) {
        Path disk = f.directory.resolve("images/" + IMAGE + "/versions/" + version + "/disk.qcow2");
        try {
            return Files.readAllLines(disk);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static List<String> machinesInMaintenance(Fixture f) {
        return f.host.list().stream()
                .map(MachineStatus::name)
                .filter(name -> name.startsWith("edit-"))
                .toList();
    }

    private static void refused(Reason reason, String saying, Runnable act) {
        assertThatThrownBy(act::run).isInstanceOfSatisfying(RefusedException.class, e -> {
            assertThat(e.reason()).isEqualTo(reason);
            assertThat(e).hasMessageContaining(saying);
        });
    }

    @Test
    void whatIsDoneInTheMachineIsInTheNextVersionAndItsIdentityIsNot() {
        try (Fixture f = new Fixture(1, 1)) {
            Caller maker = maker(f);
            MaintenanceView machine = running(f, maker);
            f.host.leaveTrace(machine.machine(), "an office program");
            assertThat(f.host.traces(machine.machine())).contains(FakeHost.IDENTITY);
            refused(
                    Reason.CONFLICT,
                    "maker edits version 1",
                    () -> f.broker.maintenances().edit(IMAGE, 1, USUAL, maker));
            f.broker.controller().round();
            f.broker.controller().round();
            assertThat(machinesInMaintenance(f))
                    .as("nobody takes it for an orphan, or for a pool's")
                    .hasSize(1);
            assertThat(f.machines()).hasSize(1);

            OperationView sealed =
                    ended(f, f.broker.maintenances().seal(IMAGE, new Maintenances.Seal("Office programs"), maker));
            assertThat(sealed.state()).as(sealed.failure()).isEqualTo(OperationState.DONE);
            assertThat(machine(f)).isEmpty();
            assertThat(machinesInMaintenance(f)).isEmpty();
            assertThat(state(f, 2)).contains(VersionState.DRAFT);
            assertThat(disk(f, 2)).containsExactly("an office program");
            assertThat(f.broker.images().get(IMAGE).versions().getFirst().changelog())
                    .isEqualTo("Office programs");
            assertThat(f.broker.images().log(IMAGE, 2)).contains("maker", "version 1");
            f.broker.images().publish(IMAGE, 2, null, null, maker);
            assertThat(state(f, 2)).contains(VersionState.READY);
            List<String> recorded =
                    f.broker.store().call(tx -> tx.list(String.class, "select action from AuditRecord"));
            assertThat(recorded).contains("image.edit", "image.seal", "image.sealed", "image.publish");
        }
    }

    @Test
    void aMachineThatIsThrownAwayLeavesNothing() {
        try (Fixture f = new Fixture(0, 0)) {
            Caller maker = maker(f);
            MaintenanceView machine = running(f, maker);
            String ticket =
                    f.broker.maintenances().ticket(IMAGE, maker).ticket().ticket();
            ended(f, f.broker.maintenances().discard(IMAGE, maker));
            assertThat(machine(f)).isEmpty();
            assertThat(f.host.has(machine.machine())).isFalse();
            assertThat(f.broker.tickets().redeem(ticket)).isEmpty();
            assertThat(f.broker.images().get(IMAGE).versions()).hasSize(1);
            running(f, maker);
        }
    }

    @Test
    void oneThatIsStillStartedCanBeThrownAway() {
        try (Fixture f = new Fixture(0, 0)) {
            Caller maker = maker(f);
            CountDownLatch starting = new CountDownLatch(1);
            CountDownLatch go = new CountDownLatch(1);
            f.host.script = call -> {
                if (call.what().equals("start")) {
                    starting.countDown();
                    wait(go);
                }
            };
            f.broker.maintenances().edit(IMAGE, 1, USUAL, maker);
            wait(starting);
            f.broker.maintenances().discard(IMAGE, maker);
            go.countDown();
            await().until(() -> machine(f).isEmpty());
            assertThat(machinesInMaintenance(f)).isEmpty();
        }
    }

    @Test
    void aGuestThatWasShutDownIsStartedAgainOrSealedAsItIs() {
        try (Fixture f = new Fixture(0, 0)) {
            Caller maker = maker(f);
            MaintenanceView machine = running(f, maker);
            f.host.leaveTrace(machine.machine(), "a font");
            f.host.goOff(machine.machine(), null);
            awaitState(f, MaintenanceState.OFF);
            refused(Reason.NOT_READY, "OFF", () -> f.broker.maintenances().ticket(IMAGE, maker));
            f.broker.maintenances().start(IMAGE, maker);
            awaitState(f, MaintenanceState.RUNNING);
            f.host.goOff(machine.machine(), null);
            awaitState(f, MaintenanceState.OFF);
            ended(f, f.broker.maintenances().seal(IMAGE, new Maintenances.Seal("A font"), maker));
            assertThat(disk(f, 2)).containsExactly("a font");
        }
    }

    @Test
    void aGuestThatCannotBeSealedGoesOnAndSaysWhy() {
        try (Fixture f = new Fixture(0, 0)) {
            Caller maker = maker(f);
            running(f, maker);
            f.host.guestStatus = 1;
            OperationView failed =
                    ended(f, f.broker.maintenances().seal(IMAGE, new Maintenances.Seal("Nothing"), maker));
            assertThat(failed.failure()).contains("identity could not be removed", "no space");
            assertThat(awaitState(f, MaintenanceState.RUNNING).failure()).contains("no space");
            assertThat(state(f, 2)).contains(VersionState.ERROR);
            f.host.guestStatus = 0;
            OperationView sealed = ended(f, f.broker.maintenances().seal(IMAGE, new Maintenances.Seal("Now"), maker));
            assertThat(sealed.state()).as(sealed.failure()).isEqualTo(OperationState.DONE);
            assertThat(disk(f, 3)).isEmpty();
        }
    }

    @Test
    void sealingCanBeCalledOffWhileTheGuestDoesNotShutDown() {
        try (Fixture f = new Fixture(0, 0)) {
            Caller maker = maker(f);
            running(f, maker);
            f.host.stubborn = true;
            OperationView sealing = f.broker.maintenances().seal(IMAGE, new Maintenances.Seal("Never"), maker);
            await().until(() ->
                    f.host.calls.stream().anyMatch(call -> call.what().equals("guestShutdown")));
            refused(
                    Reason.CONFLICT,
                    "being sealed",
                    () -> f.broker.maintenances().discard(IMAGE, maker));
            Http admin = new Http(f.listen());
            f.user("root", Role.ADMIN);
            admin.signedIn("root", Fixture.PASSWORD).post("/api/v1/operations/" + sealing.id() + "/cancel", "{}");
            assertThat(ended(f, sealing).failure()).isEqualTo("cancelled");
            awaitState(f, MaintenanceState.RUNNING);
        }
    }

    @Test
    void theBaseVersionCannotBeDeletedMeanwhile() {
        try (Fixture f = new Fixture(0, 0)) {
            Caller maker = maker(f);
            running(f, maker);
            f.broker.pools().delete("demo", null, "test", "");
            await().until(() -> f.broker.store().call(tx -> tx.count("select count(*) from Pool")) == 0);
            refused(
                    Reason.IMAGE_IN_USE,
                    "maintenance machine",
                    () -> f.broker.images().delete(IMAGE, 1, null, maker));
        }
    }

    @Test
    void itsDisplayIsOpenedByATicketOfWhoMayWriteThatImage() {
        try (Fixture f = new Fixture(0, 0)) {
            running(f, maker(f));
            f.user("other");
            f.user("same");
            for (Map.Entry<String, String> who :
                    Map.of("other", "another-image", "same", IMAGE).entrySet()) {
                f.broker
                        .roles()
                        .give(
                                new Roles.NewGrant(
                                        RoleGrant.Subject.USER,
                                        who.getKey(),
                                        Role.IMAGE_ADMIN,
                                        Scope.Kind.IMAGE,
                                        IMAGE),
                                "test",
                                "");
            }
            var address = f.listen();
            String path = "/api/v1/images/" + IMAGE + "/maintenance";
            Http same = new Http(address).signedIn("same", Fixture.PASSWORD);
            String ticket =
                    Http.json(same.post(path + "/display", "{}")).path("ticket").asString();
            assertThat(f.broker.tickets().redeem(ticket))
                    .hasValueSatisfying(grant -> assertThat(grant.image()).isEqualTo(IMAGE));
            assertThat(Http.json(same.get("/api/v1/images/" + IMAGE))
                            .path("maintenance")
                            .path("state")
                            .asString())
                    .isEqualTo("RUNNING");
            Http user = new Http(address).signedIn("maker", Fixture.PASSWORD);
            assertThat(user.post(path + "/seal", Map.of("changelog", " ")).statusCode())
                    .isEqualTo(400);
        }
    }

    /** Before or after each call to the host in turn the process dies; the next one goes on to the same end. */
    @Test
    void aBrokerMayDieBeforeOrAfterAnyCallToItsHost() {
        try (Fixture f = new Fixture(0, 0)) {
            f.user("maker", Role.IMAGE_ADMIN);
            for (int deadly = 1; deadly <= 7; deadly++) {
                for (boolean after : new boolean[] {false, true}) {
                    dieAt(f, deadly, after);
                }
            }
        }
    }

    private static void dieAt(Fixture f, int deadly, boolean after) {
        String what = "killed " + (after ? "after" : "before") + " call " + deadly;
        AtomicInteger calls = new AtomicInteger();
        CountDownLatch reached = new CountDownLatch(1);
        CountDownLatch dead = new CountDownLatch(1);
        f.host.script = new FakeHost.Script() {
            @Override
            public void before(FakeHost.Call call) throws HostException {
                if (calls.incrementAndGet() == deadly && !after) {
                    die(reached, dead);
                }
            }

            @Override
            public void after(FakeHost.Call call) throws HostException {
                if (after && calls.get() >= deadly) {
                    die(reached, dead);
                }
            }
        };
        Caller maker = f.signIn("maker");
        f.broker.maintenances().edit(IMAGE, 1, USUAL, maker);
        await().until(() -> reached.getCount() == 0
                || machine(f).map(MaintenanceView::state).equals(Optional.of(MaintenanceState.RUNNING)));
        if (reached.getCount() > 0) {
            f.broker.maintenances().seal(IMAGE, new Maintenances.Seal(what), maker);
            await().until(() -> reached.getCount() == 0 || machine(f).isEmpty());
        }
        f.killAndRestart(dead::countDown);
        finish(f, what);
    }

    /** Whatever is left, the image can be edited to the end, and the host has nothing that nobody knows. */
    private static void finish(Fixture f, String what) {
        Caller maker = f.signIn("maker");
        int newest = f.broker.images().get(IMAGE).versions().getFirst().version();
        boolean sealing = machine(f)
                .map(MaintenanceView::state)
                .map(state -> state == MaintenanceState.SEALING)
                .orElse(true);
        if (!sealing) {
            awaitState(f, MaintenanceState.RUNNING);
            f.broker.maintenances().seal(IMAGE, new Maintenances.Seal(what), maker);
            newest++;
        }
        int sealed = newest;
        await().alias(what).untilAsserted(() -> {
            assertThat(machine(f)).isEmpty();
            assertThat(state(f, sealed)).contains(VersionState.DRAFT);
        });
        assertThat(disk(f, sealed)).as(what).doesNotContain(FakeHost.IDENTITY);
        f.broker.controller().round();
        f.broker.controller().round();
        assertThat(machinesInMaintenance(f)).as(what).isEmpty();
        assertThat(f.broker.audit().verify().intact()).isTrue();
    }

    @Test
    void aBrokerMayDieAfterAnyCommit() {
        Random random = new Random(20261124);
        try (Fixture f = new Fixture(0, 0)) {
            f.user("maker", Role.IMAGE_ADMIN);
            for (int life = 0; life < 10; life++) {
                Caller maker = f.signIn("maker");
                AtomicInteger left = new AtomicInteger(random.nextInt(1, 30));
                f.broker.signals().listen(signal -> {
                    if (left.decrementAndGet() == 0) {
                        f.abandon();
                    }
                });
                try {
                    f.broker.maintenances().edit(IMAGE, 1, USUAL, maker);
                    awaitState(f, MaintenanceState.RUNNING);
                    f.broker.maintenances().seal(IMAGE, new Maintenances.Seal("life " + life), maker);
                    await().until(() -> machine(f).isEmpty());
                } catch (RuntimeException e) {
                    // The broker is dead.
                }
                if (left.getAndSet(Integer.MIN_VALUE / 2) > 0) {
                    f.abandon();
                }
                f.killAndRestart();
                if (machine(f).isPresent()) {
                    finish(f, "life " + life);
                }
            }
        }
    }

    private static void die(CountDownLatch reached, CountDownLatch buried) throws HostException {
        reached.countDown();
        wait(buried);
        throw new HostException(HostException.Reason.FAILED, "dead");
    }

    private static void wait(CountDownLatch latch) {
        try {
            if (!latch.await(30, TimeUnit.SECONDS)) {
                throw new AssertionError("it did not happen");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
