package oriel.broker.report;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.function.Function;
import oriel.broker.access.Right;
import oriel.broker.problem.RefusedException;
import oriel.broker.web.Access;
import oriel.broker.web.Request;
import oriel.broker.web.Resource;
import oriel.broker.web.Response;
import oriel.broker.web.Route;

/** Reports, for those who answer for the service. */
public final class ReportResource implements Resource {
    private static final Duration USUAL = Duration.ofDays(30);
    private static final Duration LONGEST = Duration.ofDays(400);

    private final Reports reports;
    private final Clock clock;

    /** Over the service. */
    public ReportResource(Reports reports, Clock clock) {
        this.reports = reports;
        this.clock = clock;
    }

    private record Items<T>(List<T> items) {}

    @Override
    public List<Route> routes() {
        return List.of(
                report("usage", reports::usage),
                report("concurrency", reports::concurrency),
                report("logons", reports::logons),
                report("idle", reports::idle),
                report("capacity", reports::capacity),
                report("sprawl", reports::sprawl),
                new Route(
                        "GET",
                        "/api/v1/reports/failed-logins",
                        new Access.Needs(Right.REPORT_READ),
                        request -> Response.ok(new Items<>(reports.failedLogins(span(request))))));
    }

    private <T> Route report(String name, Function<Reports.Span, List<T>> report) {
        return new Route(
                "GET",
                "/api/v1/reports/" + name,
                new Access.Needs(Right.REPORT_READ, new Access.Where.Anywhere()),
                request -> Response.ok(new Items<>(report.apply(span(request)))));
    }

    private Reports.Span span(Request request) {
        Instant until = request.time("until");
        Instant end = until == null ? clock.instant().plusSeconds(1) : until;
        Instant from = request.time("from");
        Instant start = from == null ? end.minus(USUAL) : from;
        if (!start.isBefore(end) || start.plus(LONGEST).isBefore(end)) {
            throw RefusedException.field("from", "must be before until, and at most 400 days before it");
        }
        return new Reports.Span(
                start, end, request.query("pool", ""), request.caller().reach(Right.REPORT_READ));
    }
}
