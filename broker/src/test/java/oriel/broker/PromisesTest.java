package oriel.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import oriel.broker.access.Caller;
import oriel.broker.access.Role;
import oriel.broker.access.Scope;
import oriel.broker.audit.AuditEntry;
import oriel.broker.machine.Machine;
import oriel.broker.problem.Reason;
import oriel.broker.problem.RefusedException;
import oriel.broker.role.RoleGrant;
import oriel.broker.role.Roles;
import oriel.broker.session.Connected;
import oriel.broker.session.Desktop;
import oriel.hypervisor.host.HostException;

/**
 * The broker's ten promises, one test each, in its shortest form. More of each is in {@link SessionsTest} (1, 2),
 * {@link CrashTest} and {@link TwoBrokersTest} (1, 3), {@link HostFaultsTest} (4, 5), {@link HttpTest} (6, 7, 8), {@link
 * SecurityTest} (7, 8, 10), {@link RightsTest} and {@link HelpdeskTest} (9), {@link OperatingTest} (10).
 */
class PromisesTest {
    @Test
    void promise1ExactlyOneUserPerMachineAndOneMachinePerUserAndPool() throws Exception {
        try (Fixture f = new Fixture(4, 2)) {
            List<Caller> users =
                    IntStream.range(0, 8).mapToObj(i -> f.newUser("user" + i)).toList();
            SessionsTest.inParallel(java.util.stream.Stream.concat(users.stream(), users.stream())
                    .<Callable<Connected>>map(user -> () -> f.connect(user))
                    .toList());
            List<String> given = users.stream()
                    .map(user -> f.desktop(user).machine())
                    .filter(java.util.Objects::nonNull)
                    .toList();
            assertThat(given).hasSize(4).doesNotHaveDuplicates();
            assertThat(f.machines().stream().map(Machine::userId).toList()).doesNotHaveDuplicates();
        }
    }

    @Test
    void promise2ReconnectFirstThenTheQueueInOrderAndEveryRefusalHasAReason() {
        try (Fixture f = new Fixture(1, 0)) {
            Caller ann = f.newUser("ann");
            Connected.Ready first = f.connectUntilReady(ann);
            Caller bob = f.newUser("bob");
            Caller eve = f.newUser("eve");
            f.connect(bob);
            f.connect(eve);
            assertThat(f.connectUntilReady(ann).session().id())
                    .isEqualTo(first.session().id());
            assertThat(f.desktop(eve).queue().position()).isEqualTo(2);
            f.broker.sessions().logOff(first.session().id(), ann);
            f.awaitState(bob, Desktop.State.READY);
            assertThatThrownBy(() -> f.broker.claims().connect(ann, "no-such-pool"))
                    .isInstanceOfSatisfying(
                            RefusedException.class, e -> assertThat(e.reason()).isEqualTo(Reason.NOT_FOUND));
        }
    }

    @Test
    void promise3IntentBeforeEffectSoThatTheNextBrokerFinishesWhatADeadOneBegan() {
        try (Fixture f = new Fixture(1, 0)) {
            Caller ann = f.newUser("ann");
            f.host.script = call -> {
                throw new HostException(HostException.Reason.FAILED, "not today");
            };
            f.connect(ann);
            await().until(() -> !f.host.calls.isEmpty());
            long open =
                    f.broker.store().call(tx -> tx.count("select count(*) from Operation where openKey = 'demo-1'"));
            assertThat(open).isEqualTo(1L);
            f.killAndRestart();
            f.connectUntilReady(f.signIn("ann"));
        }
    }

    @Test
    void promise4NothingLeaksAndNothingForeignIsTouched() {
        try (Fixture f = new Fixture(1, 1)) {
            f.awaitSettled();
            String owner = f.host.list().getFirst().owner();
            f.host.plant("left-behind", owner);
            f.host.plant("theirs", "somebody-else");
            f.broker.controller().round();
            f.broker.controller().round();
            assertThat(f.host.has("left-behind")).isFalse();
            assertThat(f.host.has("theirs")).isTrue();
            f.host.lose("demo-1");
            f.broker.controller().round();
            await().until(() -> f.host.has("demo-1"));
        }
    }

