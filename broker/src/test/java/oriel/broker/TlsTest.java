package oriel.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.WebSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509ExtendedTrustManager;
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
            HttpClient client = HttpClient.newBuilder().sslContext(trusting()).build();
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
        Path certificate = directory.resolve("chain.pem");
        Path key = directory.resolve("key.pem");
        write(certificate, key, "one");
        try (Fixture f = new Fixture(0, 0)) {
            f.config = f.config.encrypted(new TlsConfig(TlsConfig.Use.AUTO, certificate, key));
            f.killAndRestart();
            InetSocketAddress address = f.listen();
            assertThat(offered(address)).contains("one");
            write(certificate, key, "two");
            Files.setLastModifiedTime(certificate, FileTime.from(Instant.now().plusSeconds(5)));
            f.clock.skip(Duration.ofSeconds(11));
            assertThat(offered(address)).contains("two");
            Files.writeString(certificate, "half of a cert");
            Files.setLastModifiedTime(certificate, FileTime.from(Instant.now().plusSeconds(10)));
            f.clock.skip(Duration.ofSeconds(11));
            assertThat(offered(address)).contains("two");
        }
    }

    @Test
    void aKeyThatCannotBeUsedIsRefusedWithWhatToDo() throws Exception {
        Path certificate = directory.resolve("chain.pem");
        Path key = directory.resolve("key.pem");
        write(certificate, key, "one");
        Files.writeString(key, "-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----\n");
        assertThatThrownBy(() -> Tls.ofFiles(certificate, key, Clock.systemUTC()))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("openssl pkcs8");
    }

    private static String offered(InetSocketAddress address) throws Exception {
        try (SSLSocket socket =
                (SSLSocket) trusting().getSocketFactory().createSocket(address.getAddress(), address.getPort())) {
            socket.startHandshake();
            return ((X509Certificate) socket.getSession().getPeerCertificates()[0])
                    .getSubjectX500Principal()
                    .getName();
        }
    }

    private void write(Path certificate, Path key, String name) throws Exception {
        Path store = directory.resolve(name + ".p12");
        Process keytool = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "keytool")
                                .toString(),
                        "-genkeypair",
                        "-alias",
                        "a",
                        "-keyalg",
                        "EC",
                        "-dname",
                        "CN=" + name,
                        "-storetype",
                        "PKCS12",
                        "-keystore",
                        store.toString(),
                        "-storepass",
                        "changeit")
                .redirectErrorStream(true)
                .start();
        assertThat(keytool.waitFor()).isZero();
        KeyStore keys = KeyStore.getInstance("PKCS12");
        try (InputStream in = Files.newInputStream(store)) {
            keys.load(in, "changeit".toCharArray());
        }
        Files.writeString(
                certificate, pem("CERTIFICATE", keys.getCertificate("a").getEncoded()));
        Files.writeString(
                key,
                pem("PRIVATE KEY", keys.getKey("a", "changeit".toCharArray()).getEncoded()));
    }

    private static String pem(String what, byte[] der) {
        return "-----BEGIN " + what + "-----\n" + Base64.getMimeEncoder().encodeToString(der) + "\n-----END " + what
                + "-----\n";
    }

    private static SSLContext trusting() throws Exception {
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, new TrustManager[] {new Trusting()}, null);
        return context;
    }

    private static final class Trusting extends X509ExtendedTrustManager {
        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type) {}

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type, java.net.Socket socket) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type, java.net.Socket socket) {}

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type, javax.net.ssl.SSLEngine engine) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type, javax.net.ssl.SSLEngine engine) {}

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
        }
    }
}
