package oriel.broker.session;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import oriel.broker.access.Caller;
import oriel.broker.access.Place;
import oriel.broker.access.Right;
import oriel.broker.event.Signal;
import oriel.broker.event.Signals;
import oriel.broker.identity.Callers;
import oriel.broker.problem.RefusedException;
import oriel.broker.role.Roles;
import oriel.broker.web.Access;
import oriel.broker.web.Json;
import oriel.broker.web.OpenStreams;
import oriel.broker.web.Request;
import oriel.broker.web.Resource;
import oriel.broker.web.Response;
import oriel.broker.web.Route;

/**
 * Server-sent events (WHATWG HTML §9.2) of what concerns a caller. Signals are merged while a client is slow, and what
 * is sent is the state at the time of sending: a client can be late, but not wrong.
 */
public final class EventResource implements Resource {
    private static final Duration HEARTBEAT = Duration.ofSeconds(15);
    private static final int MOST_STREAMS = 32;

    private final Signals signals;
    private final Desktops desktops;
    private final Callers callers;
    private final Roles roles;
    private final Function<UUID, Optional<Object>> shadows;
    private final Json json;
    private final Clock clock;
    private final OpenStreams streams = new OpenStreams(MOST_STREAMS);

    /**
     * With its collaborators.
     *
     * @param shadows a request to watch a session, as it is shown
     */
    public EventResource(
            Signals signals,
            Desktops desktops,
            Callers callers,
            Roles roles,
            Function<UUID, Optional<Object>> shadows,
            Json json,
            Clock clock) {
        this.signals = signals;
        this.desktops = desktops;
        this.callers = callers;
        this.roles = roles;
        this.shadows = shadows;
        this.json = json;
        this.clock = clock;
    }

    private record Hello(Instant now) {}

    private record SignedOut(String reason) {}

    private record Message(UUID sessionId, String poolId, String from, String severity, String text, Instant at) {}

    private record LogLine(String image, int version, UUID operationId, String line) {}

    private record Changed(String kind, String id, @Nullable String poolId) {}

    @Override
    public List<Route> routes() {
        return List.of(new Route("GET", "/api/v1/events", new Access.Self(), this::open));
    }

    private Response open(Request request) {
        Caller caller = request.caller();
        streams.enter(caller.userId());
        return Response.ok(new Response.Stream("text/event-stream; charset=utf-8", out -> stream(caller, out)))
                // A proxy in between must not hold events back.
                .with("X-Accel-Buffering", "no");
    }

    private void stream(Caller caller, OutputStream out) throws IOException, InterruptedException {
        Map<Right, Set<String>> reaches = new EnumMap<>(Right.class);
        for (Signal.Kind kind : Signal.Kind.values()) {
            if (!caller.may(kind.right()) && caller.mayAnywhere(kind.right())) {
                roles.pools(caller.reach(kind.right())).ifPresent(pools -> reaches.put(kind.right(), pools));
            }
        }
        try (Signals.Subscription subscription = signals.subscribe(signal -> concerns(signal, caller, reaches))) {
            send(out, "hello", new Hello(clock.instant()));
            while (true) {
                Signals.Batch batch = subscription.take(HEARTBEAT.toSeconds(), TimeUnit.SECONDS);
                for (Signal signal : batch.signals()) {
                    if (!send(out, signal, caller)) {
                        return;
                    }
                }
                if (batch.overflow()) {
                    send(out, "hello", new Hello(clock.instant()));
                }
                if (batch.closed()) {
                    return;
                }
                if (batch.signals().isEmpty()) {
                    // An open page is in use: this keeps its sign-in alive, and notices the end of one that is not.
                    if (!callers.lives(caller)) {
                        send(out, "signed-out", new SignedOut("expired"));
                        return;
                    }
                    write(out, ":\n\n");
                }
            }
        } finally {
            streams.leave(caller.userId());
        }
    }

    private static boolean concerns(Signal signal, Caller caller, Map<Right, Set<String>> reaches) {
        return switch (signal) {
            case Signal.Desktop desktop -> desktop.userId().equals(caller.userId());
            case Signal.Message message -> message.userId().equals(caller.userId());
            case Signal.Shadow shadow ->
                shadow.userId().equals(caller.userId()) || shadow.requesterId().equals(caller.userId());
            case Signal.CutDisplays ignored -> false;
            case Signal.Log log -> caller.may(Right.IMAGE_READ, new Place(Set.of(), log.image()));
            case Signal.SignedOut out -> out.signIn().equals(caller.signIn());
            case Signal.Changed changed -> concerns(changed, caller, reaches);
        };
    }

    private static boolean concerns(Signal.Changed changed, Caller caller, Map<Right, Set<String>> reaches) {
        Right right = changed.kind().right();
        if (caller.may(right)) {
            return true;
        }
        String pool = changed.poolId();
        Set<String> pools = reaches.get(right);
        return pools != null && (pool == null ? caller.mayAnywhere(right) : pools.contains(pool));
    }

    /** Returns false if it was the last event. */
    private boolean send(OutputStream out, Signal signal, Caller caller) throws IOException {
        switch (signal) {
            case Signal.Desktop desktop -> {
                Optional<Desktop> now = present(caller, desktop.poolId());
                if (now.isPresent()) {
                    send(out, "desktop", now.get());
                } else {
                    // The pool is not the caller's any more: the list has to be read again.
                    send(out, "hello", new Hello(clock.instant()));
                }
            }
            case Signal.Message message ->
                send(
                        out,
                        "message",
                        new Message(
                                message.sessionId(),
                                message.poolId(),
                                message.from(),
                                message.severity(),
                                message.text(),
                                message.at()));
            case Signal.Shadow shadow -> {
                Optional<Object> now = shadows.apply(shadow.shadowId());
                if (now.isPresent()) {
                    send(out, "shadow", now.get());
                }
            }
            case Signal.CutDisplays ignored -> {}
            case Signal.Log log ->
                send(out, "log", new LogLine(log.image(), log.version(), log.operationId(), log.line()));
            case Signal.SignedOut signedOut -> {
                send(out, "signed-out", new SignedOut(signedOut.reason()));
                return false;
            }
            case Signal.Changed changed ->
                send(
                        out,
                        "changed",
                        new Changed(changed.kind().name().toLowerCase(Locale.ROOT), changed.id(), changed.poolId()));
        }
        return true;
    }

    private Optional<Desktop> present(Caller caller, String poolId) {
        try {
            return Optional.of(desktops.of(caller.userId(), caller.username(), poolId));
        } catch (RefusedException e) {
            return Optional.empty();
        }
    }

    private void send(OutputStream out, String event, Object data) throws IOException {
        write(out, "event: " + event + "\ndata: " + json.text(data) + "\n\n");
    }

    private static void write(OutputStream out, String text) throws IOException {
        out.write(text.getBytes(StandardCharsets.UTF_8));
        out.flush();
    }
}
