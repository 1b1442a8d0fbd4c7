package oriel.broker.identity;

import java.util.List;
import oriel.broker.access.Caller;
import oriel.broker.access.Right;
import oriel.broker.problem.Check;
import oriel.broker.web.Access;
import oriel.broker.web.Request;
import oriel.broker.web.Resource;
import oriel.broker.web.Response;
import oriel.broker.web.Route;

/** One's own second factor; and its removal by an administrator where it is lost. */
public final class SecondFactorResource implements Resource {
    private static final String OWN = "/api/v1/me/second-factor";

    private final SecondFactor secondFactor;
    private final SignIns signIns;
    private final Accounts accounts;

    /** Over the services. */
    public SecondFactorResource(SecondFactor secondFactor, SignIns signIns, Accounts accounts) {
        this.secondFactor = secondFactor;
        this.signIns = signIns;
        this.accounts = accounts;
    }

    record Proof(String password) {
        Proof {
            Check.present("password", password);
        }

        @Override
        public String toString() {
            return "Proof[]";
        }
    }

    record Code(String code) {
        Code {
            Check.text("code", code, 32);
        }
    }

    private record RecoveryCodes(List<String> recoveryCodes) {
        @Override
        public String toString() {
            return "RecoveryCodes[]";
        }
    }

    @Override
    public List<Route> routes() {
        Access self = new Access.Self();
        return List.of(
                new Route(
                        "GET",
                        OWN,
                        self,
                        request ->
                                Response.ok(secondFactor.state(request.caller().userId()))),
                new Route("POST", OWN, self, this::begin),
                new Route("POST", OWN + "/confirm", self, this::confirm),
                new Route("POST", OWN + "/remove", self, this::remove),
                new Route(
                        "DELETE",
                        "/api/v1/users/{userId}/second-factor",
                        new Access.Needs(Right.USER_WRITE),
                        this::removeOfUser));
    }

    private Response begin(Request request) {
        signIns.confirm(
                request.caller(),
                "second-factor.enable",
                request.body(Proof.class).password());
        return Response.ok(secondFactor.begin(request.caller()));
    }

    private Response confirm(Request request) {
        request.caller().requirePerson();
        return Response.ok(new RecoveryCodes(
                secondFactor.confirm(request.caller(), request.body(Code.class).code())));
    }

    private Response remove(Request request) {
        Caller caller = request.caller();
        signIns.confirm(
                caller, "second-factor.disable", request.body(Proof.class).password());
        secondFactor.remove(caller.userId(), caller.username(), caller.username(), caller.address());
        return Response.nothing();
    }

    private Response removeOfUser(Request request) {
        accounts.removeSecondFactor(request.path("userId"), request.caller().username(), request.address());
        return Response.nothing();
    }
}
