package oriel.broker.host;

import java.util.List;
import oriel.broker.access.Right;
import oriel.broker.web.Access;
import oriel.broker.web.Request;
import oriel.broker.web.Resource;
import oriel.broker.web.Response;
import oriel.broker.web.Route;

/** Hosts, for administrators. */
public final class HostResource implements Resource {
    private static final String DRAIN = "/api/v1/hosts/{hostName}/drain";

    private final Hosts hosts;

    /** Over the service. */
    public HostResource(Hosts hosts) {
        this.hosts = hosts;
    }

    private record Items<T>(List<T> items) {}

    @Override
    public List<Route> routes() {
        Access manage = new Access.Needs(Right.HOST_MANAGE);
        return List.of(
                new Route(
                        "GET",
                        "/api/v1/hosts",
                        new Access.Needs(Right.MACHINE_READ),
                        request -> Response.ok(new Items<>(hosts.list()))),
                new Route("POST", DRAIN, manage, this::drain),
                new Route(
                        "DELETE",
                        DRAIN,
                        manage,
                        request -> Response.ok(hosts.resume(request.path("hostName"), request.caller()))));
    }

    private Response drain(Request request) {
        Hosts.Order order = request.hasBody() ? request.body(Hosts.Order.class) : new Hosts.Order(null, null);
        return Response.accepted(hosts.drain(request.path("hostName"), order, request.caller()));
    }
}
