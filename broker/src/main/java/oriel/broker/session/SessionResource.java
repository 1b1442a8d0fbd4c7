package oriel.broker.session;

import java.util.List;
import java.util.UUID;
import oriel.broker.access.Right;
import oriel.broker.role.Roles;
import oriel.broker.web.Access;
import oriel.broker.web.Page;
import oriel.broker.web.Request;
import oriel.broker.web.Resource;
import oriel.broker.web.Response;
import oriel.broker.web.Route;

/** My desktops, and sessions. */
public final class SessionResource implements Resource {
    private static final String DESKTOP = "/api/v1/desktops/{poolId}";
    private static final String SESSION = "/api/v1/sessions/{sessionId}";

    private final Desktops desktops;
    private final Sessions sessions;
    private final Claims claims;
    private final Queues queues;
    private final Messages messages;
    private final Roles roles;

    /** Over the services. */
    public SessionResource(
            Desktops desktops, Sessions sessions, Claims claims, Queues queues, Messages messages, Roles roles) {
        this.desktops = desktops;
        this.sessions = sessions;
        this.claims = claims;
        this.queues = queues;
        this.messages = messages;
        this.roles = roles;
    }

    private record Items<T>(List<T> items) {}

    private record ConnectPending(Desktop.State state, Desktop desktop) {}

    @Override
    public List<Route> routes() {
        Access use = new Access.Needs(Right.DESKTOP_USE);
        Access read = new Access.NeedsOrOwns(Right.SESSION_READ, roles.atSession(), Right.DESKTOP_USE, this::owner);
        Access manage = new Access.NeedsOrOwns(Right.SESSION_MANAGE, roles.atSession(), Right.DESKTOP_USE, this::owner);
        Access own = new Access.NeedsOrOwns(null, roles.atSession(), Right.DESKTOP_USE, this::owner);
        return List.of(
                new Route("GET", "/api/v1/desktops", use, this::mine),
                new Route("GET", DESKTOP, use, this::desktop),
                new Route("POST", DESKTOP + "/connect", use, this::connect),
                new Route("DELETE", DESKTOP + "/queue", use, this::leaveQueue),
                new Route(
                        "GET",
                        "/api/v1/sessions",
                        new Access.Needs(Right.SESSION_READ, new Access.Where.Anywhere()),
                        this::list),
                new Route("GET", SESSION, read, request -> Response.ok(sessions.get(id(request)))),
                new Route("POST", SESSION + "/ticket", own, this::ticket),
                new Route(
                        "POST",
                        SESSION + "/disconnect",
                        manage,
                        request -> Response.ok(sessions.disconnect(id(request), request.caller()))),
                new Route(
                        "POST",
                        SESSION + "/message",
                        new Access.Needs(Right.SESSION_MESSAGE, roles.atSession()),
                        this::message),
                new Route(
                        "POST",
                        SESSION + "/logoff",
                        manage,
                        request -> Response.ok(sessions.logOff(id(request), request.caller()))),
                new Route(
                        "POST",
                        SESSION + "/restart",
                        manage,
                        request -> Response.accepted(sessions.restart(id(request), request.caller()))));
    }

    private record Delivered(int pages) {}

    private Response message(Request request) {
        return Response.accepted(
                new Delivered(messages.send(id(request), request.body(Message.class), request.caller())));
    }

    private static UUID id(Request request) {
        return request.pathId("sessionId");
    }

    private java.util.Optional<UUID> owner(Request request) {
        return sessions.owner(id(request));
    }

    private Response mine(Request request) {
        return Response.ok(new Items<>(
                desktops.of(request.caller().userId(), request.caller().username())));
    }

    private Response desktop(Request request) {
        return Response.ok(
                desktops.of(request.caller().userId(), request.caller().username(), request.path("poolId")));
    }

    private Response connect(Request request) {
        return switch (claims.connect(request.caller(), request.path("poolId"))) {
            case Connected.Ready ready -> Response.ok(ConnectReady.of(ready));
            case Connected.Pending pending ->
                Response.accepted(new ConnectPending(pending.desktop().state(), pending.desktop()));
        };
    }

    private Response leaveQueue(Request request) {
        queues.leave(request.caller(), request.path("poolId"));
        return Response.nothing();
    }

    private Response ticket(Request request) {
        return Response.ok(ConnectReady.of(claims.ticket(request.caller(), id(request))));
    }

    private Response list(Request request) {
        int limit = request.limit();
        Page.Position before = request.before();
        List<SessionView> read = sessions.list(
                before.time(),
                before.id(),
                limit + 1,
                new Sessions.Filter(
                        Boolean.parseBoolean(request.query("active", "false")),
                        request.query("user", ""),
                        request.query("pool", ""),
                        request.query("machine", ""),
                        request.caller().reach(Right.SESSION_READ)));
        return Response.ok(Page.of(read, limit, s -> Page.Position.key(s.started(), s.id())));
    }
}
