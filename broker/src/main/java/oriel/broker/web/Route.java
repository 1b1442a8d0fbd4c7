package oriel.broker.web;

import java.util.List;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * One operation of the API.
 *
 * @param method HTTP method
 * @param path as in the contract, with parameters in braces
 * @param access what it asks of its caller
 * @param handler what it does
 * @param machine the machine that a request needs in the process that answers; null if any broker can answer
 */
public record Route(
        String method,
        String path,
        Access access,
        Handler handler,
        @Nullable Function<Request, String> machine) {
    private static final Pattern SLASH = Pattern.compile("/");

    /** One that any broker can answer. */
    public Route(String method, String path, Access access, Handler handler) {
        this(method, path, access, handler, null);
    }

    /** The broker answers in whose process a machine runs. */
    public Route where(Function<Request, String> needed) {
        return new Route(method, path, access, handler, needed);
    }

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
