package oriel.broker;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetSocketAddress;
import org.junit.jupiter.api.Test;
import oriel.broker.access.Caller;
import oriel.broker.access.Role;
import oriel.broker.session.Connected;
import tools.jackson.databind.JsonNode;

/** What a session's machine uses just now. */
class LiveFiguresTest {
    @Test
    void theHelpdeskAndTheUserSeeWhatAMachineUsesUntilTheSessionEnds() throws Exception {
        try (Fixture f = new Fixture(2, 1)) {
            InetSocketAddress address = f.listen();
            f.user("helper", Role.HELPDESK);
            f.user("nosy");
            Caller ann = f.newUser("ann");
            Connected.Ready ready = f.connectUntilReady(ann);
            String path = "/api/v1/sessions/" + ready.session().id() + "/metrics";
            Http helper = new Http(address).signedIn("helper", Fixture.PASSWORD);
            JsonNode figures = Http.json(helper.get(path));
            assertThat(figures.path("machine").asString())
                    .isEqualTo(ready.session().machineName());
            JsonNode first = figures.path("samples").get(0);
            assertThat(first.path("memoryBytes").asLong()).isEqualTo(128 << 20);
            assertThat(first.path("guestUsedBytes").asLong()).isEqualTo(28 << 20);
            assertThat(first.path("sharedMemoryBytes").asLong()).isEqualTo(16 << 20);
            assertThat(first.path("balloonedBytes").asLong()).isEqualTo(8 << 20);
            assertThat(first.has("traffic")).as("a rate needs two looks").isFalse();
            assertThat(first.has("display")).as("nobody looks").isFalse();

            Http user = new Http(address).signedIn("ann", Fixture.PASSWORD);
            DisplayClient display =
                    new DisplayClient(user, Http.json(user.post("/api/v1/desktops/demo/connect", null)));
            try (EventStream events = new EventStream(user, path + "/events")) {
                events.await("metrics");
                JsonNode sample = events.await("sample", data -> data.has("display"));
                assertThat(sample.path("cpuPercent").asDouble()).isBetween(20.0, 30.0);
                assertThat(sample.path("cpuReadyPercent").asDouble()).isBetween(8.0, 12.0);
                assertThat(sample.path("traffic").path("diskRead").asLong()).isBetween(3_500L, 4_500L);
                assertThat(sample.path("traffic").path("networkSent").asLong()).isBetween(2_500L, 3_500L);
                assertThat(sample.path("display").path("backlogBytes").isNumber())
                        .isTrue();
                user.post("/api/v1/sessions/" + ready.session().id() + "/logoff", null);
                events.await("ended");
            }
            assertThat(display.closedWith()).isEqualTo(4000);
            assertThat(Http.reason(helper.get(path))).isEqualTo("SESSION_ENDED");
            assertThat(Http.reason(
                            new Http(address).signedIn("nosy", Fixture.PASSWORD).get(path)))
                    .isEqualTo("NOT_FOUND");
            assertThat(Http.reason(helper.get("/api/v1/machines/demo-2/metrics")))
                    .as("it is off, or was the one")
                    .isIn("NOT_READY", "");
        }
    }
}
