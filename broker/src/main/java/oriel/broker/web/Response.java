package oriel.broker.web;

import java.io.IOException;
import java.io.OutputStream;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * An answer.
 *
 * @param status HTTP status
 * @param body written as JSON; text if it is a {@link Text}; a {@link Stream} is written by itself
 * @param headers more headers
 */
public record Response(int status, @Nullable Object body, Map<String, String> headers) {
    /** Copies the headers. */
    public Response {
        headers = Map.copyOf(headers);
    }

    /** 200 with a body. */
    public static Response ok(Object body) {
        return new Response(200, body, Map.of());
    }

    /** 201 with a body. */
    public static Response created(Object body) {
        return new Response(201, body, Map.of());
    }

    /** 202 with a body. */
    public static Response accepted(Object body) {
        return new Response(202, body, Map.of());
    }

    /** 303: go there. */
    public static Response seeOther(String location) {
        return new Response(303, null, Map.of("Location", location));
    }

    /** 204. */
    public static Response nothing() {
        return new Response(204, null, Map.of());
    }

    /** With one more header. */
    public Response with(String name, String value) {
        Map<String, String> more = new java.util.HashMap<>(headers);
        more.put(name, value);
        return new Response(status, body, more);
    }

    /** A body that is no JSON. */
    public record Text(String contentType, String text) {}

    /** A body of bytes. */
    @SuppressWarnings("ArrayRecordComponent") // bytes, written once and never compared
    public record Bytes(String contentType, byte[] bytes) {}

    /** A body that is written over time. */
    public record Stream(String contentType, Writer writer) {}

    /** Writes a stream. */
    @FunctionalInterface
    public interface Writer {
        /** Writes until there is no more to write; an exception means that the client is gone. */
        void write(OutputStream out) throws IOException, InterruptedException;
    }
}
