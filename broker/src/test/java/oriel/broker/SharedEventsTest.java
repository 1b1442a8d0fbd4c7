package oriel.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.net.InetSocketAddress;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import oriel.broker.access.Caller;
import oriel.broker.access.Role;
import oriel.broker.host.NamedHost;
import oriel.broker.identity.TestPasswords;
import oriel.broker.session.Desktop;
import tools.jackson.databind.JsonNode;

/** Two brokers on one database: the pages and displays of one hear of what the other does. */
class SharedEventsTest {
    private static Broker another(Fixture f) throws Exception {
        // The second one has no machines of its own.
        Broker broker = Broker.open(
                f.config.running(f.config.machines().of("second")),
                new NamedHost("second", new FakeHost()),
                TestPasswords.quick(),
                f.clock);
        broker.startMachines();
        return broker;
    }

    @Test
    void pagesOfOneBrokerShowWhatHappensAtTheOther() throws Exception {
        try (Fixture f = new Fixture(1, 1);
                Broker second = another(f)) {
            f.user("boss", Role.ADMIN);
            Caller ann = f.newUser("ann");
            InetSocketAddress address = second.listen();
            Http boss = new Http(address).signedIn("boss", Fixture.PASSWORD);
            Http user = new Http(address).signedIn("ann", Fixture.PASSWORD);
            try (EventStream console = new EventStream(boss);
                    EventStream page = new EventStream(user)) {
                console.await("hello");
                page.await("hello");
                String session = f.connectUntilReady(ann).session().id().toString();
                page.await(
                        "desktop", desktop -> desktop.path("state").asString().equals("READY"));
                console.await(
                        "changed", changed -> changed.path("id").asString().equals(session));
                f.broker
                        .messages()
                        .send(UUID.fromString(session), new oriel.broker.session.Message("lunch", null), ann);
                JsonNode message = page.await("message");
                assertThat(message.path("text").asString()).isEqualTo("lunch");
            }
        }
    }

    @Test
    void aDisplayIsCutByTheBrokerThatHasItWhereverTheSessionEnds() throws Exception {
        try (Fixture f = new Fixture(1, 1);
                Broker second = another(f)) {
            f.user("ann");
            Http user = new Http(f.listen()).signedIn("ann", Fixture.PASSWORD);
            JsonNode ready = await().until(
                            () -> Http.json(user.post("/api/v1/desktops/demo/connect", null)),
                            json -> json.path("state").asString().equals("READY"));
            DisplayClient display = new DisplayClient(user, ready);
            Caller ann = f.signIn("ann");
            f.awaitState(ann, Desktop.State.CONNECTED);
            f.user("boss", Role.ADMIN);
            Http elsewhere = new Http(second.listen()).signedIn("boss", Fixture.PASSWORD);
            elsewhere.post("/api/v1/sessions/" + ready.path("sessionId").asString() + "/logoff", Map.of());
            assertThat(display.closedWith()).isEqualTo(4000);
        }
    }
}