    @Test
    void promise5OneBadMachineDoesNotStallItsPool() {
        try (Fixture f = new Fixture(3, 0)) {
            f.host.script = call -> {
                if (call.machine().equals("demo-1")) {
                    throw new HostException(HostException.Reason.FAILED, "bad memory");
                }
            };
            assertThat(f.connectUntilReady(f.newUser("ann")).session().machineName())
                    .isNotEqualTo("demo-1");
            assertThat(f.connectUntilReady(f.newUser("bob")).session().machineName())
                    .isNotEqualTo("demo-1");
        }
    }

    @Test
    void promise6WithoutADatabaseTheApiSaysSoAndDisplaysStayOpen() {
        try (Fixture f = new Fixture(1, 0)) {
            Caller ann = f.newUser("ann");
            var grant = f.broker
                    .tickets()
                    .redeem(f.connectUntilReady(ann).ticket().ticket())
                    .orElseThrow();
            f.broker.sessionDisplays().opened(grant);
            Http http = new Http(f.listen()).signedIn("ann", Fixture.PASSWORD);
            f.broker.store().close();
            assertThat(http.get("/api/v1/desktops").statusCode()).isEqualTo(503);
            assertThat(Http.reason(http.get("/api/v1/desktops"))).isEqualTo("DATABASE_DOWN");
            assertThat(f.broker.displays().watched(grant.sessionId())).isTrue();
        }
    }

    @Test
    void promise7ATicketOpensOneDisplayOnceWithinAMinuteAndDiesWithItsRight() {
        try (Fixture f = new Fixture(1, 0)) {
            Caller ann = f.newUser("ann");
            Connected.Ready ready = f.connectUntilReady(ann);
            String ticket = ready.ticket().ticket();
            assertThat(ticket.length() * 6).as("bits").isGreaterThanOrEqualTo(128);
            assertThat(f.broker.tickets().redeem(ticket)).isPresent();
            assertThat(f.broker.tickets().redeem(ticket)).isEmpty();
            String late = f.connectUntilReady(ann).ticket().ticket();
            f.clock.skip(Duration.ofSeconds(61));
            assertThat(f.broker.tickets().redeem(late)).isEmpty();
            String left = f.connectUntilReady(ann).ticket().ticket();
            f.broker.sessions().logOff(ready.session().id(), ann);
            assertThat(f.broker.tickets().redeem(left)).isEmpty();
        }
    }

    @Test
    void promise8SigningInTellsNobodyWhoExistsAndLocksOutWhoGuesses() {
        try (Fixture f = new Fixture(0, 0)) {
            f.user("known");
            Http http = new Http(f.listen());
            assertThat(Http.reason(http.post("/api/v1/login", Map.of("username", "known", "password", "wrong"))))
                    .isEqualTo(Http.reason(
                            http.post("/api/v1/login", Map.of("username", "unknown", "password", "wrong"))));
            await().until(() -> Http.reason(
                            http.post("/api/v1/login", Map.of("username", "known", "password", "wrong")))
                    .equals("LOCKED_OUT"));
        }
    }

    @Test
    void promise9ARoleHoldsInItsScopeAndNowhereElse() {
        try (Fixture f = new Fixture(1, 0)) {
            f.user("runner");
            f.broker
                    .roles()
                    .give(
                            new Roles.NewGrant(
                                    RoleGrant.Subject.USER, "runner", Role.POOL_ADMIN, Scope.Kind.POOL, "demo"),
                            "test",
                            "");
            Http runner = new Http(f.listen()).signedIn("runner", Fixture.PASSWORD);
            assertThat(runner.call("PATCH", "/api/v1/pools/demo", Map.of("warm", 0))
                            .statusCode())
                    .isEqualTo(200);
            assertThat(Http.reason(runner.post("/api/v1/pools", Map.of("id", "mine", "image", "debian-desktop"))))
                    .isEqualTo("FORBIDDEN");
            assertThat(Http.reason(runner.get("/api/v1/audit"))).isEqualTo("FORBIDDEN");
        }
    }

    @Test
    void promise10TheAuditTrailShowsEveryActAndThatNobodyHasChangedIt() {
        try (Fixture f = new Fixture(0, 0)) {
            f.broker.audit().record(AuditEntry.bySystem("test.act", "target", "as it was"));
            assertThat(f.broker.audit().verify().intact()).isTrue();
            f.broker.store().run(tx -> tx.execute("delete from AuditRecord where action = 'test.act'"));
            assertThat(f.broker.audit().verify().intact()).isFalse();
        }
    }
}
