package oriel.broker.web;

import java.util.List;
import java.util.regex.Pattern;

/**
 * One operation of the API.
 *
 * @param method HTTP method
 * @param path as in the contract, with parameters in braces
 * @param access what it asks of its caller
 * @param handler what it does
 */
public record Route(String method, String path, Access access, Handler handler) {
    private static final Pattern SLASH = Pattern.compile("/");

    /** What a route does. Runs on a virtual thread; may block. */
    @FunctionalInterface
    public interface Handler {
        /** Answers a request that may be answered. */
        Response handle(Request request);
    }

    List<String> segments() {
        return segments(path);
    }

    static List<String> segments(String path) {
        return List.of(SLASH.split(path, -1));
    }
}
