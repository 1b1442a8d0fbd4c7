package oriel.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.DayOfWeek;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalTime;
import java.time.ZoneOffset;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import org.junit.jupiter.api.Test;
import oriel.broker.access.Caller;
import oriel.broker.image.Images;
import oriel.broker.machine.Machine;
import oriel.broker.pool.PoolNetwork;
import oriel.broker.pool.PoolPolicy;
import oriel.broker.pool.PoolPolicy.Assignment;
import oriel.broker.pool.PoolPolicy.Limits;
import oriel.broker.pool.PoolPolicy.LogoffAction;
import oriel.broker.pool.PoolResources;
import oriel.broker.pool.Pools;
import oriel.broker.pool.Push;
import oriel.broker.pool.Schedule;
import oriel.broker.problem.Reason;
import oriel.broker.problem.RefusedException;
import oriel.broker.session.Connected;
import oriel.broker.session.Desktop;
import oriel.broker.session.EndReason;
import oriel.broker.session.SessionState;
import oriel.displayd.viewer.ClipboardPolicy;
import oriel.hypervisor.host.HostException;
import oriel.hypervisor.host.NetworkSpec;
import oriel.hypervisor.host.PowerState;
import oriel.hypervisor.host.ResourcePolicy;
import tools.jackson.databind.JsonNode;

/** Each policy of a pool has its effect. */
class PoolPolicyTest {
    private static PoolPolicy policy(Assignment assignment, LogoffAction action) {
        return PoolPolicy.changes().assignment(assignment).logoffAction(action).build();
    }

    private static PoolPolicy limits(Limits limits) {
        return PoolPolicy.changes().limits(limits).build();
    }

    private static PoolPolicy schedule(Schedule schedule) {
        return PoolPolicy.changes().schedule(schedule).build();
    }

    private static void change(Fixture f, PoolPolicy policy) {
        f.broker
                .pools()
                .change(
                        "demo",
                        new Pools.PoolChange(null, null, null, null, null, null, null, null, null, null, policy),
                        null,
                        "test",
                        "");
    }

    private static void dedicated(Fixture f, String id, int size) {
        f.broker
                .pools()
                .create(
                        new Pools.NewPool(
                                id,
                                null,
                                null,
                                "debian-desktop",
                                null,
                                size,
                                0,
                                128,
                                null,
                                null,
                                null,
                                null,
                                policy(Assignment.DEDICATED, null)),
                        "test",
                        "");
        f.broker
                .pools()
                .entitle(
                        id, new Pools.NewEntitlement(oriel.broker.pool.Entitlement.Kind.GROUP, "everyone"), "test", "");
    }

    private static Connected.Ready connect(Fixture f, Caller user, String pool) {
        return (Connected.Ready) await().pollInterval(Duration.ofMillis(5))
                .until(() -> f.broker.claims().connect(user, pool), Connected.Ready.class::isInstance);
    }

    private static PoolPolicy network(PoolNetwork network) {
        return PoolPolicy.changes().network(network).build();
    }

    @Test
    void eachPoolHasASegmentWhoseMachinesAreIsolatedUnlessItSaysOtherwise() {
        try (Fixture f = new Fixture(2, 0)) {
            dedicated(f, "own", 2);
            Connected.Ready demo = connect(f, f.newUser("ann"), "demo");
            Connected.Ready own = connect(f, f.newUser("bob"), "own");
            NetworkSpec first =
                    f.host.startedWith(demo.session().machineName()).network().orElseThrow();
            NetworkSpec second =
                    f.host.startedWith(own.session().machineName()).network().orElseThrow();
            assertThat(first.vlan())
                    .isEqualTo(f.broker.pools().get("demo").vlan())
                    .isNotEqualTo(second.vlan());
            assertThat(first.isolated()).isTrue();
            assertThat(first.uplink()).isEqualTo(NetworkSpec.Uplink.NONE);
            assertThat(first.station())
                    .isEqualTo(f.machine(demo.session().machineName()).number() + 1);

            change(f, network(new PoolNetwork(PoolNetwork.Access.OPEN, null, null, 8)));
            NetworkSpec open = f.host.startedWith(
                            connect(f, f.newUser("eve"), "demo").session().machineName())
                    .network()
                    .orElseThrow();
            assertThat(open.isolated()).isFalse();
            assertThat(open.vlan()).isEqualTo(first.vlan());
            assertThat(open.bytesPerSecond()).isEqualTo(1_000_000);
        }
    }

