package oriel.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import oriel.broker.access.Caller;
import oriel.broker.access.Role;
import oriel.broker.host.Hosts;
import oriel.broker.machine.Machine;
import oriel.broker.pool.PoolPlacement;
import oriel.broker.pool.PoolPolicy;
import oriel.broker.session.Connected;
import oriel.hypervisor.host.HostException;
import tools.jackson.databind.JsonNode;

/** Two brokers on one database, each with a host of its own: whichever a page talks to, it is the same installation. */
class PeersTest {
    private static Map<String, Long> byHost(Fixture f) {
        return f.machines().stream().collect(Collectors.groupingBy(Machine::host, Collectors.counting()));
    }

    @Test
    void aPageOfOneBrokerShowsTheScreenAndTheFiguresOfAMachineOfTheOther() throws Exception {
        try (Fixture f = new Fixture(0, 0);
                SecondBroker second = new SecondBroker(f)) {
            second.listen();
            f.resize(1, 1, SecondBroker.only());
            Caller ann = f.newUser("ann");
            Connected.Ready ready = f.connectUntilReady(ann);
            String machine = ready.session().machineName();
            assertThat(f.machine(machine).host()).isEqualTo("second");
            assertThat(f.host.calls)
                    .as("the first host has nothing to do with it")
                    .isEmpty();
            f.user("helper", Role.HELPDESK);
            f.user("nosy");
            var first = f.listen();
            Http helper = new Http(first).signedIn("helper", Fixture.PASSWORD);

            HttpResponse<String> picture = helper.get("/api/v1/machines/" + machine + "/screen?width=64");
            assertThat(picture.statusCode()).as(picture.body()).isEqualTo(200);
            assertThat(picture.headers().firstValue("Content-Type")).contains("image/png");
            assertThat(picture.headers().firstValue("Cache-Control")).contains("private, no-cache");
            String etag = picture.headers().firstValue("ETag").orElseThrow();
            assertThat(Http.send(helper.request("/api/v1/machines/" + machine + "/screen?width=64")
                                    .header("If-None-Match", etag)
                                    .GET())
                            .statusCode())
                    .isEqualTo(304);
            assertThat(new Http(first)
                            .signedIn("nosy", Fixture.PASSWORD)
                            .get("/api/v1/machines/" + machine + "/screen")
                            .statusCode())
                    .as("rights are the same there")
                    .isEqualTo(404);

            String figures = "/api/v1/sessions/" + ready.session().id() + "/metrics";
            assertThat(Http.json(helper.get(figures)).path("machine").asString())
                    .isEqualTo(machine);
            try (EventStream events = new EventStream(helper, figures + "/events")) {
                events.await("metrics");
                events.await("sample");
                f.broker.sessions().logOff(ready.session().id(), ann);
                events.await("ended");
            }
        }
    }

    @Test
    void aDisplayIsOpenedThroughTheBrokerThatTheBrowserTalksTo() throws Exception {
        try (Fixture f = new Fixture(0, 0);
                SecondBroker second = new SecondBroker(f)) {
            second.listen();
            f.resize(1, 1, SecondBroker.only());
            f.user("ann");
            Http user = new Http(f.listen()).signedIn("ann", Fixture.PASSWORD);
            JsonNode ready = await().until(
                            () -> Http.json(user.post("/api/v1/desktops/demo/connect", null)),
                            json -> json.path("state").asString().equals("READY"));
            DisplayClient display = new DisplayClient(user, ready);
            await().until(() -> second.broker.displays().count() == 1);
            assertThat(f.broker.displays().count()).isZero();
            display.press('a');
            await().until(() -> second.host.keys.size() == 1);
            UUID session = UUID.fromString(ready.path("sessionId").asString());
            await().until(() -> f.broker.sessions().get(session).state().name().equals("CONNECTED"));
            f.broker.sessions().logOff(session, f.signIn("ann"));
            assertThat(display.closedWith()).isEqualTo(4000);
        }
    }

