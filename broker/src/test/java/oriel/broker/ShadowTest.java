package oriel.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.net.InetSocketAddress;
import java.util.List;
import java.util.Map;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import oriel.broker.access.Role;
import oriel.broker.access.Scope;
import oriel.broker.role.RoleGrant;
import oriel.broker.role.Roles;
import oriel.broker.session.Desktop;
import oriel.broker.shadow.Shadows;
import tools.jackson.databind.JsonNode;

/** The helpdesk watches a session if its user agrees, and as long as the user looks at it. */
class ShadowTest {
    private static Fixture f;
    private static InetSocketAddress address;

    @BeforeAll
    static void start() {
        f = new Fixture(6, 1);
        address = f.listen();
        f.user("helper", Role.HELPDESK);
        f.user("second", Role.HELPDESK);
    }

    @AfterAll
    static void stop() {
        f.close();
    }

    private static Http as(String name) {
        return new Http(address).signedIn(name, Fixture.PASSWORD);
    }

    private record Watched(Http user, String session, DisplayClient display) {}

    private static Watched connected(String name) throws Exception {
        f.user(name);
        Http user = as(name);
        JsonNode ready = await().until(
                        () -> Http.json(user.post("/api/v1/desktops/demo/connect", null)),
                        json -> json.path("state").asString().equals("READY"));
        DisplayClient display = new DisplayClient(user, ready);
        f.awaitState(f.signIn(name), Desktop.State.CONNECTED);
        return new Watched(user, "/api/v1/sessions/" + ready.path("sessionId").asString(), display);
    }

    private static String allowed(Http helper, Watched watched) {
        JsonNode asked = Http.json(helper.post(watched.session() + "/shadow", Map.of("reason", "You called")));
        String path = watched.session() + "/shadow/" + asked.path("id").asString();
        assertThat(Http.json(watched.user().post(path + "/answer", Map.of("allow", true)))
                        .path("state")
                        .asString())
                .isEqualTo("GRANTED");
        return path;
    }

    @Test
    void whoIsAllowedToSeesWhatTheUserSeesAndTouchesNothing() throws Exception {
        Watched ann = connected("ann");
        Http helper = as("helper");
        try (EventStream page = new EventStream(ann.user());
                EventStream console = new EventStream(helper)) {
            page.await("hello");
            console.await("hello");
            JsonNode asked = Http.json(helper.post(ann.session() + "/shadow", Map.of("reason", "You called")));
            assertThat(asked.path("state").asString()).isEqualTo("ASKED");
            JsonNode question = page.await("shadow");
            assertThat(question.path("requester").asString()).isEqualTo("helper");
            assertThat(question.path("reason").asString()).isEqualTo("You called");
            String path = ann.session() + "/shadow/" + asked.path("id").asString();
            assertThat(Http.reason(helper.post(path + "/ticket", null)))
                    .as("nobody has agreed")
                    .isEqualTo("FORBIDDEN");
            assertThat(Http.reason(helper.post(path + "/answer", Map.of("allow", true))))
                    .as("the answer is the user's")
                    .isEqualTo("NOT_FOUND");
            ann.user().post(path + "/answer", Map.of("allow", true));
            console.await("shadow", shadow -> shadow.path("state").asString().equals("GRANTED"));

            JsonNode ticket = Http.json(helper.post(path + "/ticket", null));
            assertThat(ticket.path("rights").get(0).asString()).isEqualTo("view");
            DisplayClient watching = new DisplayClient(helper, ticket);
            page.await("shadow", shadow -> shadow.path("watching").asBoolean());
            watching.press('x');
            ann.display().press('y');
            await().until(() -> !f.host.keys.isEmpty());
            assertThat(f.host.keys).as("only the user's key arrives").hasSize(1);
            assertThat(f.desktop(f.signIn("ann")).state()).isEqualTo(Desktop.State.CONNECTED);

            ann.user().call("DELETE", path, null);
            assertThat(watching.closedWith()).isEqualTo(4002);
            page.await("shadow", shadow -> shadow.path("state").asString().equals("ENDED"));
            assertThat(Http.reason(helper.post(path + "/ticket", null))).isEqualTo("FORBIDDEN");
            ann.display().press('z');
            await().until(() -> f.host.keys.size() == 2);
        }
        List<String> actions = StreamSupport.stream(
                        Http.json(helper.get("/api/v1/users/ann/audit?limit=100"))
                                .path("items")
                                .spliterator(),
                        false)
                .map(record -> record.path("action").asString())
                .toList();
        assertThat(actions).contains("shadow.ask", "shadow.allow", "shadow.watch", "shadow.end");
    }

