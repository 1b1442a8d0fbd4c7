package oriel.broker;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.http.HttpResponse;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;

/** A page's stream of events. */
final class EventStream implements AutoCloseable {
    private record Event(String name, String data) {}

    private final BlockingQueue<Event> events = new LinkedBlockingQueue<>();
    private final Stream<String> lines;

    EventStream(Http http) throws IOException, InterruptedException {
        this(http, "/api/v1/events");
    }

    EventStream(Http http, String path) throws IOException, InterruptedException {
        HttpResponse<Stream<String>> response =
                Http.CLIENT.send(http.request(path).GET().build(), HttpResponse.BodyHandlers.ofLines());
        assertThat(response.statusCode()).as(path).isEqualTo(200);
        lines = response.body();
        Thread.ofVirtual().start(() -> {
            String name = "";
            try {
                for (String line : (Iterable<String>) lines::iterator) {
                    if (line.startsWith("event: ")) {
                        name = line.substring(7);
                    } else if (line.startsWith("data: ")) {
                        events.add(new Event(name, line.substring(6)));
                    }
                }
            } catch (RuntimeException e) {
                // The stream was closed.
            }
        });
    }

    /** The data of the next event of a name; others before it are passed over. */
    JsonNode await(String name) throws InterruptedException {
        return await(name, data -> true);
    }

    JsonNode await(String name, Predicate<JsonNode> which) throws InterruptedException {
        while (true) {
            Event event = events.poll(Fixture.PATIENCE.toSeconds(), TimeUnit.SECONDS);
            assertThat(event).as("event " + name).isNotNull();
            JsonNode data = Http.JSON.readTree(event.data());
            if (event.name().equals(name) && which.test(data)) {
                return data;
            }
        }
    }

    @Override
    public void close() {
        lines.close();
    }
}
