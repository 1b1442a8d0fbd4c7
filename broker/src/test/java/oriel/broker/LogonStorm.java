package oriel.broker;

import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * Many people who sign in and connect at once, at whichever of several brokers answers, as behind a load balancer. Half of
 * those who get a desktop leave their trace there and log off.
 */
final class LogonStorm {
    /** What somebody has been told last and may rely on. */
    record Held(String session, String machine) {}

    private final List<InetSocketAddress> brokers;
    private final Function<String, FakeHost> hostOf;
    private final List<Thread> threads = new ArrayList<>();
    /** Who has which desktop, as far as they know; whoever asked to log off and got no answer is not in it. */
    final Map<String, Held> held = new ConcurrentHashMap<>();
    /** Sign-ins that a broker has answered. */
    final AtomicInteger logons = new AtomicInteger();
    /** Machines that were given to somebody, or places in the queue. */
    final AtomicInteger connects = new AtomicInteger();
    /** What must never happen. */
    final List<String> wrong = new CopyOnWriteArrayList<>();

    LogonStorm(List<InetSocketAddress> brokers, Function<String, FakeHost> hostOf) {
        this.brokers = brokers;
        this.hostOf = hostOf;
    }

    void begin(List<String> users, Random random) {
        for (String user : users) {
            long seed = random.nextLong();
            threads.add(Thread.ofVirtual().name("user-" + user).start(() -> {
                try {
                    live(user, new Random(seed));
                } catch (RuntimeException | AssertionError e) {
                    wrong.add(user + ": " + e);
                }
            }));
        }
    }

    void end() throws InterruptedException {
        for (Thread thread : threads) {
            if (!thread.join(Duration.ofMinutes(2))) {
                wrong.add(thread.getName() + " has got no answer");
            }
        }
    }

    private void live(String user, Random random) {
        String cookie = Http.cookieOf(ask(
                random, http -> http.post("/api/v1/login", Map.of("username", user, "password", Fixture.PASSWORD))));
        logons.incrementAndGet();
        JsonNode answer =
                Http.json(ask(random, http -> http.withCookie(cookie).post("/api/v1/desktops/demo/connect", null)));
        connects.incrementAndGet();
        if (!answer.path("state").asString().equals("READY")) {
            return;
        }
        String session = answer.path("sessionId").asString();
        String machine = answer.path("machine").asString();
        FakeHost host = hostOf.apply(machine);
        host.traces(machine).stream()
                .filter(trace -> !trace.equals(user))
                .forEach(trace -> wrong.add(user + " sees a trace of " + trace + " on " + machine));
        host.leaveTrace(machine, user);
        if (random.nextBoolean()) {
            ask(random, http -> http.withCookie(cookie).post("/api/v1/sessions/" + session + "/logoff", null));
        } else {
            held.put(user, new Held(session, machine));
        }
    }

    /** Asks one broker, and if it can't answer another: what a load balancer does. */
    private HttpResponse<String> ask(Random random, Function<Http, HttpResponse<String>> question) {
        @Nullable Object last = null;
        for (int attempt = 0; attempt < 40; attempt++) {
            try {
                HttpResponse<String> response = question.apply(new Http(brokers.get(random.nextInt(brokers.size()))));
                if (response.statusCode() < 300 || response.statusCode() == 410) {
                    return response;
                }
                last = response.statusCode() + " " + response.body();
                if (response.statusCode() < 500) {
                    break;
                }
            } catch (UncheckedIOException e) {
                last = e;
            }
        }
        throw new AssertionError("no broker answers: " + last);
    }
}
