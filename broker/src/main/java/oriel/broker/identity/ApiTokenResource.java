package oriel.broker.identity;

import java.util.List;
import oriel.broker.access.Caller;
import oriel.broker.web.Access;
import oriel.broker.web.Request;
import oriel.broker.web.Resource;
import oriel.broker.web.Response;
import oriel.broker.web.Route;

/** One's own tokens for programs. */
public final class ApiTokenResource implements Resource {
    private static final String TOKENS = "/api/v1/me/tokens";

    private final ApiTokens tokens;

    /** Over the service. */
    public ApiTokenResource(ApiTokens tokens) {
        this.tokens = tokens;
    }

    private record TokenList(List<ApiTokens.TokenView> items) {}

    @Override
    public List<Route> routes() {
        return List.of(
                new Route("GET", TOKENS, new Access.Self(), this::list),
                new Route("POST", TOKENS, new Access.Self(), this::make),
                new Route("DELETE", TOKENS + "/{tokenId}", new Access.Self(), this::revoke));
    }

    private Response list(Request request) {
        return Response.ok(new TokenList(tokens.list(request.caller().userId())));
    }

    private Response make(Request request) {
        Caller caller = request.caller();
        caller.requirePerson();
        return Response.created(tokens.make(caller, request.body(ApiTokens.NewToken.class)));
    }

    private Response revoke(Request request) {
        Caller caller = request.caller();
        caller.requirePerson();
        tokens.revoke(caller, caller.userId(), request.pathId("tokenId"));
        return Response.nothing();
    }
}
