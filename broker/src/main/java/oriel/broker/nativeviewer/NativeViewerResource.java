package oriel.broker.nativeviewer;

import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import oriel.broker.access.Right;
import oriel.broker.display.DisplayRight;
import oriel.broker.problem.Reason;
import oriel.broker.problem.RefusedException;
import oriel.broker.role.Roles;
import oriel.broker.session.Claims;
import oriel.broker.session.Connected;
import oriel.broker.session.DesktopSession;
import oriel.broker.session.Sessions;
import oriel.broker.web.Access;
import oriel.broker.web.Request;
import oriel.broker.web.Resource;
import oriel.broker.web.Response;
import oriel.broker.web.Route;

/** One's own desktop in a VNC viewer. */
public final class NativeViewerResource implements Resource {
    private final Optional<NativeViewerPort> port;
    private final Claims claims;
    private final Sessions sessions;
    private final Roles roles;

    /**
     * Over the services.
     *
     * @param port empty if none is open
     */
    public NativeViewerResource(Optional<NativeViewerPort> port, Claims claims, Sessions sessions, Roles roles) {
        this.port = port;
        this.claims = claims;
        this.sessions = sessions;
        this.roles = roles;
    }

    /**
     * A wish.
     *
     * @param right what the viewer is to be allowed; null: control
     */
    record Wish(@Nullable DisplayRight right) {}

    @Override
    public List<Route> routes() {
        return List.of(new Route(
                        "POST",
                        "/api/v1/sessions/{sessionId}/native-viewer",
                        new Access.NeedsOrOwns(
                                null,
                                roles.atSession(),
                                Right.DESKTOP_USE,
                                request -> sessions.owner(request.pathId("sessionId"))),
                        this::open)
                // Viewers come to the broker that has the machine: it says where its port is.
                .where(request -> sessions.get(request.pathId("sessionId")).machine()));
    }

    private Response open(Request request) {
        NativeViewerPort open = port.orElseThrow(() -> new RefusedException(
                Reason.FORBIDDEN, "This server has no port for VNC viewers. Open the desktop in the browser."));
        DisplayRight wanted = request.body(Wish.class).right();
        DisplayRight right = wanted == null ? DisplayRight.CONTROL : wanted;
        Connected.Ready ready = claims.nativeTicket(request.caller(), request.pathId("sessionId"), right);
        DesktopSession session = ready.session();
        String host = open.publicHost() == null ? request.origin().getHost() : open.publicHost();
        return Response.ok(new NativeViewerAccess(
                session.poolId(),
                session.id(),
                session.machineName(),
                host,
                open.number(),
                request.caller().username(),
                ready.ticket().ticket(),
                ready.ticket().expires(),
                List.of(right),
                open.tls().fingerprint(),
                open.tls().publicKeyPin(),
                open.tls().pem(),
                connectionFile(host, open.number())));
    }

    /** As TigerVNC's viewer saves one ("Options", "Save as"); it asks for what is not in it. */
    private static String connectionFile(String host, int port) {
        return """
                TigerVNC Configuration file Version 1.0

                ServerName=%s::%d
                SecurityTypes=X509Plain
                """.formatted(host.indexOf(':') >= 0 && !host.startsWith("[") ? "[" + host + "]" : host, port);
    }
}
