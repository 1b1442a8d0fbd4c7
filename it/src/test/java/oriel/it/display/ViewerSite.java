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

/** Serves a viewer, and a page that holds nothing else. */
public final class ViewerSite implements AutoCloseable {
    /** Whose viewer. */
    public enum Client {
        /** noVNC as npm has it. */
        NOVNC("node_modules/@novnc/novnc", "core/rfb.js", "novnc.html"),
        /** The web client's own, as its build leaves it for tests. */
        ORIEL("target/viewer", "display.js", "viewer.html");

        private final String folder;
        private final String entry;
        private final String page;

        Client(String folder, String entry, String page) {
            this.folder = folder;
            this.entry = entry;
            this.page = page;
        }

        private Path folder() {
            return Path.of(System.getProperty("oriel.home", ".."), "webclient").resolve(folder);
        }

        /** Whether it is there: the web client's build puts it there. */
        public boolean isInstalled() {
            return Files.isRegularFile(folder().resolve(entry));
        }
    }

    private static final String PREFIX = "/viewer/";

    private final Client client;
    private final HttpServer server;

    /** Starts serving on a loopback port. */
    public ViewerSite(Client client) throws IOException {
        this.client = client;
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", this::answer);
        server.start();
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

    private byte[] page() throws IOException {
        try (InputStream in = ViewerSite.class.getResourceAsStream(client.page)) {
            if (in == null) {
                throw new IOException(client.page + " is not on the class path");
            }
            return in.readAllBytes();
        }
    }

    private byte[] file(String path) throws IOException {
        Path folder = client.folder();
        Path file = path.startsWith(PREFIX)
                ? folder.resolve(path.substring(PREFIX.length())).normalize()
                : folder;
        return file.startsWith(folder) && Files.isRegularFile(file) ? Files.readAllBytes(file) : new byte[0];
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
     * @param quality Tight's quality level, 0 to 9
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
