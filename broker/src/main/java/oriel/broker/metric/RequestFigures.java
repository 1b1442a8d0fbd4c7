package oriel.broker.metric;

import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;

/** Counts requests and how long they took. Thread-safe. */
public final class RequestFigures {
    private static final double[] SECONDS = {0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10};

    private final Map<String, LongAdder> counts = new ConcurrentHashMap<>();
    private final LongAdder[] buckets = new LongAdder[SECONDS.length + 1];
    private final LongAdder nanos = new LongAdder();

    /** None yet. */
    public RequestFigures() {
        for (int i = 0; i < buckets.length; i++) {
            buckets[i] = new LongAdder();
        }
    }

    /** A request was answered. */
    public void answered(String method, int status, long took) {
        counts.computeIfAbsent(method + " " + status / 100 + "xx", key -> new LongAdder())
                .increment();
        double seconds = took / 1e9;
        int bucket = 0;
        while (bucket < SECONDS.length && seconds > SECONDS[bucket]) {
            bucket++;
        }
        buckets[bucket].increment();
        nanos.add(took);
    }

    void write(Exposition out) {
        out.family("oriel_http_requests_total", "counter", "Requests answered.");
        new TreeMap<>(counts)
                .forEach((key, count) ->
                        out.sample("oriel_http_requests_total", Map.of("request", key), (double) count.sum()));
        out.family("oriel_http_request_seconds", "histogram", "How long requests took, but for event streams.");
        long total = 0;
        for (int i = 0; i < SECONDS.length; i++) {
            total += buckets[i].sum();
            out.sample("oriel_http_request_seconds_bucket", Map.of("le", Double.toString(SECONDS[i])), (double) total);
        }
        total += buckets[SECONDS.length].sum();
        out.sample("oriel_http_request_seconds_bucket", Map.of("le", "+Inf"), (double) total);
        out.sample("oriel_http_request_seconds_sum", Map.of(), nanos.sum() / 1e9);
        out.sample("oriel_http_request_seconds_count", Map.of(), (double) total);
    }
}
