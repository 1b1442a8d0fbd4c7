package oriel.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.net.InetSocketAddress;
import java.net.http.HttpResponse;
import java.net.http.WebSocketHandshakeException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import oriel.broker.access.Caller;
import oriel.broker.pool.PoolPolicy;
import oriel.broker.session.Connected;
import tools.jackson.databind.JsonNode;

/**
 * TLS between brokers: each trusts what another has registered, and tells nothing to anybody else. The page talks to
 * the first broker; the desktop runs at the second.
 */
class PeerTlsTest {
    @TempDir
    Path directory;

    /** Two encrypted brokers, and a user who has a desktop at the second. */
    private static final class Pair implements AutoCloseable {
        final Fixture f = new Fixture(0, 0);
        final SecondBroker second;
        final InetSocketAddress address;
        final Http user;
        final Connected.Ready desktop;

        Pair(BrokerConfig.TlsConfig shown, UnaryOperator<BrokerConfig> options) throws Exception {
            f.config = f.config.encrypted(new BrokerConfig.TlsConfig(BrokerConfig.TlsConfig.Use.ON, null, null));
            f.killAndRestart();
            second = new SecondBroker(f, config -> options.apply(config.encrypted(shown)));
            address = second.listen();
            f.resize(1, 1, SecondBroker.only());
            f.policy(PoolPolicy.changes().fileDrop(PoolPolicy.FileDrop.TO_GUEST).build());
            Caller ann = f.newUser("ann");
            desktop = f.connectUntilReady(ann);
            user = Http.encrypted(f.listen()).signedIn("ann", Fixture.PASSWORD);
        }

        HttpResponse<String> screen() {
            return user.get("/api/v1/machines/" + desktop.session().machineName() + "/screen?width=64");
        }

        HttpResponse<String> file() {
            return user.putNote(desktop.session().id());
        }

        /** What the second broker has registered. */
        String registered() {
            return f.broker
                    .store()
                    .call(tx -> tx.first(
                                    String.class,
                                    "select certificate from HostRegistration where host = ?1",
                                    SecondBroker.NAME)
                            .orElseThrow());
        }

        DisplayClient display() throws Exception {
            JsonNode ready = await().until(
                            () -> Http.json(user.post("/api/v1/desktops/demo/connect", null)),
                            json -> json.path("state").asString().equals("READY"));
            return new DisplayClient(user, ready);
        }

        @Override
        public void close() {
            second.close();
            f.close();
        }
    }

    @Test
    void screensFilesAndDisplaysComeFromABrokerThatShowsWhatItHasRegistered() throws Exception {
        try (Pair pair = new Pair(TestCertificate.of(directory, "two").writeTo(directory), config -> config)) {
            HttpResponse<String> screen = pair.screen();
            assertThat(screen.statusCode()).as(screen.body()).isEqualTo(200);
            HttpResponse<String> file = pair.file();
            assertThat(file.statusCode()).as(file.body()).isEqualTo(200);
            DisplayClient display = pair.display();
            await().until(() -> pair.second.broker.displays().count() == 1);
            display.press('a');
            await().until(() -> pair.second.host.keys.size() == 1);
        }
    }

    @Test
    void whoShowsAnotherCertificateIsToldNothing() throws Exception {
        try (Impostor impostor =
                        new Impostor(TestCertificate.of(directory, "impostor").shown());
                Pair pair = new Pair(
                        TestCertificate.of(directory, "two").writeTo(directory),
                        config -> config.reachedByPeersAt(impostor.address()))) {
            for (HttpResponse<String> refused : List.of(pair.screen(), pair.file())) {
                assertThat(refused.statusCode()).as(refused.body()).isEqualTo(502);
                assertThat(Http.reason(refused)).isEqualTo("PEER_CERTIFICATE");
                assertThat(Http.json(refused).path("detail").asString())
                        .contains("\"second\"", "nothing was sent", "broker.address");
                assertThat(refused.headers().firstValue("Retry-After")).isPresent();
            }
            int before = impostor.visits.get();
            assertThatThrownBy(pair::display)
                    .isInstanceOf(ExecutionException.class)
                    .hasCauseInstanceOf(WebSocketHandshakeException.class);
            assertThat(impostor.visits.get()).as("the display was tried there").isGreaterThan(before);
            assertThat(impostor.heard)
                    .as("no cookie, no ticket, not even what was asked for")
                    .isEmpty();
        }
    }

    @Test
    void aRenewedCertificateIsTrustedOnceItsBrokerHasRegisteredIt() throws Exception {
        TestCertificate renewed = TestCertificate.of(directory, "renewed");
        try (Pair pair = new Pair(TestCertificate.of(directory, "two").writeTo(directory), config -> config)) {
            DisplayClient old = pair.display();
            assertThat(pair.screen().statusCode()).isEqualTo(200);
            renewed.writeTo(directory);
            pair.f.clock.skip(Duration.ofSeconds(11));
            // Nobody needs to have been refused for it: the broker looks at its files by itself.
            String fingerprint = renewed.fingerprint();
            await().until(() -> pair.registered().equals(fingerprint));
            assertThat(TestCertificate.shownAt(pair.address)).contains("renewed");
            HttpResponse<String> screen = pair.screen();
            assertThat(screen.statusCode()).as(screen.body()).isEqualTo(200);
            assertThat(pair.file().statusCode()).isEqualTo(200);
            old.press('a');
            await("what was open stays open").until(() -> pair.second.host.keys.size() == 1);
            DisplayClient display = pair.display();
            display.press('b');
            await().until(() -> pair.second.host.keys.size() == 2);
        }
    }
}
