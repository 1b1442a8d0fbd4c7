package oriel.broker.identity;

import java.net.URI;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import oriel.broker.access.Caller;
import oriel.broker.access.Grant;
import oriel.broker.access.Right;
import oriel.broker.access.Role;
import oriel.broker.access.Scope;
import oriel.broker.problem.Check;
import oriel.broker.web.Access;
import oriel.broker.web.Authenticator;
import oriel.broker.web.Request;
import oriel.broker.web.Resource;
import oriel.broker.web.Response;
import oriel.broker.web.Route;

/** Signing in and out, and what one may do with one's own account. */
public final class LoginResource implements Resource {
    private final SignIns signIns;
    private final EndSession endSession;

    /** Over the service. */
    public LoginResource(SignIns signIns, EndSession endSession) {
        this.signIns = signIns;
        this.endSession = endSession;
    }

    /** Knows where a browser ends the session that it has elsewhere. */
    @FunctionalInterface
    public interface EndSession {
        /** The address, if the sign-in came from elsewhere. */
        Optional<URI> of(String signIn, Request request);
    }

    record Login(String username, String password, @Nullable String code) {
        Login {
            if (code != null) {
                Check.text("code", code, 32);
            }
            Check.text("username", username, 64);
            if (Check.present("password", password).length() > Passwords.LONGEST) {
                throw oriel.broker.problem.RefusedException.field("password", "is too long");
            }
        }

        @Override
        public String toString() {
            return "Login[" + username + "]";
        }
    }

    record PasswordChange(String currentPassword, String newPassword) {
        PasswordChange {
            Check.present("currentPassword", currentPassword);
            Check.present("newPassword", newPassword);
        }

        @Override
        public String toString() {
            return "PasswordChange[]";
        }
    }

    private record MyGrant(
            Role role, Scope.Kind scope, @Nullable String scopeId) {
        static MyGrant of(Grant grant) {
            Scope scope = grant.scope();
            return new MyGrant(grant.role(), scope.kind(), scope.kind() == Scope.Kind.ALL ? null : scope.id());
        }
    }

    private record SignedOut(URI endSession) {}

    private record Me(
            UUID id,
            String username,
            String displayName,
            Role role,
            List<String> groups,
            Set<Right> rights,
            List<MyGrant> grants,
            Instant expires) {
        static Me of(Caller caller) {
            return new Me(
                    caller.userId(),
                    caller.username(),
                    caller.displayName(),
                    caller.role(),
                    caller.groups(),
                    new TreeSet<>(caller.rights()),
                    caller.grants().stream().map(MyGrant::of).toList(),
                    caller.expires());
        }
    }

    @Override
    public List<Route> routes() {
        return List.of(
                new Route("POST", "/api/v1/login", new Access.Public(), this::login),
                new Route("POST", "/api/v1/logout", new Access.Self(), this::logout),
                new Route("GET", "/api/v1/me", new Access.Self(), request -> Response.ok(Me.of(request.caller()))),
                new Route("POST", "/api/v1/me/password", new Access.Self(), this::changePassword));
    }

    private Response login(Request request) {
        Login login = request.body(Login.class);
        SignIns.Started started = signIns.signIn(
                login.username(), login.password(), login.code(), Client.of(request.address(), request.userAgent()));
        // A sign-in that this browser already had would live on unseen.
        signIns.caller(request.cookie(Authenticator.COOKIE), request.address()).ifPresent(signIns::signOut);
        return Response.ok(Me.of(started.caller())).with("Set-Cookie", cookie(started.token(), request.secure()));
    }

    private Response logout(Request request) {
        request.caller().requirePerson();
        Optional<URI> elsewhere = endSession.of(request.caller().signIn(), request);
        signIns.signOut(request.caller());
        return elsewhere
                .map(uri -> Response.ok(new SignedOut(uri)))
                .orElseGet(Response::nothing)
                .with("Set-Cookie", cookie("", request.secure(), 0));
    }

    private Response changePassword(Request request) {
        PasswordChange change = request.body(PasswordChange.class);
        signIns.changePassword(request.caller(), change.currentPassword(), change.newPassword());
        return Response.nothing();
    }

    /** The cookie of a sign-in. */
    public static String cookie(String token, boolean secure) {
        return cookie(token, secure, SignIns.LONGEST.toSeconds());
    }

    private static String cookie(String value, boolean secure, long seconds) {
        return Authenticator.COOKIE + "=" + value + "; Path=/; Max-Age=" + seconds + "; HttpOnly; SameSite=Strict"
                + (secure ? "; Secure" : "");
    }
}
