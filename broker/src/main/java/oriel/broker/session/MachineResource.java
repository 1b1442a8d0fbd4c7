package oriel.broker.session;

import java.util.List;
import org.jspecify.annotations.Nullable;
import oriel.broker.access.Right;
import oriel.broker.machine.Machines;
import oriel.broker.machine.Machines.MachineView;
import oriel.broker.problem.Check;
import oriel.broker.web.Access;
import oriel.broker.web.Page;
import oriel.broker.web.Request;
import oriel.broker.web.Resource;
import oriel.broker.web.Response;
import oriel.broker.web.Route;

/** Machines, for administrators. */
public final class MachineResource implements Resource {
    private static final String MACHINE = "/api/v1/machines/{machineName}";

    private final Machines machines;
    private final MachineCare care;

    /** Over the services. */
    public MachineResource(Machines machines, MachineCare care) {
        this.machines = machines;
        this.care = care;
    }

    record Maintenance(@Nullable Boolean enabled) {
        Maintenance {
            Check.present("enabled", enabled);
        }
    }

    @Override
    public List<Route> routes() {
        Access read = new Access.Needs(Right.MACHINE_READ);
        Access manage = new Access.Needs(Right.MACHINE_MANAGE);
        return List.of(
                new Route("GET", "/api/v1/machines", read, this::list),
                new Route("GET", MACHINE, read, request -> Response.ok(machines.get(request.path("machineName")))),
                new Route(
                        "POST",
                        MACHINE + "/restart",
                        manage,
                        request -> Response.accepted(care.restart(request.path("machineName"), request.caller()))),
                new Route(
                        "POST",
                        MACHINE + "/refresh",
                        manage,
                        request -> Response.accepted(care.refresh(request.path("machineName"), request.caller()))),
                new Route("POST", MACHINE + "/maintenance", manage, this::maintenance));
    }

    private Response list(Request request) {
        int limit = request.limit();
        return Response.ok(Page.of(machines.list(null, request.after(), limit + 1), limit, MachineView::name));
    }

    private Response maintenance(Request request) {
        Maintenance maintenance = request.body(Maintenance.class);
        return Response.ok(care.maintenance(
                request.path("machineName"), Check.present("enabled", maintenance.enabled()), request.caller()));
    }
}
