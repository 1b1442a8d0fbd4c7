package oriel.broker.pool;

import java.util.List;
import oriel.broker.access.Right;
import oriel.broker.machine.Machines;
import oriel.broker.machine.Machines.MachineView;
import oriel.broker.pool.Pools.NewEntitlement;
import oriel.broker.pool.Pools.NewPool;
import oriel.broker.pool.Pools.PoolChange;
import oriel.broker.pool.Pools.PoolView;
import oriel.broker.web.Access;
import oriel.broker.web.Page;
import oriel.broker.web.Request;
import oriel.broker.web.Resource;
import oriel.broker.web.Response;
import oriel.broker.web.Route;

/** Desktop pools, for administrators. */
public final class PoolResource implements Resource {
    private static final String POOL = "/api/v1/pools/{poolId}";

    private final Pools pools;
    private final Machines machines;

    /** Over the services. */
    public PoolResource(Pools pools, Machines machines) {
        this.pools = pools;
        this.machines = machines;
    }

    private record Items<T>(List<T> items) {}

    @Override
    public List<Route> routes() {
        Access read = new Access.Needs(Right.POOL_READ);
        Access write = new Access.Needs(Right.POOL_WRITE);
        return List.of(
                new Route("GET", "/api/v1/pools", read, this::list),
                new Route("POST", "/api/v1/pools", write, this::create),
                new Route("GET", POOL, read, request -> pool(200, pools.get(request.path("poolId")))),
                new Route("PATCH", POOL, write, this::change),
                new Route("DELETE", POOL, write, this::delete),
                new Route("GET", POOL + "/machines", new Access.Needs(Right.MACHINE_READ), this::machines),
                new Route(
                        "GET",
                        POOL + "/queue",
                        read,
                        request -> Response.ok(new Items<>(pools.queue(request.path("poolId"))))),
                new Route(
                        "GET",
                        POOL + "/entitlements",
                        read,
                        request -> Response.ok(new Items<>(pools.entitlements(request.path("poolId"))))),
                new Route("POST", POOL + "/entitlements", write, this::entitle),
                new Route("DELETE", POOL + "/entitlements/{entitlementId}", write, this::revoke));
    }

    private static Response pool(int status, PoolView pool) {
        return new Response(status, pool, java.util.Map.of("ETag", pool.etag()));
    }

    private Response list(Request request) {
        int limit = request.limit();
        return Response.ok(Page.of(pools.list(request.after(), limit + 1), limit, PoolView::id));
    }

    private Response create(Request request) {
        return pool(
                201, pools.create(request.body(NewPool.class), request.caller().username(), request.address()));
    }

    private Response change(Request request) {
        return pool(
                200,
                pools.change(
                        request.path("poolId"),
                        request.body(PoolChange.class),
                        request.ifMatch(),
                        request.caller().username(),
                        request.address()));
    }

    private Response delete(Request request) {
        return pool(202, pools.delete(request.path("poolId"), request.caller().username(), request.address()));
    }

    private Response machines(Request request) {
        int limit = request.limit();
        String poolId = pools.get(request.path("poolId")).id();
        return Response.ok(Page.of(machines.list(poolId, request.after(), limit + 1), limit, MachineView::name));
    }

    private Response entitle(Request request) {
        return Response.created(pools.entitle(
                request.path("poolId"),
                request.body(NewEntitlement.class),
                request.caller().username(),
                request.address()));
    }

    private Response revoke(Request request) {
        pools.revoke(
                request.path("poolId"),
                request.pathId("entitlementId"),
                request.caller().username(),
                request.address());
        return Response.nothing();
    }
}
