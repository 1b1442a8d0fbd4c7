package oriel.broker.operation;

import java.util.List;
import oriel.broker.access.Right;
import oriel.broker.operation.Journal.OperationView;
import oriel.broker.web.Access;
import oriel.broker.web.Page;
import oriel.broker.web.Request;
import oriel.broker.web.Resource;
import oriel.broker.web.Response;
import oriel.broker.web.Route;

/** The journal, for administrators and helpdesk. */
public final class OperationResource implements Resource {
    private final Journal journal;

    /** Over the service. */
    public OperationResource(Journal journal) {
        this.journal = journal;
    }

    @Override
    public List<Route> routes() {
        return List.of(
                new Route("GET", "/api/v1/operations", new Access.Needs(Right.OPERATION_READ), this::list),
                new Route(
                        "POST",
                        "/api/v1/operations/{operationId}/retry",
                        new Access.Needs(Right.MACHINE_MANAGE),
                        request -> Response.accepted(journal.retry(request.pathId("operationId")))));
    }

    private Response list(Request request) {
        int limit = request.limit();
        Page.Position before = request.before();
        List<OperationView> read = journal.list(
                before.time(),
                before.id(),
                limit + 1,
                request.query("state", OperationState.class),
                request.query("machine", ""));
        return Response.ok(Page.of(read, limit, o -> Page.Position.key(o.created(), o.id())));
    }
}
