package oriel.broker.identity.keycloak;

import com.nimbusds.oauth2.sdk.pkce.CodeVerifier;
import com.nimbusds.openid.connect.sdk.claims.LogoutTokenClaimsSet;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import oriel.broker.identity.Client;
import oriel.broker.identity.ExternalSignIns;
import oriel.broker.identity.LoginResource;
import oriel.broker.identity.Secrets;
import oriel.broker.identity.SignIns;
import oriel.broker.problem.Reason;
import oriel.broker.problem.RefusedException;
import oriel.broker.store.Store;
import oriel.broker.web.Access;
import oriel.broker.web.Request;
import oriel.broker.web.Resource;
import oriel.broker.web.Response;
import oriel.broker.web.Route;

/** Signing in by an identity provider: the way there, the way back, and what the provider tells us later. */
public final class OidcResource implements Resource {
    private static final Logger log = LoggerFactory.getLogger(OidcResource.class);

    /** Mapped classes that nobody else sees. */
    public static final List<Class<?>> ENTITIES = List.of(OidcFlow.class);

    private static final String PATH = "/api/v1/login/oidc";
    private static final String CALLBACK = PATH + "/callback";
    /** Ties the way back to the browser that went: nobody can be signed in as somebody else by a link. */
    private static final String COOKIE = "oriel_oidc";

    private static final Duration LONGEST_FLOW = Duration.ofMinutes(10);
    private static final int MOST_REFRESHES_AT_A_TIME = 50;

    private final @Nullable OidcConfig config;
    private final @Nullable OidcProvider provider;
    private final Store store;
    private final ExternalSignIns signIns;
    private final Secrets secrets;
    private final Clock clock;
    private final AtomicBoolean asking = new AtomicBoolean();

    /** With its collaborators; without a configuration there is no such sign-in. */
    public OidcResource(
            @Nullable OidcConfig config, Store store, ExternalSignIns signIns, Secrets secrets, Clock clock) {
        this.config = config;
        this.provider = config == null ? null : new OidcProvider(config, clock);
        this.store = store;
        this.signIns = signIns;
        this.secrets = secrets;
        this.clock = clock;
    }

    private record Options(boolean local, @Nullable External oidc) {}

    private record External(String label, String path) {}

    @Override
    public List<Route> routes() {
        return List.of(
                new Route("GET", "/api/v1/login/options", new Access.Public(), request -> options()),
                new Route("GET", PATH, new Access.Public(), this::go),
                new Route("GET", CALLBACK, new Access.Public(), this::back),
                new Route("POST", PATH + "/logout", new Access.Notice(), this::loggedOut));
    }

    private Response options() {
        return Response.ok(new Options(true, config == null ? null : new External(config.label(), PATH)));
    }

    private Response go(Request request) {
        String state = secrets.token();
        String nonce = secrets.token();
        String verifier = new CodeVerifier().getValue();
        String returnTo = local(request.query("returnTo", "/"));
        URI at;
        try {
            at = provider().signInAt(redirect(request), state, nonce, verifier);
        } catch (RefusedException e) {
            return e.reason() == Reason.NOT_FOUND ? rethrow(e) : toPortal(e);
        }
        store.run(tx -> tx.insert(new OidcFlow(Secrets.hash(state), nonce, verifier, returnTo, clock.instant())));
        return Response.seeOther(at.toString())
                .with("Set-Cookie", cookie(state, request.secure(), LONGEST_FLOW.toSeconds()));
    }

    private static Response rethrow(RefusedException e) {
        throw e;
    }

    private Response back(Request request) {
        OidcProvider asked = provider();
        String state = request.query("state", "");
        String cookie = request.cookie(COOKIE);
        Optional<OidcFlow> flow = cookie != null
                        && !state.isEmpty()
                        && MessageDigest.isEqual(
                                cookie.getBytes(StandardCharsets.UTF_8), state.getBytes(StandardCharsets.UTF_8))
                ? take(state)
                : Optional.empty();
        if (flow.isEmpty()) {
            return toPortal(new RefusedException(
                    Reason.NOT_SIGNED_IN, "This sign-in was begun elsewhere or too long ago. Sign in again."));
        }
        String error = request.query("error", "");
        if (!error.isEmpty()) {
            log.info("the identity provider refused a sign-in: {} {}", error, request.query("error_description", ""));
            return toPortal(
                    new RefusedException(Reason.NOT_SIGNED_IN, "The sign-in was cancelled or refused. Sign in again."));
        }
        long began = System.nanoTime();
        try {
            OidcProvider.Vouched vouched = asked.redeem(
                    request.query("code", ""),
                    redirect(request),
                    flow.get().verifier(),
                    flow.get().nonce());
            SignIns.Started started = signIns.signIn(
                    vouched.identity(),
                    vouched.session(),
                    Client.of(request.address(), request.userAgent()),
                    Duration.ofNanos(System.nanoTime() - began));
            return Response.seeOther(flow.get().returnTo())
                    .with("Set-Cookie", LoginResource.cookie(started.token(), request.secure()));
        } catch (OidcProvider.RejectedException e) {
            log.info("the identity provider did not take a code: {}", e.getMessage());
            return toPortal(new RefusedException(Reason.NOT_SIGNED_IN, "The sign-in took too long. Sign in again."));
        } catch (RefusedException e) {
            return toPortal(e);
        }
    }

