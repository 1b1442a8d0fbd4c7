package oriel.broker;

import static org.assertj.core.api.Assertions.assertThat;

import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.Map;
import java.util.stream.StreamSupport;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import oriel.broker.access.Caller;
import oriel.broker.access.Role;
import oriel.broker.access.Scope;
import oriel.broker.pool.Pools;
import oriel.broker.role.RoleGrant;
import oriel.broker.role.Roles;
import oriel.broker.session.Connected;
import tools.jackson.databind.JsonNode;

/** What the helpdesk sees and does. */
class HelpdeskTest {
    private static Fixture f;
    private static InetSocketAddress address;

    @BeforeAll
    static void start() {
        f = new Fixture(6, 1);
        address = f.listen();
        f.broker
                .pools()
                .create(
                        new Pools.NewPool(
                                "other", null, null, "debian-desktop", null, 1, 0, 128, null, null, null, null),
                        "test",
                        "");
        f.user("helper", Role.HELPDESK);
        f.user("half");
        f.broker
                .roles()
                .give(
                        new Roles.NewGrant(RoleGrant.Subject.USER, "half", Role.HELPDESK, Scope.Kind.POOL, "other"),
                        "test",
                        "");
    }

    @AfterAll
    static void stop() {
        f.close();
    }

    private static Http as(String name) {
        return new Http(address).signedIn(name, Fixture.PASSWORD);
    }

    @Test
    void aPersonIsFoundWithSessionsMachinesAndEachStepOfTheLogon() {
        Caller ann = f.newUser("ann-person");
        Connected.Ready ready = f.connectUntilReady(ann);
        Http helper = as("helper");
        JsonNode found = Http.json(helper.get("/api/v1/users?search=ann-per"));
        assertThat(found.path("items").get(0).path("username").asString()).isEqualTo("ann-person");

        JsonNode person = Http.json(helper.get("/api/v1/users/ann-person/overview"));
        JsonNode session = person.path("sessions").get(0);
        assertThat(session.path("machine").asString()).isEqualTo(ready.session().machineName());
        JsonNode logon = session.path("logon");
        for (String step : List.of("authenticateMs", "claimMs", "cloneMs", "bootMs")) {
            assertThat(logon.path(step).isNumber()).as(step).isTrue();
            assertThat(logon.path(step).asLong()).as(step).isBetween(0L, 3_600_000L);
        }
        assertThat(logon.has("firstFrameMs"))
                .as("nobody has opened the display")
                .isFalse();
        assertThat(person.path("machines").get(0).path("username").asString()).isEqualTo("ann-person");

        f.broker.sessions().logOff(ready.session().id(), ann);
        new Http(address).post("/api/v1/login", Map.of("username", "ann-person", "password", "not this one"));
        JsonNode later = Http.json(helper.get("/api/v1/users/ann-person/overview"));
        assertThat(later.path("sessions")).isEmpty();
        assertThat(later.path("past").get(0).path("endReason").asString()).isEqualTo("LOGOFF");
        assertThat(texts(later.path("troubles"), "text")).anyMatch(text -> text.contains("wrong password"));
    }

    @Test
    void whatTheHelpdeskDoesStandsInTheAuditLinesOfThePerson() {
        Caller bob = f.newUser("bob-audit");
        Connected.Ready ready = f.connectUntilReady(bob);
        Http helper = as("helper");
        String session = "/api/v1/sessions/" + ready.session().id();
        assertThat(helper.post(session + "/message", Map.of("text", "Please save"))
                        .statusCode())
                .isEqualTo(202);
        assertThat(helper.post(session + "/disconnect", null).statusCode()).isEqualTo(200);
        assertThat(helper.post(session + "/restart", null).statusCode()).isEqualTo(202);
        assertThat(helper.post(session + "/logoff", null).statusCode()).isEqualTo(200);
        List<String> actions = texts(
                Http.json(helper.get("/api/v1/users/bob-audit/audit?limit=200")).path("items"), "action");
        assertThat(actions)
                .contains(
                        "session.message",
                        "session.disconnect",
                        "session.restart",
                        "session.logoff",
                        "session.assign",
                        "login");
        assertThat(f.broker.audit().verify().intact()).isTrue();
    }

    @Test
    void aMessageReachesThePagesOfItsUserAsPlainText() throws Exception {
        Caller eve = f.newUser("eve-message");
        Connected.Ready ready = f.connectUntilReady(eve);
        Http user = as("eve-message");
        try (var events = new EventStream(user)) {
            events.await("hello");
            HttpResponse<String> sent = as("helper")
                    .post(
                            "/api/v1/sessions/" + ready.session().id() + "/message",
                            Map.of("text", "<b>five minutes</b>", "severity", "WARNING"));
            assertThat(Http.json(sent).path("pages").asInt()).isEqualTo(1);
            JsonNode message = events.await("message");
            assertThat(message.path("text").asString()).isEqualTo("<b>five minutes</b>");
            assertThat(message.path("severity").asString()).isEqualTo("WARNING");
        }
        assertThat(Http.reason(as("helper")
                        .post("/api/v1/sessions/" + ready.session().id() + "/message", Map.of("text", "  "))))
                .isEqualTo("BAD_REQUEST");
    }

