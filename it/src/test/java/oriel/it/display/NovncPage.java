package oriel.it.display;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Serves noVNC as its package has it, and a page that holds nothing else. */
public final class NovncPage implements AutoCloseable {
    private static final String PREFIX = "/novnc/";

    private final Path novnc;
    private final HttpServer server;

    /** Starts serving on a loopback port. */
    public NovncPage() throws IOException {
        novnc = folder();
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", this::answer);
        server.start();
    }

    /** Where npm put noVNC when the web client was built. */
    private static Path folder() {
        return Path.of(System.getProperty("oriel.home", ".."), "webclient/node_modules/@novnc/novnc");
    }

    /** Whether noVNC is there. */
    public static boolean isInstalled() {
        return Files.isRegularFile(folder().resolve("core/rfb.js"));
    }

    private void answer(HttpExchange exchange) throws IOException {
        try (exchange) {
            String path = exchange.getRequestURI().getPath();
            byte[] body = path.equals("/") ? page() : file(path);
            String type = path.endsWith(".js") ? "text/javascript" : "text/html; charset=utf-8";
            exchange.getResponseHeaders().set("Content-Type", type);
            exchange.sendResponseHeaders(body.length == 0 ? 404 : 200, body.length == 0 ? -1 : body.length);
            exchange.getResponseBody().write(body);
        }
    }

    private static byte[] page() throws IOException {
        try (InputStream in = NovncPage.class.getResourceAsStream("novnc.html")) {
            if (in == null) {
                throw new IOException("novnc.html is not on the class path");
            }
            return in.readAllBytes();
        }
    }

    private byte[] file(String path) throws IOException {
        Path file = path.startsWith(PREFIX)
                ? novnc.resolve(path.substring(PREFIX.length())).normalize()
                : novnc;
        return file.startsWith(novnc) && Files.isRegularFile(file) ? Files.readAllBytes(file) : new byte[0];
    }

    /** The page's origin. */
    public String origin() {
        return "http://127.0.0.1:" + server.getAddress().getPort();
    }

    /**
     * The address of the page that shows a display.
     *
     * @param port the WebSocket's, on loopback
     * @param ticket a sub-protocol offered besides {@code binary}, or none if empty
     * @param quality noVNC's quality level
     */
    public String address(int port, String ticket, int quality) {
        String url = URLEncoder.encode("ws://127.0.0.1:" + port + "/display", StandardCharsets.UTF_8);
        List<String> protocols = ticket.isEmpty() ? List.of("binary") : List.of("binary", ticket);
        return origin() + "/?quality=" + quality + "&url=" + url + "&protocol=" + String.join("&protocol=", protocols);
    }

    @Override
    public void close() {
        server.stop(0);
    }
}
