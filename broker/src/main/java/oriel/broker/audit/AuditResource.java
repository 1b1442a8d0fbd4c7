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
                new Route("GET", "/api/v1/audit/export", read, this::export),
                new Route("GET", "/api/v1/audit/verify", read, request -> Response.ok(trail.verify())));
    }

    private Response list(Request request) {
        int limit = request.limit();
        return page(trail.list(filter(request), before(request), limit + 1), limit);
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

    /** A page of records, of which one more was read than is shown. */
    public static Response page(List<AuditRecord> read, int limit) {
        return Response.ok(Page.of(read, limit, record -> Long.toString(record.sequence())));
    }

    /** Sequence of the last record of the page before. */
    public static long before(Request request) {
        String after = request.after();
        try {
            return after.isEmpty() ? Long.MAX_VALUE : Long.parseLong(after);
        } catch (NumberFormatException e) {
            throw RefusedException.field("cursor", "is not one that this server has given");
        }
    }
}