    @Test
    void filesReachADesktopOfTheOtherHostAndTheTrailSaysWhereTheyCameFrom() throws Exception {
        try (Fixture f = new Fixture(0, 0);
                SecondBroker second = new SecondBroker(f)) {
            second.listen();
            f.resize(1, 1, SecondBroker.only());
            f.policy(PoolPolicy.changes().fileDrop(PoolPolicy.FileDrop.TO_GUEST).build());
            Caller ann = f.newUser("ann");
            Connected.Ready ready = f.connectUntilReady(ann);
            Http user = new Http(f.listen()).signedIn("ann", Fixture.PASSWORD);
            HttpResponse<String> put = user.putNote(ready.session().id());
            assertThat(put.statusCode()).as(put.body()).isEqualTo(200);
            assertThat(second.host.calls).anyMatch(call -> call.what().equals("execute"));
            List<String> addresses = second.broker
                    .store()
                    .call(tx -> tx.list(String.class, "select address from AuditRecord where action = 'file.drop'"));
            assertThat(addresses).containsExactly("127.0.0.1");
        }
    }

    @Test
    void whoOnlyClaimsToBeABrokerSpeaksForNobody() throws Exception {
        try (Fixture f = new Fixture(0, 0)) {
            f.user("eve");
            Http eve = new Http(f.listen());
            HttpRequest.Builder login = eve.request("/api/v1/login")
                    .header("X-Oriel-Request", "1")
                    .header("Content-Type", "application/json")
                    .header("X-Oriel-Passed-On", f.clock.millis() + ";203.0.113.9;AAAA")
                    .POST(HttpRequest.BodyPublishers.ofString("{\"username\":\"eve\",\"password\":\"wrong\"}"));
            Http.send(login);
            List<String> addresses = f.broker
                    .store()
                    .call(tx -> tx.list(
                            String.class, "select address from AuditRecord where action = 'login' and actor = 'eve'"));
            assertThat(addresses).isNotEmpty().doesNotContain("203.0.113.9");
        }
    }

    @Test
    void aHostWhoseBrokerDoesNotAnswerIsSaidSoInsteadOfShowingNothing() throws Exception {
        try (Fixture f = new Fixture(0, 0)) {
            String machine;
            f.user("boss", Role.ADMIN);
            Http boss = new Http(f.listen()).signedIn("boss", Fixture.PASSWORD);
            try (SecondBroker second = new SecondBroker(f)) {
                second.listen();
                f.resize(1, 1, SecondBroker.only());
                machine = f.connectUntilReady(f.newUser("ann")).session().machineName();
            }
            HttpResponse<String> screen = boss.get("/api/v1/machines/" + machine + "/screen");
            assertThat(Http.reason(screen)).isEqualTo("NOT_READY");
            assertThat(Http.json(screen).path("detail").asString()).contains("second");
            f.clock.skip(java.time.Duration.ofMinutes(2));
            await().untilAsserted(() -> assertThat(
                            Http.json(boss.get("/api/v1/hosts")).path("items"))
                    .anySatisfy(host -> {
                        assertThat(host.path("name").asString()).isEqualTo("second");
                        assertThat(host.path("state").asString()).isEqualTo("UNREACHABLE");
                    }));
        }
    }

    @Test
    void machinesAreSpreadOverHostsAndLeaveOnesThatAreDrained() throws Exception {
        try (Fixture f = new Fixture(0, 0);
                SecondBroker second = new SecondBroker(f)) {
            f.resize(6, 2, PoolPlacement.DEFAULT);
            await().untilAsserted(() -> assertThat(byHost(f)).isEqualTo(Map.of("fake", 3L, "second", 3L)));
            f.user("boss", Role.ADMIN);
            f.broker.hosts().drain("second", new Hosts.Order(null, null), f.signIn("boss"));
            await().untilAsserted(() -> {
                f.broker.controller().poolChanged("demo");
                assertThat(byHost(f)).isEqualTo(Map.of("fake", 6L));
            });
            assertThat(second.host.list()).as("nothing is left there").isEmpty();
        }
    }

    @Test
    void aHostThatRefusesForWantOfRoomLeadsToTheNextOne() throws Exception {
        try (Fixture f = new Fixture(0, 0);
                SecondBroker second = new SecondBroker(f)) {
            f.host.script = call -> {
                if (call.what().equals("start")) {
                    throw new HostException(HostException.Reason.CAPACITY, "full");
                }
            };
            f.resize(2, 0, new PoolPlacement(null, List.of("fake"), null));
            await().until(() -> byHost(f).equals(Map.of("fake", 2L)));
            f.resize(2, 0, PoolPlacement.DEFAULT);
            Connected.Ready ready = f.connectUntilReady(f.newUser("ann"));
            assertThat(f.machine(ready.session().machineName()).host()).isEqualTo("second");
        }
    }
}
