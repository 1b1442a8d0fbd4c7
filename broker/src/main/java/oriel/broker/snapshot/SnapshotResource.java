package oriel.broker.snapshot;

import java.util.List;
import oriel.broker.access.Right;
import oriel.broker.machine.Machines;
import oriel.broker.role.Roles;
import oriel.broker.snapshot.Snapshots.NewSnapshot;
import oriel.broker.web.Access;
import oriel.broker.web.Request;
import oriel.broker.web.Resource;
import oriel.broker.web.Response;
import oriel.broker.web.Route;

/** Snapshots, for users, helpdesk and administrators. */
public final class SnapshotResource implements Resource {
    private static final String SNAPSHOTS = "/api/v1/machines/{machineName}/snapshots";

    private final Snapshots snapshots;
    private final Machines machines;
    private final Roles roles;

    /** Over the services. */
    public SnapshotResource(Snapshots snapshots, Machines machines, Roles roles) {
        this.snapshots = snapshots;
        this.machines = machines;
        this.roles = roles;
    }

    private record Items<T>(List<T> items) {}

    private Access at(Right right) {
        return new Access.NeedsOrOwns(
                right, roles.atMachine(), Right.DESKTOP_USE, request -> machines.owner(request.path("machineName")));
    }

    @Override
    public List<Route> routes() {
        return List.of(
                new Route(
                        "GET",
                        SNAPSHOTS,
                        at(Right.SNAPSHOT_READ),
                        request -> Response.ok(new Items<>(snapshots.list(request.path("machineName"))))),
                new Route("POST", SNAPSHOTS, at(Right.SNAPSHOT_WRITE), this::take),
                new Route(
                        "POST",
                        SNAPSHOTS + "/{snapshotId}/restore",
                        at(Right.SNAPSHOT_RESTORE),
                        request -> Response.accepted(snapshots.restore(
                                request.path("machineName"), request.pathId("snapshotId"), request.caller()))),
                new Route("GET", SNAPSHOTS + "/{snapshotId}/picture", at(Right.MACHINE_SCREEN), this::picture),
                new Route(
                        "DELETE",
                        SNAPSHOTS + "/{snapshotId}",
                        at(Right.SNAPSHOT_WRITE),
                        request -> Response.accepted(snapshots.delete(
                                request.path("machineName"), request.pathId("snapshotId"), request.caller()))));
    }

    private Response picture(Request request) {
        byte[] png = snapshots.picture(request.path("machineName"), request.pathId("snapshotId"), request.caller());
        return Response.ok(new Response.Bytes("image/png", png)).with("Cache-Control", "private, no-store");
    }

    private Response take(Request request) {
        NewSnapshot wanted = request.hasBody() ? request.body(NewSnapshot.class) : new NewSnapshot(null, null);
        return Response.accepted(snapshots.take(request.path("machineName"), wanted, request.caller()));
    }
}