    @Test
    void aUserWhoSaysNoOrNothingIsNotWatched() throws Exception {
        Watched bob = connected("bob");
        Http helper = as("helper");
        JsonNode asked = Http.json(helper.post(bob.session() + "/shadow", "{}"));
        String path = bob.session() + "/shadow/" + asked.path("id").asString();
        assertThat(Http.reason(as("second").post(bob.session() + "/shadow", "{}")))
                .as("one at a time")
                .isEqualTo("CONFLICT");
        bob.user().post(path + "/answer", Map.of("allow", false));
        assertThat(Http.reason(helper.post(path + "/ticket", null))).isEqualTo("FORBIDDEN");
        assertThat(Http.reason(bob.user().post(path + "/answer", Map.of("allow", true))))
                .isEqualTo("CONFLICT");

        JsonNode again = Http.json(helper.post(bob.session() + "/shadow", "{}"));
        String late = bob.session() + "/shadow/" + again.path("id").asString();
        f.clock.skip(Shadows.TIME_TO_ANSWER);
        assertThat(Http.reason(bob.user().post(late + "/answer", Map.of("allow", true))))
                .isEqualTo("CONFLICT");
        f.broker.shadows().sweep();
        assertThat(Http.json(bob.user().get(late)).path("state").asString()).isEqualTo("EXPIRED");
        assertThat(Http.json(bob.user().get(bob.session() + "/shadow")).path("items"))
                .isEmpty();
    }

    @Test
    void consentEndsWhenTheUserLooksAwayOrAfterHalfAnHour() throws Exception {
        Watched eve = connected("eve");
        Http helper = as("helper");
        String path = allowed(helper, eve);
        DisplayClient watching = new DisplayClient(helper, Http.json(helper.post(path + "/ticket", null)));
        await().until(() -> Http.json(eve.user().get(path)).path("watching").asBoolean());
        eve.display().drop();
        assertThat(watching.closedWith()).isEqualTo(4002);
        assertThat(Http.reason(helper.post(eve.session() + "/shadow", "{}")))
                .as("nobody is there to agree")
                .isEqualTo("NOT_READY");

        Watched joe = connected("joe");
        String other = allowed(helper, joe);
        String ticket = helper.post(other + "/ticket", null).body();
        f.clock.skip(Shadows.LONGEST);
        assertThat(f.broker
                        .tickets()
                        .redeem(Http.JSON.readTree(ticket).path("ticket").asString()))
                .isEmpty();
        f.broker.shadows().sweep();
        assertThat(Http.json(joe.user().get(other)).path("state").asString()).isEqualTo("ENDED");
    }

    @Test
    void theWatcherGoesWithTheSessionAndWithTheirOwnSignIn() throws Exception {
        Watched kim = connected("kim");
        Http helper = as("helper");
        String path = allowed(helper, kim);
        DisplayClient first = new DisplayClient(helper, Http.json(helper.post(path + "/ticket", null)));
        await().until(() -> Http.json(kim.user().get(path)).path("watching").asBoolean());
        helper.post("/api/v1/logout", null);
        assertThat(first.closedWith()).isEqualTo(4002);

        Http back = as("helper");
        DisplayClient second = new DisplayClient(back, Http.json(back.post(path + "/ticket", null)));
        await().until(() -> Http.json(kim.user().get(path)).path("watching").asBoolean());
        kim.user().post(kim.session() + "/logoff", null);
        assertThat(second.closedWith()).isIn(4000, 4002);
        assertThat(Http.json(kim.user().get(path)).path("state").asString()).isEqualTo("ENDED");
    }

    @Test
    void takingTheRoleAwayCutsWhoWatchesByIt() throws Exception {
        Watched lea = connected("lea");
        f.user("assistant");
        var given = f.broker
                .roles()
                .give(
                        new Roles.NewGrant(RoleGrant.Subject.USER, "assistant", Role.HELPDESK, Scope.Kind.POOL, "demo"),
                        "test",
                        "");
        Http assistant = as("assistant");
        String path = allowed(assistant, lea);
        DisplayClient watching = new DisplayClient(assistant, Http.json(assistant.post(path + "/ticket", null)));
        await().until(() -> Http.json(lea.user().get(path)).path("watching").asBoolean());
        f.broker.roles().take(given.id(), "test", "");
        assertThat(watching.closedWith()).isEqualTo(4002);
        assertThat(Http.json(lea.user().get(path)).path("state").asString()).isEqualTo("ENDED");
    }
}