    @Test
    void aPoolWithoutANetworkHasMachinesWithoutACardAndAnotherParent() {
        try (Fixture f = new Fixture(2, 0)) {
            change(
                    f,
                    PoolPolicy.changes().cloneType(PoolPolicy.CloneType.INSTANT).build());
            await().until(() -> f.host.templatesWithCard().size() == 1);
            change(f, network(new PoolNetwork(PoolNetwork.Access.NONE, null, null, null)));
            await().until(() -> f.host.templates().size() == 2
                    || f.host.templates().size() == 1
                            && !f.host.templates()
                                    .getFirst()
                                    .name()
                                    .equals(f.host.templatesWithCard().getFirst()));
            assertThat(f.host.templatesWithCard()).hasSize(1);
            f.awaitSettled();
            String machine = connect(f, f.newUser("ann"), "demo").session().machineName();
            assertThat(f.host.startedWith(machine).network()).isEmpty();
        }
    }

    @Test
    void aMachineStartsWithItsPoolsPartOfTheHost() {
        try (Fixture f = new Fixture(1, 0)) {
            PoolResources resources = new PoolResources(2000, 150, 20, 64);
            change(f, PoolPolicy.changes().resources(resources).build());
            String machine = connect(f, f.newUser("ann"), "demo").session().machineName();
            assertThat(f.host.startedWith(machine).resources())
                    .isEqualTo(ResourcePolicy.of(2000, OptionalInt.of(150), 20, 64));
            assertThatThrownBy(() -> change(
                            f,
                            PoolPolicy.changes()
                                    .resources(new PoolResources(null, null, null, 1 << 20))
                                    .build()))
                    .isInstanceOf(RefusedException.class)
                    .hasMessageContaining("memory");
        }
        assertThatThrownBy(() -> new PoolResources(null, 10, 20, null)).hasMessageContaining("limit");
    }

    @Test
    void aWayOutIsForMachinesWithACard() {
        assertThatThrownBy(() -> new PoolNetwork(PoolNetwork.Access.NONE, PoolNetwork.Uplink.USER, null, null))
                .isInstanceOf(RefusedException.class)
                .hasMessageContaining("without a card");
        try (Fixture f = new Fixture(1, 0)) {
            change(f, network(new PoolNetwork(PoolNetwork.Access.OPEN, PoolNetwork.Uplink.USER, null, null)));
            String machine = connect(f, f.newUser("ann"), "demo").session().machineName();
            NetworkSpec network = f.host.startedWith(machine).network().orElseThrow();
            assertThat(network.uplink()).isEqualTo(NetworkSpec.Uplink.USER);
            assertThat(network.isolated()).isFalse();
        }
    }

    @Test
    void machinesCanBeOnAnotherNetworkByAHostsTapDevice() {
        for (String device : Arrays.asList(null, "", "no such/name", "longer-than-15-characters")) {
            assertThatThrownBy(() -> new PoolNetwork(null, PoolNetwork.Uplink.BRIDGE, device, null))
                    .isInstanceOf(RefusedException.class)
                    .hasMessageContaining("tap device");
        }
        assertThatThrownBy(() -> new PoolNetwork(null, PoolNetwork.Uplink.USER, "oriel0", null))
                .isInstanceOf(RefusedException.class)
                .hasMessageContaining("bridge only");
        try (Fixture f = new Fixture(1, 0)) {
            change(f, network(new PoolNetwork(null, PoolNetwork.Uplink.BRIDGE, "oriel0", null)));
            String machine = connect(f, f.newUser("ann"), "demo").session().machineName();
            assertThat(f.host.startedWith(machine).network().orElseThrow().uplink())
                    .isEqualTo(new NetworkSpec.Uplink.Bridge("oriel0"));
        }
    }

    @Test
    void aDedicatedMachineKeepsWhatItsUserLeftAndIsNobodyElses() {
        try (Fixture f = new Fixture(0, 0)) {
            dedicated(f, "own", 2);
            Caller ann = f.newUser("ann");
            Connected.Ready first = connect(f, ann, "own");
            String machine = first.session().machineName();
            f.host.leaveTrace(machine, "ann's letter");
            f.broker.sessions().logOff(first.session().id(), ann);
            await().until(() -> f.machine(machine).power() == PowerState.OFF);
            assertThat(f.host.traces(machine)).containsExactly("ann's letter");
            assertThat(f.host.calls)
                    .as("shut down by its guest")
                    .anyMatch(call -> call.what().equals("powerButton"));

            Caller bob = f.newUser("bob");
            assertThat(connect(f, bob, "own").session().machineName()).isNotEqualTo(machine);
            Caller eve = f.newUser("eve");
            assertThat(f.broker.claims().connect(eve, "own"))
                    .as("two machines, both somebody's")
                    .isInstanceOf(Connected.Pending.class);
            assertThat(connect(f, ann, "own").session().machineName()).isEqualTo(machine);
            assertThat(f.host.traces(machine)).containsExactly("ann's letter");
            f.killAndRestart();
            assertThat(connect(f, f.signIn("ann"), "own").session().machineName())
                    .isEqualTo(machine);
            assertThat(f.host.traces(machine)).containsExactly("ann's letter");
        }
    }

