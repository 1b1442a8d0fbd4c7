package oriel.broker.role;

import java.util.List;
import oriel.broker.access.Right;
import oriel.broker.role.Roles.GrantView;
import oriel.broker.role.Roles.NewGrant;
import oriel.broker.web.Access;
import oriel.broker.web.Page;
import oriel.broker.web.Request;
import oriel.broker.web.Resource;
import oriel.broker.web.Response;
import oriel.broker.web.Route;

/** Roles given, for administrators. */
public final class RoleResource implements Resource {
    private final Roles roles;

    /** Over the service. */
    public RoleResource(Roles roles) {
        this.roles = roles;
    }

    @Override
    public List<Route> routes() {
        return List.of(
                new Route("GET", "/api/v1/grants", new Access.Needs(Right.ROLE_READ), this::list),
                new Route("POST", "/api/v1/grants", new Access.Needs(Right.ROLE_WRITE), this::give),
                new Route("DELETE", "/api/v1/grants/{grantId}", new Access.Needs(Right.ROLE_WRITE), this::take));
    }

    private Response list(Request request) {
        int limit = request.limit();
        List<GrantView> read = roles.list(request.after(), limit + 1, request.query("subject", ""));
        return Response.ok(Page.of(read, limit, grant -> grant.id().toString()));
    }

    private Response give(Request request) {
        return Response.created(
                roles.give(request.body(NewGrant.class), request.caller().username(), request.address()));
    }

    private Response take(Request request) {
        roles.take(request.pathId("grantId"), request.caller().username(), request.address());
        return Response.nothing();
    }
}
