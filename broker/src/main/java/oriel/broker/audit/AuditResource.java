package oriel.broker.audit;

import java.util.List;
import java.util.Locale;
import oriel.broker.access.Right;
import oriel.broker.problem.RefusedException;
import oriel.broker.web.Access;
import oriel.broker.web.Page;
import oriel.broker.web.Request;
import oriel.broker.web.Resource;
import oriel.broker.web.Response;
import oriel.broker.web.Route;

/** The audit trail, for those who may read it. */
public final class AuditResource implements Resource {
    private final AuditTrail trail;

    /** Over the service. */
    public AuditResource(AuditTrail trail) {
        this.trail = trail;
    }

    @Override
    public List<Route> routes() {
        Access read = new Access.Needs(Right.AUDIT_READ);
        return List.of(
                new Route("GET", "/api/v1/audit", read, this::list),
                new Route(
                        "GET",
                        "/api/v1/users/{userId}/audit",
                        new Access.Needs(Right.AUDIT_SUBJECT),
                        request -> page(request, AuditTrail.Filter.about(trail.username(request.path("userId"))))),
                new Route("GET", "/api/v1/audit/export", read, this::export),
                new Route("GET", "/api/v1/audit/verify", read, request -> Response.ok(trail.verify())));
    }

    private Response list(Request request) {
        return page(request, filter(request));
    }

    private Response export(Request request) {
        AuditExport format = switch (request.query("format", "jsonl")) {
            case "jsonl" -> AuditExport.JSONL;
            case "syslog" -> AuditExport.SYSLOG;
            default -> throw RefusedException.field("format", "must be jsonl or syslog");
        };
        AuditTrail.Filter filter = filter(request);
        trail.record(
                AuditEntry.by(request.caller(), "audit.export", format.name().toLowerCase(Locale.ROOT), ""));
        return Response.ok(new Response.Stream(format.contentType(), out -> format.write(trail, filter, out)));
    }

    private static AuditTrail.Filter filter(Request request) {
        return new AuditTrail.Filter(
                request.query("actor", ""),
                request.query("action", ""),
                request.query("target", ""),
                request.query("subject", ""),
                request.query("outcome", AuditRecord.Outcome.class),
                request.time("from"),
                request.time("until"));
    }

    private Response page(Request request, AuditTrail.Filter filter) {
        int limit = request.limit();
        List<AuditRecord> read = trail.list(filter, before(request), limit + 1);
        return Response.ok(Page.of(read, limit, record -> Long.toString(record.sequence())));
    }

    private static long before(Request request) {
        String after = request.after();
        try {
            return after.isEmpty() ? Long.MAX_VALUE : Long.parseLong(after);
        } catch (NumberFormatException e) {
            throw RefusedException.field("cursor", "is not one that this server has given");
        }
    }
}
