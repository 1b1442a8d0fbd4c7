package oriel.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.WebSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import oriel.broker.BrokerConfig.TlsConfig;
import oriel.broker.web.Tls;

/** Encrypted connections: who gets them, and with which certificate. */
class TlsTest {
    @TempDir
    Path directory;

    @Test
    void signInDisplaysAndPagesAreBehindOneEncryptedPort() throws Exception {
        try (Fixture f = new Fixture(1, 0)) {
            f.config = f.config.encrypted(new TlsConfig(TlsConfig.Use.ON, null, null));
            f.killAndRestart();
            InetSocketAddress address = f.listen();
            assertThat(f.broker.encryption().orElseThrow().isSelfSigned()).isTrue();
            URI server = URI.create("https://127.0.0.1:" + address.getPort());
            f.user("ann");
            HttpClient client = HttpClient.newBuilder()
                    .sslContext(TestCertificate.trustingAll())
                    .build();
            HttpResponse<String> login = client.send(
                    HttpRequest.newBuilder(server.resolve("/api/v1/login"))
                            .header("X-Oriel-Request", "1")
                            .header("Content-Type", "application/json")
                            .POST(HttpRequest.BodyPublishers.ofString(
                                    "{\"username\":\"ann\",\"password\":\"" + Fixture.PASSWORD + "\"}"))
                            .build(),
                    HttpResponse.BodyHandlers.ofString());
            assertThat(login.statusCode()).as(login.body()).isEqualTo(200);
            assertThat(login.headers().firstValue("Set-Cookie").orElseThrow()).endsWith("; Secure");

            CompletableFuture<Integer> closed = new CompletableFuture<>();
            client.newWebSocketBuilder()
                    .subprotocols("binary", "oriel.ticket.none")
                    .header("Origin", server.toString())
                    .buildAsync(
                            URI.create("wss://127.0.0.1:" + address.getPort() + "/display"), new WebSocket.Listener() {
                                @Override
                                public CompletionStage<?> onClose(WebSocket socket, int code, String reason) {
                                    closed.complete(code);
                                    return CompletableFuture.completedFuture(null);
                                }
                            })
                    .exceptionally(e -> {
                        closed.completeExceptionally(e);
                        return null;
                    });
            assertThat(closed.get(20, TimeUnit.SECONDS))
                    .as("refused by the gateway behind")
                    .isEqualTo(4401);
        }
    }

    @Test
    void aRenewedCertificateIsOfferedWithoutARestartAndABrokenOneIsNot() throws Exception {
        TlsConfig files = TestCertificate.of(directory, "one").writeTo(directory);
        TestCertificate two = TestCertificate.of(directory, "two");
        Path chain = directory.resolve("chain.pem");
        try (Fixture f = new Fixture(0, 0)) {
            f.config = f.config.encrypted(files);
            f.killAndRestart();
            InetSocketAddress address = f.listen();
            assertThat(TestCertificate.shownAt(address)).contains("one");
            two.writeTo(directory);
            f.clock.skip(Duration.ofSeconds(11));
            assertThat(TestCertificate.shownAt(address)).contains("two");
            Files.writeString(chain, "half of a cert");
            Files.setLastModifiedTime(chain, FileTime.from(Instant.now().plusSeconds(60)));
            f.clock.skip(Duration.ofSeconds(11));
            assertThat(TestCertificate.shownAt(address)).contains("two");
        }
    }

    @Test
    void aRenewalIsTakenWhenItsKeyIsThereToo() throws Exception {
        TlsConfig files = TestCertificate.of(directory, "one").writeTo(directory);
        TestCertificate two = TestCertificate.of(directory, "two");
        try (Fixture f = new Fixture(0, 0)) {
            f.config = f.config.encrypted(files);
            f.killAndRestart();
            InetSocketAddress address = f.listen();
            two.writeChain(directory.resolve("chain.pem"));
            f.clock.skip(Duration.ofSeconds(11));
            assertThat(TestCertificate.shownAt(address))
                    .as("a certificate without its key is of no use")
                    .contains("one");
            two.writeKey(directory.resolve("key.pem"));
            f.clock.skip(Duration.ofSeconds(11));
            assertThat(TestCertificate.shownAt(address)).contains("two");
        }
    }

    @Test
    void aKeyThatCannotBeUsedIsRefusedWithWhatToDo() throws Exception {
        TestCertificate.of(directory, "one").writeTo(directory);
        Path certificate = directory.resolve("chain.pem");
        Path key = directory.resolve("key.pem");
        Files.writeString(key, "-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----\n");
        assertThatThrownBy(() -> Tls.ofFiles(certificate, key, Clock.systemUTC()))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("openssl pkcs8");
    }
}
