package oriel.broker.shadow;

import java.util.List;
import java.util.Optional;
import java.util.UUID;
import oriel.broker.access.Right;
import oriel.broker.role.Roles;
import oriel.broker.session.ConnectReady;
import oriel.broker.session.Sessions;
import oriel.broker.web.Access;
import oriel.broker.web.Request;
import oriel.broker.web.Resource;
import oriel.broker.web.Response;
import oriel.broker.web.Route;

/** Watching sessions. */
public final class ShadowResource implements Resource {
    private static final String SHADOWS = "/api/v1/sessions/{sessionId}/shadow";
    private static final String SHADOW = SHADOWS + "/{shadowId}";

    private final Shadows shadows;
    private final Sessions sessions;
    private final Roles roles;

    /** Over the services. */
    public ShadowResource(Shadows shadows, Sessions sessions, Roles roles) {
        this.shadows = shadows;
        this.sessions = sessions;
        this.roles = roles;
    }

    private record Items<T>(List<T> items) {}

    @Override
    public List<Route> routes() {
        Access watch = new Access.Needs(Right.SESSION_SHADOW, roles.atSession());
        Access both = new Access.NeedsOrOwns(Right.SESSION_SHADOW, roles.atSession(), Right.DESKTOP_USE, this::owner);
        Access owner = new Access.NeedsOrOwns(null, roles.atSession(), Right.DESKTOP_USE, this::owner);
        return List.of(
                new Route("GET", SHADOWS, both, request -> Response.ok(new Items<>(shadows.list(session(request))))),
                new Route("POST", SHADOWS, watch, this::ask),
                new Route("GET", SHADOW, both, request -> Response.ok(shadows.get(session(request), shadow(request)))),
                new Route(
                        "DELETE",
                        SHADOW,
                        both,
                        request -> Response.ok(shadows.end(request.caller(), session(request), shadow(request)))),
                new Route("POST", SHADOW + "/answer", owner, this::answer),
                new Route("POST", SHADOW + "/ticket", watch, this::ticket));
    }

    private static UUID session(Request request) {
        return request.pathId("sessionId");
    }

    private static UUID shadow(Request request) {
        return request.pathId("shadowId");
    }

    private Optional<UUID> owner(Request request) {
        return sessions.owner(session(request));
    }

    private Response ask(Request request) {
        return Response.accepted(shadows.ask(request.caller(), session(request), request.body(Shadows.Question.class)));
    }

    private Response answer(Request request) {
        return Response.ok(shadows.answer(
                request.caller(), session(request), shadow(request), request.body(Shadows.Answer.class)));
    }

    private Response ticket(Request request) {
        Shadows.Granted granted = shadows.ticket(request.caller(), session(request), shadow(request));
        ShadowView shadow = granted.shadow();
        return Response.ok(
                ConnectReady.toWatch(shadow.poolId(), shadow.sessionId(), shadow.machine(), granted.ticket()));
    }
}
