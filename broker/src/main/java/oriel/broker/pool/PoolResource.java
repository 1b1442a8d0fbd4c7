package oriel.broker.pool;

import java.util.List;
import oriel.broker.access.Reach;
import oriel.broker.access.Right;
import oriel.broker.machine.Machines;
import oriel.broker.machine.Machines.MachineView;
import oriel.broker.pool.Pools.NewEntitlement;
import oriel.broker.pool.Pools.NewPool;
import oriel.broker.pool.Pools.PoolChange;
import oriel.broker.pool.Pools.PoolView;
import oriel.broker.role.Roles;
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
    private final Roles roles;

    /** Over the services. */
    public PoolResource(Pools pools, Machines machines, Roles roles) {
        this.pools = pools;
        this.machines = machines;
        this.roles = roles;
    }

    private record Items<T>(List<T> items) {}

    @Override
    public List<Route> routes() {
        Access read = new Access.Needs(Right.POOL_READ, roles.atPool());
        Access write = new Access.Needs(Right.POOL_WRITE, roles.atPool());
        return List.of(
                new Route(
                        "GET",
                        "/api/v1/pools",
                        new Access.Needs(Right.POOL_READ, new Access.Where.Anywhere()),
                        this::list),
                new Route("POST", "/api/v1/pools", new Access.Needs(Right.POOL_WRITE), this::create),
                new Route("GET", POOL, read, request -> pool(200, pools.get(request.path("poolId")))),
                new Route("PATCH", POOL, write, this::change),
                new Route("DELETE", POOL, write, this::delete),
                new Route("POST", POOL + "/push", write, this::push),
                new Route(
                        "DELETE",
                        POOL + "/push",
                        write,
                        request -> pool(200, pools.cancelPush(request.path("poolId"), request.caller()))),
                new Route(
                        "GET",
                        POOL + "/machines",
                        new Access.Needs(Right.MACHINE_READ, roles.atPool()),
                        this::machines),
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
        return Response.ok(Page.of(
                pools.list(request.caller().reach(Right.POOL_READ), request.after(), limit + 1), limit, PoolView::id));
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

    private Response push(Request request) {
        return pool(
                202,
                pools.push(
                        request.path("poolId"), request.body(Push.Order.class), request.ifMatch(), request.caller()));
    }

    private Response delete(Request request) {
        return pool(
                202,
                pools.delete(
                        request.path("poolId"),
                        request.ifMatch(),
                        request.caller().username(),
                        request.address()));
    }

    private Response machines(Request request) {
        int limit = request.limit();
        String poolId = pools.get(request.path("poolId")).id();
        Machines.Filter filter = new Machines.Filter(poolId, null, null, "", Reach.EVERYTHING);
        return Response.ok(Page.of(machines.list(filter, request.after(), limit + 1), limit, MachineView::name));
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
