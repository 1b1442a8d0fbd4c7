package oriel.broker;

import java.io.IOException;
import java.net.InetAddress;
import java.net.URI;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLSocket;

/** Answers in a broker's place, with a certificate of its own, and keeps what it is told. */
final class Impostor implements AutoCloseable {
    private final SSLServerSocket server;
    /** Connections that came. */
    final AtomicInteger visits = new AtomicInteger();
    /** What was said under encryption. */
    final List<String> heard = new CopyOnWriteArrayList<>();

    Impostor(SSLContext shows) throws IOException {
        server = (SSLServerSocket)
                shows.getServerSocketFactory().createServerSocket(0, 50, InetAddress.getLoopbackAddress());
        Thread.ofVirtual().name("impostor").start(this::accept);
    }

    URI address() {
        return URI.create("https://127.0.0.1:" + server.getLocalPort());
    }

    private void accept() {
        while (!server.isClosed()) {
            try {
                SSLSocket socket = (SSLSocket) server.accept();
                visits.incrementAndGet();
                Thread.ofVirtual().start(() -> listen(socket));
            } catch (IOException e) {
                // Closed, or somebody who hung up.
            }
        }
    }

    private void listen(SSLSocket socket) {
        try (socket) {
            socket.startHandshake();
            byte[] buffer = new byte[4096];
            for (int read = socket.getInputStream().read(buffer);
                    read >= 0;
                    read = socket.getInputStream().read(buffer)) {
                heard.add(new String(buffer, 0, read, java.nio.charset.StandardCharsets.ISO_8859_1));
            }
        } catch (IOException e) {
            // The other side did not like the certificate.
        }
    }

    @Override
    public void close() throws IOException {
        server.close();
    }
}