    @Test
    void aDedicatedMachineThatIsTakenAwayIsCleanedBeforeTheNextUser() {
        try (Fixture f = new Fixture(0, 0)) {
            dedicated(f, "own", 1);
            Caller ann = f.newUser("ann");
            Connected.Ready first = connect(f, ann, "own");
            f.host.leaveTrace("own-1", "ann's letter");
            f.broker.sessions().logOff(first.session().id(), ann);
            await().until(() -> f.machine("own-1").power() == PowerState.OFF);
            f.broker.accounts().delete("ann", "test", "");
            Caller bob = f.newUser("bob");
            Connected.Ready ready = connect(f, bob, "own");
            assertThat(f.host.traces(ready.session().machineName())).isEmpty();
        }
    }

    @Test
    void aFloatingPoolCannotKeepWhatAUserLeft() {
        try (Fixture f = new Fixture(0, 0)) {
            assertThatThrownBy(() -> change(f, policy(null, LogoffAction.KEEP)))
                    .isInstanceOfSatisfying(
                            RefusedException.class, e -> assertThat(e.field()).isEqualTo("policy.logoffAction"));
            assertThatThrownBy(() -> change(f, policy(Assignment.DEDICATED, null)))
                    .isInstanceOf(RefusedException.class);
        }
    }

    @Test
    void deleteAtLogoffMakesAnotherMachine() {
        try (Fixture f = new Fixture(1, 0)) {
            change(f, policy(null, LogoffAction.DELETE));
            Caller ann = f.newUser("ann");
            Connected.Ready ready = f.connectUntilReady(ann);
            f.broker.sessions().logOff(ready.session().id(), ann);
            await().until(() ->
                    f.host.calls.stream().anyMatch(call -> call.what().equals("destroy")));
            Caller bob = f.newUser("bob");
            Connected.Ready next = f.connectUntilReady(bob);
            assertThat(f.host.traces(next.session().machineName())).isEmpty();
        }
    }

    @Test
    void theCalendarSaysHowManyMachinesRunAndWhenThePoolIsOpen() {
        Schedule schedule = new Schedule(
                "Europe/Berlin",
                Set.of(LocalDate.of(2026, 12, 25)),
                List.of(new Schedule.Warm(
                        Set.of(DayOfWeek.TUESDAY, DayOfWeek.FRIDAY), LocalTime.of(13, 0), LocalTime.of(14, 0), 30)),
                List.of(new Schedule.Window(null, LocalTime.of(22, 0), LocalTime.of(6, 0))));
        Instant tuesday = Instant.parse("2026-11-24T12:30:00Z");
        assertThat(schedule.warmAt(tuesday)).hasValue(30);
        assertThat(schedule.warmAt(tuesday.plus(Duration.ofHours(1)))).isEmpty();
        assertThat(schedule.warmAt(Instant.parse("2026-12-25T12:30:00Z")))
                .as("a Friday, but a holiday")
                .isEmpty();
        assertThat(schedule.warmAt(Instant.parse("2026-07-07T11:30:00Z")))
                .as("summer time: an hour earlier in UTC")
                .hasValue(30);
        assertThat(schedule.openAt(Instant.parse("2026-11-24T22:30:00Z"))).isTrue();
        assertThat(schedule.openAt(Instant.parse("2026-11-24T04:59:00Z")))
                .as("the night of the day before")
                .isTrue();
        assertThat(schedule.openAt(tuesday)).isFalse();
        assertThat(schedule.openAt(Instant.parse("2026-12-26T03:00:00Z")))
                .as("the night of a holiday")
                .isFalse();
    }

