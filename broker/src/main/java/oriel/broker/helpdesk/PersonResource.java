package oriel.broker.helpdesk;

import java.util.List;
import oriel.broker.access.Right;
import oriel.broker.web.Access;
import oriel.broker.web.Resource;
import oriel.broker.web.Response;
import oriel.broker.web.Route;

/** A person, for the helpdesk. */
public final class PersonResource implements Resource {
    private final People people;

    /** Over the service. */
    public PersonResource(People people) {
        this.people = people;
    }

    @Override
    public List<Route> routes() {
        return List.of(new Route(
                "GET",
                "/api/v1/users/{userId}/overview",
                new Access.Needs(Right.USER_READ, new Access.Where.Anywhere()),
                request -> Response.ok(people.person(request.path("userId"), request.caller()))));
    }
}
