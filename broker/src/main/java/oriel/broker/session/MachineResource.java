package oriel.broker.session;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import oriel.broker.access.Right;
import oriel.broker.display.Screens;
import oriel.broker.machine.Lifecycle;
import oriel.broker.machine.Machines;
import oriel.broker.machine.Machines.MachineView;
import oriel.broker.problem.Check;
import oriel.broker.role.Roles;
import oriel.broker.web.Access;
import oriel.broker.web.Page;
import oriel.broker.web.Request;
import oriel.broker.web.Resource;
import oriel.broker.web.Response;
import oriel.broker.web.Route;
import oriel.hypervisor.host.PowerState;

/** Machines, for administrators. */
public final class MachineResource implements Resource {
    private static final String MACHINE = "/api/v1/machines/{machineName}";

    private final Machines machines;
    private final MachineCare care;
    private final Roles roles;

    /** Over the services. */
    public MachineResource(Machines machines, MachineCare care, Roles roles) {
        this.machines = machines;
        this.care = care;
        this.roles = roles;
    }

    record Maintenance(@Nullable Boolean enabled) {
        Maintenance {
            Check.present("enabled", enabled);
        }
    }

    record Assignment(@Nullable String username) {
        Assignment {
            Check.text("username", username, 64);
        }
    }

    private Response assign(Request request) {
        String username = request.body(Assignment.class).username();
        return machine(200, care.assign(request.path("machineName"), username, request.ifMatch(), request.caller()));
    }

    @Override
    public List<Route> routes() {
        Access read = new Access.Needs(Right.MACHINE_READ, roles.atMachine());
        Access manage = new Access.Needs(Right.MACHINE_MANAGE, roles.atMachine());
        return List.of(
                new Route(
                        "GET",
                        "/api/v1/machines",
                        new Access.Needs(Right.MACHINE_READ, new Access.Where.Anywhere()),
                        this::list),
                new Route("GET", MACHINE, read, request -> machine(200, machines.get(request.path("machineName")))),
                new Route(
                                "GET",
                                MACHINE + "/screen",
                                new Access.NeedsOrOwns(
                                        Right.MACHINE_SCREEN,
                                        roles.atMachine(),
                                        Right.DESKTOP_USE,
                                        request -> machines.owner(request.path("machineName"))),
                                this::screen)
                        .where(request -> request.path("machineName")),
                new Route(
                        "POST",
                        MACHINE + "/restart",
                        manage,
                        request -> machine(
                                202, care.restart(request.path("machineName"), request.ifMatch(), request.caller()))),
                new Route(
                        "POST",
                        MACHINE + "/refresh",
                        manage,
                        request -> machine(
                                202, care.refresh(request.path("machineName"), request.ifMatch(), request.caller()))),
                new Route("PUT", MACHINE + "/assignment", manage, this::assign),
                new Route(
                        "DELETE",
                        MACHINE + "/assignment",
                        manage,
                        request -> machine(
                                200,
                                care.assign(request.path("machineName"), null, request.ifMatch(), request.caller()))),
                new Route("POST", MACHINE + "/maintenance", manage, this::maintenance));
    }

    private static Response machine(int status, MachineView machine) {
        return new Response(status, machine, Map.of("ETag", machine.etag()));
    }

    private Response list(Request request) {
        int limit = request.limit();
        Machines.Filter filter = new Machines.Filter(
                request.query("pool", ""),
                request.query("lifecycle", Lifecycle.class),
                request.query("power", PowerState.class),
                request.query("search", ""),
                request.caller().reach(Right.MACHINE_READ));
        return Response.ok(Page.of(machines.list(filter, request.after(), limit + 1), limit, MachineView::name));
    }

    private Response screen(Request request) {
        int width = request.query("width", 320, Screens.NARROWEST, Screens.WIDEST);
        Screens.Picture picture = care.screen(request.path("machineName"), width, request.caller());
        if (picture.etag().equals(request.ifNoneMatch())) {
            return new Response(304, null, Map.of("ETag", picture.etag()));
        }
        return Response.ok(new Response.Bytes("image/png", picture.png()))
                .with("ETag", picture.etag())
                // The next question comes with the ETag; a shared cache must not keep somebody's screen.
                .with("Cache-Control", "private, no-cache");
    }

    private Response maintenance(Request request) {
        Maintenance maintenance = request.body(Maintenance.class);
        return machine(
                200,
                care.maintenance(
                        request.path("machineName"),
                        Check.present("enabled", maintenance.enabled()),
                        request.ifMatch(),
                        request.caller()));
    }
}
