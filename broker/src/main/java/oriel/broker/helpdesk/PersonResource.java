package oriel.broker.helpdesk;

import java.util.List;
import java.util.Optional;
import java.util.Set;
import oriel.broker.access.Right;
import oriel.broker.audit.AuditRecord;
import oriel.broker.audit.AuditResource;
import oriel.broker.audit.AuditTrail;
import oriel.broker.role.Roles;
import oriel.broker.web.Access;
import oriel.broker.web.Request;
import oriel.broker.web.Resource;
import oriel.broker.web.Response;
import oriel.broker.web.Route;

/** A person, for the helpdesk. */
public final class PersonResource implements Resource {
    private final People people;
    private final AuditTrail trail;
    private final Roles roles;

    /** Over the services. */
    public PersonResource(People people, AuditTrail trail, Roles roles) {
        this.people = people;
        this.trail = trail;
        this.roles = roles;
    }

    @Override
    public List<Route> routes() {
        return List.of(
                new Route(
                        "GET",
                        "/api/v1/users/{userId}/overview",
                        new Access.Needs(Right.USER_READ, new Access.Where.Anywhere()),
                        request -> Response.ok(people.person(request.path("userId"), request.caller()))),
                new Route(
                        "GET",
                        "/api/v1/users/{userId}/audit",
                        new Access.Needs(Right.AUDIT_SUBJECT, new Access.Where.Anywhere()),
                        this::audit));
    }

    /** Who has the right in some pools sees what happened to the person there. */
    private Response audit(Request request) {
        String username = trail.username(request.path("userId"));
        Optional<Set<String>> pools = roles.pools(request.caller().reach(Right.AUDIT_SUBJECT));
        int limit = request.limit();
        long before = AuditResource.before(request);
        List<AuditRecord> read = pools.isEmpty()
                ? trail.list(AuditTrail.Filter.about(username), before, limit + 1)
                : trail.about(username, pools.get(), before, limit + 1);
        return AuditResource.page(read, limit);
    }
}
