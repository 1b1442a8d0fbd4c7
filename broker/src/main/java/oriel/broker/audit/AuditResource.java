package oriel.broker.audit;

import java.util.List;
import oriel.broker.access.Right;
import oriel.broker.store.Store;
import oriel.broker.web.Access;
import oriel.broker.web.Page;
import oriel.broker.web.Request;
import oriel.broker.web.Resource;
import oriel.broker.web.Response;
import oriel.broker.web.Route;

/** The audit trail, for those who may read it. */
public final class AuditResource implements Resource {
    private final Store store;
    private final AuditTrail trail;

    /** Over the service. */
    public AuditResource(Store store, AuditTrail trail) {
        this.store = store;
        this.trail = trail;
    }

    @Override
    public List<Route> routes() {
        Access read = new Access.Needs(Right.AUDIT_READ);
        return List.of(
                new Route("GET", "/api/v1/audit", read, this::list),
                new Route("GET", "/api/v1/audit/verify", read, request -> Response.ok(trail.verify())));
    }

    private Response list(Request request) {
        int limit = request.limit();
        String after = request.after();
        long before;
        try {
            before = after.isEmpty() ? Long.MAX_VALUE : Long.parseLong(after);
        } catch (NumberFormatException e) {
            throw oriel.broker.problem.RefusedException.field("cursor", "is not one that this server has given");
        }
        String action = request.query("action", "").replaceAll("([!%_])", "!$1");
        List<AuditRecord> read = store.call(tx -> tx.query(
                        AuditRecord.class,
                        "from AuditRecord where sequence < ?1 and (?2 = '' or actor = ?2)"
                                + " and action like ?3 escape '!' order by sequence desc",
                        before,
                        request.query("actor", ""),
                        action + "%")
                .setMaxResults(limit + 1)
                .getResultList());
        return Response.ok(Page.of(read, limit, record -> Long.toString(record.sequence())));
    }
}