    @Test
    void outsideItsHoursAPoolTakesNobodyNewButKeepsWhoIsIn() {
        try (Fixture f = new Fixture(2, 0)) {
            Caller ann = f.newUser("ann");
            Connected.Ready ready = f.connectUntilReady(ann);
            LocalTime now = f.clock.instant().atZone(ZoneOffset.UTC).toLocalTime();
            change(
                    f,
                    schedule(new Schedule(
                            null,
                            null,
                            null,
                            List.of(new Schedule.Window(
                                    null,
                                    now.plusHours(3).withNano(0),
                                    now.plusHours(4).withNano(0))))));
            Caller bob = f.newUser("bob");
            assertThatThrownBy(() -> f.connect(bob))
                    .isInstanceOfSatisfying(
                            RefusedException.class, e -> assertThat(e.reason()).isEqualTo(Reason.OUTSIDE_HOURS));
            assertThat(f.desktop(bob).state()).isEqualTo(Desktop.State.UNAVAILABLE);
            assertThat(f.connectUntilReady(ann).session().id())
                    .isEqualTo(ready.session().id());
        }
    }

    @Test
    void theCalendarStartsAndStopsSpares() {
        try (Fixture f = new Fixture(4, 0)) {
            LocalTime now = f.clock.instant().atZone(ZoneOffset.UTC).toLocalTime();
            change(
                    f,
                    schedule(new Schedule(
                            null,
                            null,
                            List.of(new Schedule.Warm(
                                    null,
                                    now.minusMinutes(5).withNano(0),
                                    now.plusMinutes(30).withNano(0),
                                    3)),
                            null)));
            await().until(() -> f.pool().counts().available() == 3);
            f.clock.skip(Duration.ofHours(1));
            f.broker.controller().round();
            await().until(() -> f.machines().stream().noneMatch(Machine::powerWanted));
        }
    }

    @Test
    void disksAreMadeAheadWithoutPower() {
        try (Fixture f = new Fixture(3, 0)) {
            change(f, PoolPolicy.changes().min(2).build());
            await().until(() -> f.machines().stream()
                            .filter(machine -> machine.generation() > 0)
                            .count()
                    == 2);
            assertThat(f.host.running(status -> true)).isEmpty();
        }
    }

    @Test
    void sessionsEndWhenTheirTimeIsUp() {
        try (Fixture f = new Fixture(2, 0)) {
            change(f, limits(new Limits(null, 10, 60)));
            Caller ann = f.newUser("ann");
            Connected.Ready ready = f.connectUntilReady(ann);
            f.broker
                    .sessionDisplays()
                    .opened(f.broker.tickets().redeem(ready.ticket().ticket()).orElseThrow());
            f.clock.skip(Duration.ofMinutes(56));
            f.broker.signIns().bySignIn(ann.signIn(), "");
            f.broker.controller().round();
            assertThat(f.broker.sessions().get(ready.session().id()).state())
                    .as("warned, not ended")
                    .isEqualTo(SessionState.CONNECTED);
            f.clock.skip(Duration.ofMinutes(5));
            f.broker.controller().round();
            assertThat(f.broker.sessions().get(ready.session().id()).endReason())
                    .isEqualTo(EndReason.TIME_LIMIT);

            Caller bob = f.newUser("bob");
            Connected.Ready bobs = f.connectUntilReady(bob);
            var grant = f.broker.tickets().redeem(bobs.ticket().ticket()).orElseThrow();
            f.broker.sessionDisplays().opened(grant);
            f.broker.sessionDisplays().closed(grant.connection());
            f.clock.skip(Duration.ofMinutes(11));
            f.broker.controller().round();
            assertThat(f.broker.sessions().get(bobs.session().id()).endReason())
                    .isEqualTo(EndReason.DISCONNECTED_TOO_LONG);
        }
    }

    @Test
    void aDisplayThatNobodyTypesAtIsCutAndTheSessionStays() throws Exception {
        try (Fixture f = new Fixture(1, 0)) {
            change(f, limits(new Limits(10, null, null)));
            InetSocketAddress address = f.listen();
            f.user("ann");
            Http http = new Http(address).signedIn("ann", Fixture.PASSWORD);
            JsonNode ready = await().until(
                            () -> Http.json(http.post("/api/v1/desktops/demo/connect", null)),
                            json -> json.path("state").asString().equals("READY"));
            DisplayClient display = new DisplayClient(http, ready);
            Caller ann = f.signIn("ann");
            f.awaitState(ann, Desktop.State.CONNECTED);
            for (int turn = 1; turn <= 3; turn++) {
                int keys = turn;
                f.clock.skip(Duration.ofMinutes(9));
                display.press('x');
                await().until(() -> f.host.keys.size() == keys);
                f.broker.controller().round();
                assertThat(f.desktop(ann).state()).as("it was used").isEqualTo(Desktop.State.CONNECTED);
            }
            f.clock.skip(Duration.ofMinutes(11));
            f.broker.controller().round();
            assertThat(display.closedWith()).isEqualTo(4002);
            f.awaitState(ann, Desktop.State.DISCONNECTED);
            long recorded = f.broker
                    .store()
                    .call(tx -> tx.count("select count(*) from AuditRecord where action = 'session.idle'"));
            assertThat(recorded).isEqualTo(1);
        }
    }