    private Optional<OidcFlow> take(String state) {
        return store.call(tx -> tx.lock(OidcFlow.class, Secrets.hash(state)).map(flow -> {
                    tx.delete(flow);
                    return flow;
                }))
                .filter(flow -> flow.created().plus(LONGEST_FLOW).isAfter(clock.instant()));
    }

    /** The browser is on its way between two sites: it can be told something by the address of a page only. */
    private static Response toPortal(RefusedException refused) {
        return Response.seeOther("/sign-in?signInError=" + refused.reason().name() + "&detail="
                + URLEncoder.encode(String.valueOf(refused.getMessage()), StandardCharsets.UTF_8));
    }

    /** The provider tells that somebody has signed out there, or was signed out. */
    private Response loggedOut(Request request) {
        LogoutTokenClaimsSet claims = provider().loggedOut(request.form("logout_token"));
        String issuer = claims.getIssuer().getValue();
        String session =
                claims.getSessionID() == null ? null : claims.getSessionID().getValue();
        String subject =
                claims.getSubject() == null ? null : claims.getSubject().getValue();
        if (signIns.spend(issuer, claims.getJWTID().getValue())) {
            int ended = signIns.ended(issuer, subject, session);
            log.info("{} sign-ins ended by the identity provider", ended);
        }
        return new Response(200, null, Map.of());
    }

    /** Where a browser must go to end its session at the provider as well; empty for other sign-ins. */
    public Optional<URI> endSession(String signIn, Request request) {
        if (provider == null) {
            return Optional.empty();
        }
        OidcProvider asked = provider;
        try {
            return signIns.idToken(signIn)
                    .flatMap(idToken -> Optional.ofNullable(
                            asked.signOutAt(idToken, origin(request).resolve("/"))));
        } catch (RefusedException e) {
            // It is down: signing out here must work all the same.
            return Optional.empty();
        }
    }

    /** Asks the provider about sign-ins that it has not been asked about for some minutes; returns at once. */
    public void sweep() {
        if (provider == null) {
            return;
        }
        Instant oldest = clock.instant().minus(LONGEST_FLOW);
        store.run(tx -> tx.execute("delete from OidcFlow where created < ?1", oldest));
        signIns.sweep();
        if (asking.compareAndSet(false, true)) {
            Thread.ofVirtual().name("oidc-refresh").start(() -> {
                try {
                    refreshDue(provider);
                } catch (RuntimeException e) {
                    log.warn("the identity provider could not be asked about sign-ins", e);
                } finally {
                    asking.set(false);
                }
            });
        }
    }

    private void refreshDue(OidcProvider asked) {
        for (int i = 0; i < MOST_REFRESHES_AT_A_TIME; i++) {
            Optional<ExternalSignIns.Due> due = signIns.nextDue();
            if (due.isEmpty()) {
                return;
            }
            try {
                OidcProvider.Vouched vouched = asked.refresh(due.get().refreshToken());
                if (vouched.identity().subject().equals(due.get().subject())) {
                    signIns.renewed(due.get(), vouched.identity(), vouched.session());
                } else {
                    signIns.lost(due.get(), "the identity provider names somebody else");
                }
            } catch (OidcProvider.RejectedException e) {
                signIns.lost(due.get(), "the identity provider has ended the session");
            } catch (RefusedException e) {
                // It does not answer; the sign-in goes on until it says no.
                return;
            }
        }
    }

    private OidcProvider provider() {
        if (provider == null) {
            throw RefusedException.notFound("identity provider configured here");
        }
        return provider;
    }

    private URI redirect(Request request) {
        return origin(request).resolve(CALLBACK);
    }

    private URI origin(Request request) {
        URI configured = config == null ? null : config.publicUrl();
        return configured == null ? request.origin() : configured;
    }

    /** A path of ours, never another site. */
    private static String local(String path) {
        boolean ours = path.startsWith("/")
                && !path.startsWith("//")
                && path.length() <= 500
                && path.chars().allMatch(c -> c > ' ' && c < 0x7F && c != '\\');
        return ours ? path : "/";
    }

    /** Lax, not Strict: the way back is a navigation from the provider's site. */
    private static String cookie(String value, boolean secure, long seconds) {
        return COOKIE + "=" + value + "; Path=" + PATH + "; Max-Age=" + seconds + "; HttpOnly; SameSite=Lax"
                + (secure ? "; Secure" : "");
    }
}
