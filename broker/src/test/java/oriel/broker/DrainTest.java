package oriel.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.net.InetSocketAddress;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import oriel.broker.access.Caller;
import oriel.broker.access.Role;
import oriel.broker.problem.Reason;
import oriel.broker.problem.RefusedException;
import oriel.broker.session.Connected;
import tools.jackson.databind.JsonNode;

/** A host is taken out of service without cutting anybody short. */
class DrainTest {
    @Test
    void aDrainedHostKeepsItsSessionsTakesNoNewOnesAndStopsAfterTheLast() throws Exception {
        try (Fixture f = new Fixture(3, 1)) {
            CountDownLatch stopped = new CountDownLatch(1);
            f.broker.hosts().onDrained(stopped::countDown);
            InetSocketAddress address = f.listen();
            f.user("boss", Role.ADMIN);
            Http boss = new Http(address).signedIn("boss", Fixture.PASSWORD);
            Caller ann = f.newUser("ann");
            Connected.Ready ready = f.connectUntilReady(ann);
            Http page = new Http(address).signedIn("ann", Fixture.PASSWORD);
            try (EventStream events = new EventStream(page)) {
                events.await("hello");
                JsonNode host = Http.json(boss.post(
                        "/api/v1/hosts/fake/drain", Map.of("stop", true, "message", "Please log off by six")));
                assertThat(host.path("state").asString()).isEqualTo("DRAINING");
                assertThat(host.path("sessions").asInt()).isEqualTo(1);
                assertThat(events.await("message").path("text").asString()).isEqualTo("Please log off by six");
            }
            Caller bob = f.newUser("bob");
            assertThatThrownBy(() -> f.connect(bob))
                    .isInstanceOfSatisfying(
                            RefusedException.class, e -> assertThat(e.reason()).isEqualTo(Reason.MAINTENANCE));
            assertThat(f.connectUntilReady(ann).session().id())
                    .as("who is in comes back")
                    .isEqualTo(ready.session().id());
            assertThat(stopped.getCount()).isEqualTo(1);
            f.broker.sessions().logOff(ready.session().id(), ann);
            f.broker.controller().round();
            assertThat(stopped.await(Fixture.PATIENCE.toSeconds(), TimeUnit.SECONDS))
                    .isTrue();
            assertThat(f.connect(bob)).as("the next start is for work again").isNotNull();
        }
    }

    @Test
    void aHostThatIsResumedTakesSessionsAgain() {
        try (Fixture f = new Fixture(2, 1)) {
            f.user("boss", Role.ADMIN);
            Caller boss = f.signIn("boss");
            Caller ann = f.newUser("ann");
            f.broker.hosts().drain("fake", new oriel.broker.host.Hosts.Order(null, null), boss);
            assertThatThrownBy(() -> f.connect(ann)).isInstanceOf(RefusedException.class);
            f.broker.hosts().resume("fake", boss);
            f.connectUntilReady(ann);
            await().until(() -> f.broker.hosts().list().getFirst().sessions() == 1);
        }
    }
}
