package oriel.broker.maintenance;

import java.util.List;
import oriel.broker.access.Right;
import oriel.broker.problem.RefusedException;
import oriel.broker.role.Roles;
import oriel.broker.session.ConnectReady;
import oriel.broker.web.Access;
import oriel.broker.web.Request;
import oriel.broker.web.Resource;
import oriel.broker.web.Response;
import oriel.broker.web.Route;

/** Golden images edited in a machine. */
public final class MaintenanceResource implements Resource {
    private static final String MACHINE = "/api/v1/images/{imageName}/maintenance";

    private final Maintenances maintenances;
    private final Roles roles;

    /** Over the services. */
    public MaintenanceResource(Maintenances maintenances, Roles roles) {
        this.maintenances = maintenances;
        this.roles = roles;
    }

    @Override
    public List<Route> routes() {
        Access read = new Access.Needs(Right.IMAGE_READ, roles.atImageOfPools());
        Access write = new Access.Needs(Right.IMAGE_WRITE, Roles.atImage());
        return List.of(
                new Route("POST", "/api/v1/images/{imageName}/versions/{version}/edit", write, this::edit),
                new Route("GET", MACHINE, read, request -> Response.ok(maintenances.get(image(request)))),
                new Route(
                        "DELETE",
                        MACHINE,
                        write,
                        request -> Response.accepted(maintenances.discard(image(request), request.caller()))),
                new Route(
                        "POST",
                        MACHINE + "/start",
                        write,
                        request -> Response.accepted(maintenances.start(image(request), request.caller()))),
                new Route("POST", MACHINE + "/display", write, this::display),
                new Route(
                        "POST",
                        MACHINE + "/seal",
                        write,
                        request -> Response.accepted(maintenances.seal(
                                image(request), request.body(Maintenances.Seal.class), request.caller()))));
    }

    private static String image(Request request) {
        return request.path("imageName");
    }

    private Response edit(Request request) {
        String version = request.path("version");
        int number;
        try {
            number = Integer.parseInt(version);
        } catch (NumberFormatException e) {
            throw RefusedException.notFound("version \"" + version + "\"");
        }
        Maintenances.Hardware wanted =
                request.hasBody() ? request.body(Maintenances.Hardware.class) : new Maintenances.Hardware(null, null);
        return Response.accepted(maintenances.edit(image(request), number, wanted, request.caller()));
    }

    private Response display(Request request) {
        Maintenances.Shown shown = maintenances.ticket(image(request), request.caller());
        return Response.ok(
                ConnectReady.toMaintain(shown.session(), shown.machine().machine(), shown.ticket()));
    }
}
