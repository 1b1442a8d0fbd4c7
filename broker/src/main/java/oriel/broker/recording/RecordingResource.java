package oriel.broker.recording;

import java.util.List;
import java.util.UUID;
import oriel.broker.access.Right;
import oriel.broker.problem.RefusedException;
import oriel.broker.role.Roles;
import oriel.broker.web.Access;
import oriel.broker.web.Page;
import oriel.broker.web.Request;
import oriel.broker.web.Resource;
import oriel.broker.web.Response;
import oriel.broker.web.Route;

/** Recorded sessions. */
public final class RecordingResource implements Resource {
    private static final String RECORDINGS = "/api/v1/recordings";
    private static final String RECORDING = RECORDINGS + "/{recordingId}";
    private static final int MOST_BYTES = 4 << 20;

    private final Recordings recordings;
    private final Roles roles;

    /** Over the services. */
    public RecordingResource(Recordings recordings, Roles roles) {
        this.recordings = recordings;
        this.roles = roles;
    }

    @Override
    public List<Route> routes() {
        Access read = new Access.Needs(Right.RECORDING_READ, roles.atRecording());
        return List.of(
                new Route(
                        "GET",
                        RECORDINGS,
                        new Access.Needs(Right.RECORDING_READ, new Access.Where.Anywhere()),
                        this::list),
                new Route("GET", RECORDING, read, request -> Response.ok(recordings.get(id(request)))),
                new Route("GET", RECORDING + "/content", read, this::content),
                new Route(
                        "DELETE", RECORDING, new Access.Needs(Right.RECORDING_DELETE, roles.atRecording()), request -> {
                            recordings.delete(id(request), request.caller());
                            return Response.nothing();
                        }));
    }

    private static UUID id(Request request) {
        return request.pathId("recordingId");
    }

    private Response list(Request request) {
        int limit = request.limit();
        Page.Position before = request.before();
        String session = request.query("session", "");
        Recordings.Filter filter = new Recordings.Filter(
                session.isEmpty() ? null : uuid(session),
                request.query("user", ""),
                request.query("pool", ""),
                request.caller().reach(Right.RECORDING_READ));
        return Response.ok(Page.of(
                recordings.list(before.time(), before.id(), limit + 1, filter),
                limit,
                recording -> Page.Position.key(recording.started(), recording.id())));
    }

    private static UUID uuid(String text) {
        try {
            return UUID.fromString(text);
        } catch (IllegalArgumentException e) {
            throw RefusedException.field("session", "is no session's id");
        }
    }

    private Response content(Request request) {
        int offset = request.query("offset", 0, 0, Integer.MAX_VALUE);
        int length = request.query("length", MOST_BYTES, 1, MOST_BYTES);
        return Response.ok(new Response.Bytes(
                "application/octet-stream", recordings.content(id(request), offset, length, request.caller())));
    }
}
