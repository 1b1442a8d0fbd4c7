package oriel.broker.operation;

import java.util.List;
import oriel.broker.access.Right;
import oriel.broker.operation.Journal.OperationView;
import oriel.broker.role.Roles;
import oriel.broker.web.Access;
import oriel.broker.web.Page;
import oriel.broker.web.Request;
import oriel.broker.web.Resource;
import oriel.broker.web.Response;
import oriel.broker.web.Route;

/** The journal, for administrators and helpdesk. */
public final class OperationResource implements Resource {
    private final Journal journal;
    private final Roles roles;

    /** Over the service. */
    public OperationResource(Journal journal, Roles roles) {
        this.journal = journal;
        this.roles = roles;
    }

    @Override
    public List<Route> routes() {
        return List.of(
                new Route(
                        "GET",
                        "/api/v1/operations",
                        new Access.Needs(Right.OPERATION_READ, new Access.Where.Anywhere()),
                        this::list),
                new Route(
                        "GET",
                        "/api/v1/operations/{operationId}",
                        new Access.Needs(Right.OPERATION_READ, roles.atOperation()),
                        request -> Response.ok(journal.get(request.pathId("operationId")))),
                new Route(
                        "POST",
                        "/api/v1/operations/{operationId}/cancel",
                        new Access.Needs(Right.OPERATION_MANAGE, roles.atOperation()),
                        request -> Response.accepted(journal.cancel(request.pathId("operationId")))),
                new Route(
                        "POST",
                        "/api/v1/operations/{operationId}/retry",
                        new Access.Needs(Right.OPERATION_MANAGE, roles.atOperation()),
                        request -> Response.accepted(journal.retry(request.pathId("operationId")))));
    }

    private Response list(Request request) {
        int limit = request.limit();
        Page.Position before = request.before();
        List<OperationView> read = journal.list(
                before.time(),
                before.id(),
                limit + 1,
                new Journal.Filter(
                        request.query("state", OperationState.class),
                        request.query("kind", OperationKind.class),
                        request.query("machine", ""),
                        request.query("pool", ""),
                        request.caller().reach(Right.OPERATION_READ)));
        return Response.ok(Page.of(read, limit, o -> Page.Position.key(o.created(), o.id())));
    }
}