    @Test
    void theScreenOfAMachineIsAPictureForItsUserAndForWhoMaySeeIt() throws IOException, InterruptedException {
        Caller joe = f.newUser("joe-screen");
        Connected.Ready ready = f.connectUntilReady(joe);
        String path = "/api/v1/machines/" + ready.session().machineName() + "/screen?width=64";
        HttpResponse<byte[]> own =
                Http.CLIENT.send(as("joe-screen").request(path).GET().build(), HttpResponse.BodyHandlers.ofByteArray());
        assertThat(own.statusCode()).isEqualTo(200);
        assertThat(own.headers().firstValue("Content-Type")).contains("image/png");
        BufferedImage image = ImageIO.read(new ByteArrayInputStream(own.body()));
        assertThat(image.getWidth()).isEqualTo(64);
        assertThat(image.getHeight()).isEqualTo(48);
        assertThat(image.getRGB(10, 10) & 0xffffff).isEqualTo(0x336699);
        String etag = own.headers().firstValue("ETag").orElseThrow();
        assertThat(Http.send(as("joe-screen")
                                .request(path)
                                .header("If-None-Match", etag)
                                .GET())
                        .statusCode())
                .isEqualTo(304);

        f.user("nosy");
        assertThat(Http.reason(as("nosy").get(path))).isEqualTo("NOT_FOUND");
        assertThat(as("helper").get(path).statusCode()).isEqualTo(200);
        assertThat(Http.reason(as("half").get(path))).isEqualTo("NOT_FOUND");
        List<String> actions = texts(
                Http.json(as("helper").get("/api/v1/users/joe-screen/audit")).path("items"), "action");
        assertThat(actions.stream().filter("machine.screen"::equals))
                .as("looking at somebody's screen is recorded, at one's own not")
                .hasSize(1);
    }

    @Test
    void aHelpdeskOfOnePoolSeesNothingOfAnother() {
        Caller kim = f.newUser("kim-scope");
        Connected.Ready ready = f.connectUntilReady(kim);
        Http half = as("half");
        JsonNode person = Http.json(half.get("/api/v1/users/kim-scope/overview"));
        assertThat(person.path("sessions")).isEmpty();
        assertThat(person.path("machines")).isEmpty();
        String session = "/api/v1/sessions/" + ready.session().id();
        assertThat(Http.reason(half.get(session))).isEqualTo("NOT_FOUND");
        assertThat(Http.reason(half.post(session + "/logoff", null))).isEqualTo("NOT_FOUND");
        assertThat(texts(Http.json(half.get("/api/v1/pools")).path("items"), "id"))
                .containsExactly("other");
        assertThat(texts(Http.json(half.get("/api/v1/machines")).path("items"), "poolId"))
                .containsOnly("other");
        assertThat(Http.json(half.get("/api/v1/sessions")).path("items")).isEmpty();
        assertThat(Http.json(half.get("/api/v1/users/kim-scope/audit")).path("items"))
                .as("what happened in another pool")
                .isEmpty();
        f.broker
                .pools()
                .entitle(
                        "other",
                        new Pools.NewEntitlement(oriel.broker.pool.Entitlement.Kind.USER, "kim-scope"),
                        "test",
                        "");
        f.broker.claims().connect(kim, "other");
        assertThat(texts(Http.json(half.get("/api/v1/users/kim-scope/audit")).path("items"), "target"))
                .as("what happened in this one")
                .isNotEmpty()
                .allMatch(target -> target.equals("other") || target.startsWith("other-"));
        JsonNode me = Http.json(half.get("/api/v1/me"));
        assertThat(me.path("role").asString()).isEqualTo("end-user");
        assertThat(me.path("grants").get(0).path("scopeId").asString()).isEqualTo("other");
        assertThat(texts(me.path("rights"), "")).contains("session.manage");
    }

    @Test
    void aRoleThatIsTakenAwayDoesNotHoldForTheNextRequest() {
        f.user("temp");
        Http temp = as("temp");
        assertThat(Http.reason(temp.get("/api/v1/sessions"))).isEqualTo("FORBIDDEN");
        Http boss = new Http(address);
        f.user("boss-roles", Role.ADMIN);
        boss.signedIn("boss-roles", Fixture.PASSWORD);
        JsonNode grant = Http.json(
                boss.post("/api/v1/grants", Map.of("subjectKind", "user", "subject", "temp", "role", "auditor")));
        assertThat(temp.get("/api/v1/sessions").statusCode()).isEqualTo(200);
        assertThat(temp.get("/api/v1/audit").statusCode()).isEqualTo(200);
        boss.call("DELETE", "/api/v1/grants/" + grant.path("id").asString(), null);
        assertThat(Http.reason(temp.get("/api/v1/sessions"))).isEqualTo("FORBIDDEN");
    }

    private static List<String> texts(JsonNode items, String field) {
        return StreamSupport.stream(items.spliterator(), false)
                .map(item ->
                        field.isEmpty() ? item.asString() : item.path(field).asString())
                .toList();
    }
}