    @Test
    void textGoesOnlyTheWayThatThePoolAllows() {
        try (Fixture f = new Fixture(1, 0)) {
            Caller ann = f.newUser("ann");
            for (PoolPolicy.Clipboard way : PoolPolicy.Clipboard.values()) {
                change(f, PoolPolicy.changes().clipboard(way).build());
                var grant = f.broker
                        .tickets()
                        .redeem(f.connectUntilReady(ann).ticket().ticket())
                        .orElseThrow();
                ClipboardPolicy policy = f.broker.sessionDisplays().clipboard(grant);
                assertThat(policy.toGuest())
                        .as("%s to the guest", way)
                        .isEqualTo(way == PoolPolicy.Clipboard.BOTH || way == PoolPolicy.Clipboard.TO_GUEST);
                assertThat(policy.fromGuest())
                        .as("%s to the client", way)
                        .isEqualTo(way == PoolPolicy.Clipboard.BOTH || way == PoolPolicy.Clipboard.TO_CLIENT);
            }
        }
    }

    private static void secondVersion(Fixture f) {
        try {
            Path image = Files.createDirectories(f.directory.resolve("images/debian-desktop-2"));
            for (String file : List.of("disk.raw", "vmlinuz", "initrd.img")) {
                Files.writeString(image.resolve(file), file + " again");
            }
            Files.writeString(image.resolve("image.properties"), "title=Debian\ncommand_line=quiet\n");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        f.broker
                .images()
                .register(new Images.Registration("debian-desktop", null, "debian-desktop-2", null), "test", "");
    }

    private static Push.State pushState(Fixture f) {
        Pools.PushView push = f.pool().push();
        return push == null ? null : push.state();
    }

    @Test
    void aPushTriesACanaryThenReplacesTheRestAndWaitsForUsers() {
        try (Fixture f = new Fixture(4, 3)) {
            f.awaitSettled();
            Caller ann = f.newUser("ann");
            Connected.Ready ready = f.connectUntilReady(ann);
            f.awaitSettled();
            secondVersion(f);
            f.host.readyByHand = true;
            f.broker.pools().push("demo", new Push.Order(2, 1, 2, false), null, ann);
            await().until(() -> f.machines().stream()
                            .filter(machine -> machine.imageVersion() == 2)
                            .count()
                    == 1);
            assertThat(pushState(f)).isEqualTo(Push.State.CANARY);
            assertThat(f.pool().imageVersion()).isEqualTo(1);
            f.host.readyByHand = false;
            await().untilAsserted(() -> {
                f.host.allReady();
                assertThat(pushState(f)).isEqualTo(Push.State.DONE);
            });
            assertThat(f.machine(ready.session().machineName()).imageVersion())
                    .as("in use")
                    .isEqualTo(1);
            f.broker.sessions().logOff(ready.session().id(), ann);
            await().until(() -> f.machine(ready.session().machineName()).imageVersion() == 2);
        }
    }

    @Test
    void aCanaryThatDoesNotBootEndsThePushAndThePoolKeepsItsVersion() {
        try (Fixture f = new Fixture(3, 2)) {
            f.awaitSettled();
            secondVersion(f);
            Caller ann = f.newUser("ann");
            f.host.script = call -> {
                if (call.what().equals("start") && f.machine(call.machine()).imageVersion() == 2) {
                    throw new HostException(HostException.Reason.FAILED, "kernel panic");
                }
            };
            f.broker.pools().push("demo", new Push.Order(2, 1, 1, false), null, ann);
            await().until(() -> pushState(f) == Push.State.FAILED);
            assertThat(f.pool().push().failure()).contains("kernel panic");
            assertThat(f.pool().imageVersion()).isEqualTo(1);
            await().until(() -> f.machines().stream().noneMatch(machine -> machine.imageVersion() == 2));
        }
    }
}
