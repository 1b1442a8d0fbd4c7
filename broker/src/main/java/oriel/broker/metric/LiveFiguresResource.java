package oriel.broker.metric;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.function.BooleanSupplier;
import oriel.broker.access.Caller;
import oriel.broker.access.Right;
import oriel.broker.identity.Callers;
import oriel.broker.machine.Machines;
import oriel.broker.metric.LiveFigures.Figures;
import oriel.broker.metric.LiveFigures.Sample;
import oriel.broker.problem.Reason;
import oriel.broker.problem.RefusedException;
import oriel.broker.role.Roles;
import oriel.broker.session.SessionView;
import oriel.broker.session.Sessions;
import oriel.broker.web.Access;
import oriel.broker.web.Json;
import oriel.broker.web.OpenStreams;
import oriel.broker.web.Request;
import oriel.broker.web.Resource;
import oriel.broker.web.Response;
import oriel.broker.web.Route;

/** What a session's machine uses just now: once, or as a stream of events. */
public final class LiveFiguresResource implements Resource {
    private static final String OF_SESSION = "/api/v1/sessions/{sessionId}/metrics";
    private static final String OF_MACHINE = "/api/v1/machines/{machineName}/metrics";
    private static final int MOST_STREAMS = 16;
    private static final Duration PATIENCE = Duration.ofSeconds(10);
    /** How often a stream asks whether its sign-in lives; that counts as use. */
    private static final Duration LOOK = Duration.ofSeconds(10);

    private final LiveFigures figures;
    private final Sessions sessions;
    private final Machines machines;
    private final Callers callers;
    private final Roles roles;
    private final Json json;
    private final OpenStreams streams = new OpenStreams(MOST_STREAMS);

    /** Over the services. */
    public LiveFiguresResource(
            LiveFigures figures, Sessions sessions, Machines machines, Callers callers, Roles roles, Json json) {
        this.figures = figures;
        this.sessions = sessions;
        this.machines = machines;
        this.callers = callers;
        this.roles = roles;
        this.json = json;
    }

    @Override
    public List<Route> routes() {
        Access session = new Access.NeedsOrOwns(
                Right.SESSION_READ, roles.atSession(), Right.DESKTOP_USE, request -> sessions.owner(id(request)));
        Access machine = new Access.Needs(Right.MACHINE_READ, roles.atMachine());
        return List.of(
                new Route("GET", OF_SESSION, session, request -> Response.ok(now(machineOf(id(request)))))
                        .where(request -> machineOf(id(request))),
                new Route("GET", OF_SESSION + "/events", session, this::followSession)
                        .where(request -> machineOf(id(request))),
                new Route("GET", OF_MACHINE, machine, request -> Response.ok(now(machineName(request))))
                        .where(this::machineName),
                new Route(
                                "GET",
                                OF_MACHINE + "/events",
                                machine,
                                request -> follow(request.caller(), machineName(request), () -> true))
                        .where(this::machineName));
    }

    private static UUID id(Request request) {
        return request.pathId("sessionId");
    }

    private String machineName(Request request) {
        return machines.get(request.path("machineName")).name();
    }

    private String machineOf(UUID sessionId) {
        SessionView session = sessions.get(sessionId);
        if (session.ended() != null) {
            throw new RefusedException(Reason.SESSION_ENDED, "The session has ended.");
        }
        return session.machine();
    }

    private Figures now(String machine) {
        return figures.of(machine)
                .orElseThrow(() -> new RefusedException(Reason.NOT_READY, "The machine does not run here just now."));
    }

    private Response followSession(Request request) {
        UUID id = id(request);
        String machine = machineOf(id);
        return follow(request.caller(), machine, () -> {
            SessionView session = sessions.get(id);
            return session.ended() == null && session.machine().equals(machine);
        });
    }

    private Response follow(Caller caller, String machine, BooleanSupplier goesOn) {
        Figures known = now(machine);
        streams.enter(caller.userId());
        return Response.ok(new Response.Stream("text/event-stream; charset=utf-8", out -> {
                    try {
                        stream(caller, known, goesOn, out);
                    } finally {
                        streams.leave(caller.userId());
                    }
                }))
                .with("X-Accel-Buffering", "no");
    }

    private void stream(Caller caller, Figures known, BooleanSupplier goesOn, OutputStream out)
            throws IOException, InterruptedException {
        send(out, "metrics", known);
        Instant last = known.samples().getLast().at();
        long looked = System.nanoTime();
        while (true) {
            Optional<Sample> next = figures.next(known.machine(), last, PATIENCE);
            boolean due = System.nanoTime() - looked > LOOK.toNanos();
            if (next.isEmpty() || !goesOn.getAsBoolean() || (due && !callers.lives(caller))) {
                send(out, "ended", new Ended(known.machine()));
                return;
            }
            if (due) {
                looked = System.nanoTime();
            }
            last = next.get().at();
            send(out, "sample", next.get());
        }
    }

    private record Ended(String machine) {}

    private void send(OutputStream out, String event, Object data) throws IOException {
        out.write(("event: " + event + "\ndata: " + json.text(data) + "\n\n").getBytes(StandardCharsets.UTF_8));
        out.flush();
    }
}
