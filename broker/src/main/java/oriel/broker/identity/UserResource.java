package oriel.broker.identity;

import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import oriel.broker.access.Right;
import oriel.broker.identity.Accounts.NewUser;
import oriel.broker.identity.Accounts.UserChange;
import oriel.broker.identity.Accounts.UserView;
import oriel.broker.web.Access;
import oriel.broker.web.Page;
import oriel.broker.web.Request;
import oriel.broker.web.Resource;
import oriel.broker.web.Response;
import oriel.broker.web.Route;

/** Users, for administrators. */
public final class UserResource implements Resource {
    private static final String USER = "/api/v1/users/{userId}";

    private final Accounts accounts;

    /** Over the service. */
    public UserResource(Accounts accounts) {
        this.accounts = accounts;
    }

    private record PasswordReset(@Nullable String password) {
        @Override
        public String toString() {
            return "PasswordReset[]";
        }
    }

    private record PasswordResetDone(@Nullable String generatedPassword) {
        @Override
        public String toString() {
            return "PasswordResetDone[]";
        }
    }

    @Override
    public List<Route> routes() {
        Access read = new Access.Needs(Right.USER_READ, new Access.Where.Anywhere());
        Access write = new Access.Needs(Right.USER_WRITE);
        return List.of(
                new Route("GET", "/api/v1/users", read, this::list),
                new Route("POST", "/api/v1/users", write, this::create),
                new Route("GET", USER, read, request -> user(accounts.get(request.path("userId")))),
                new Route("PATCH", USER, write, this::change),
                new Route("DELETE", USER, write, this::delete),
                new Route("POST", USER + "/password", write, this::resetPassword),
                new Route(
                        "POST",
                        USER + "/unlock",
                        new Access.Needs(Right.USER_UNLOCK, new Access.Where.Anywhere()),
                        this::unlock));
    }

    private static Response user(UserView user) {
        return Response.ok(user).with("ETag", user.etag());
    }

    private Response list(Request request) {
        int limit = request.limit();
        List<UserView> users =
                accounts.list(request.after(), limit + 1, request.query("search", request.query("q", "")));
        return Response.ok(Page.of(users, limit, UserView::username));
    }

    private Response create(Request request) {
        return Response.created(
                accounts.create(request.body(NewUser.class), request.caller().username(), request.address()));
    }

    private Response change(Request request) {
        return user(accounts.change(
                request.path("userId"),
                request.body(UserChange.class),
                request.ifMatch(),
                request.caller().username(),
                request.address()));
    }

    private Response delete(Request request) {
        accounts.delete(
                request.path("userId"), request.ifMatch(), request.caller().username(), request.address());
        return Response.nothing();
    }

    private Response resetPassword(Request request) {
        PasswordReset reset = request.hasBody() ? request.body(PasswordReset.class) : new PasswordReset(null);
        Optional<String> generated = accounts.resetPassword(
                request.path("userId"), reset.password(), request.caller().username(), request.address());
        return Response.ok(new PasswordResetDone(generated.orElse(null)));
    }

    private Response unlock(Request request) {
        accounts.unlock(request.path("userId"), request.caller().username(), request.address());
        return Response.nothing();
    }
}
