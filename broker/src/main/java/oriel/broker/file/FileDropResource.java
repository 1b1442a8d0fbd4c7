package oriel.broker.file;

import java.util.List;
import oriel.broker.access.Right;
import oriel.broker.role.Roles;
import oriel.broker.session.Sessions;
import oriel.broker.web.Access;
import oriel.broker.web.Request;
import oriel.broker.web.Resource;
import oriel.broker.web.Response;
import oriel.broker.web.Route;

/** Files handed over to one's own desktop. */
public final class FileDropResource implements Resource {
    private final FileDrops drops;
    private final Sessions sessions;
    private final Roles roles;

    /** Over the services. */
    public FileDropResource(FileDrops drops, Sessions sessions, Roles roles) {
        this.drops = drops;
        this.sessions = sessions;
        this.roles = roles;
    }

    @Override
    public List<Route> routes() {
        return List.of(new Route(
                        "POST",
                        "/api/v1/sessions/{sessionId}/files",
                        new Access.NeedsOrOwns(
                                null,
                                roles.atSession(),
                                Right.DESKTOP_USE,
                                request -> sessions.owner(request.pathId("sessionId"))),
                        this::put)
                .where(request -> sessions.get(request.pathId("sessionId")).machine()));
    }

    private Response put(Request request) {
        return Response.ok(drops.put(request.pathId("sessionId"), request.body(FilePart.class), request.caller()));
    }
}
