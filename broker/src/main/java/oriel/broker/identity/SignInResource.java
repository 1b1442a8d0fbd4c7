package oriel.broker.identity;

import java.util.List;
import oriel.broker.access.Right;
import oriel.broker.web.Access;
import oriel.broker.web.Request;
import oriel.broker.web.Resource;
import oriel.broker.web.Response;
import oriel.broker.web.Route;

/** Where somebody is signed in, and the end of it: one's own, and for administrators everybody's. */
public final class SignInResource implements Resource {
    private static final String OWN = "/api/v1/me/sign-ins";
    private static final String OF_USER = "/api/v1/users/{userId}/sign-ins";

    private final SignIns signIns;
    private final Accounts accounts;

    /** Over the services. */
    public SignInResource(SignIns signIns, Accounts accounts) {
        this.signIns = signIns;
        this.accounts = accounts;
    }

    private record SignInList(List<SignIns.View> items) {}

    @Override
    public List<Route> routes() {
        return List.of(
                new Route("GET", OWN, new Access.Self(), this::own),
                new Route("DELETE", OWN + "/{signInId}", new Access.Self(), this::revokeOwn),
                new Route("GET", OF_USER, new Access.Needs(Right.USER_READ), this::ofUser),
                new Route("DELETE", OF_USER + "/{signInId}", new Access.Needs(Right.USER_WRITE), this::revokeOfUser));
    }

    private Response own(Request request) {
        return Response.ok(new SignInList(signIns.list(request.caller().userId(), request.caller())));
    }

    private Response revokeOwn(Request request) {
        request.caller().requirePerson();
        signIns.revoke(request.caller(), request.caller().userId(), request.pathId("signInId"));
        return Response.nothing();
    }

    private Response ofUser(Request request) {
        return Response.ok(new SignInList(signIns.list(accounts.id(request.path("userId")), request.caller())));
    }

    private Response revokeOfUser(Request request) {
        signIns.revoke(request.caller(), accounts.id(request.path("userId")), request.pathId("signInId"));
        return Response.nothing();
    }
}
