package oriel.broker.identity.keycloak;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.proc.BadJOSEException;
import com.nimbusds.jose.util.DefaultResourceRetriever;
import com.nimbusds.jwt.JWT;
import com.nimbusds.jwt.JWTParser;
import com.nimbusds.oauth2.sdk.AuthorizationCode;
import com.nimbusds.oauth2.sdk.AuthorizationCodeGrant;
import com.nimbusds.oauth2.sdk.AuthorizationGrant;
import com.nimbusds.oauth2.sdk.GeneralException;
import com.nimbusds.oauth2.sdk.OAuth2Error;
import com.nimbusds.oauth2.sdk.ParseException;
import com.nimbusds.oauth2.sdk.RefreshTokenGrant;
import com.nimbusds.oauth2.sdk.ResponseType;
import com.nimbusds.oauth2.sdk.Scope;
import com.nimbusds.oauth2.sdk.TokenRequest;
import com.nimbusds.oauth2.sdk.TokenResponse;
import com.nimbusds.oauth2.sdk.auth.ClientSecretBasic;
import com.nimbusds.oauth2.sdk.auth.Secret;
import com.nimbusds.oauth2.sdk.http.HTTPRequest;
import com.nimbusds.oauth2.sdk.id.ClientID;
import com.nimbusds.oauth2.sdk.id.Issuer;
import com.nimbusds.oauth2.sdk.id.State;
import com.nimbusds.oauth2.sdk.pkce.CodeChallengeMethod;
import com.nimbusds.oauth2.sdk.pkce.CodeVerifier;
import com.nimbusds.oauth2.sdk.token.RefreshToken;
import com.nimbusds.openid.connect.sdk.AuthenticationRequest;
import com.nimbusds.openid.connect.sdk.LogoutRequest;
import com.nimbusds.openid.connect.sdk.Nonce;
import com.nimbusds.openid.connect.sdk.OIDCTokenResponseParser;
import com.nimbusds.openid.connect.sdk.claims.IDTokenClaimsSet;
import com.nimbusds.openid.connect.sdk.claims.LogoutTokenClaimsSet;
import com.nimbusds.openid.connect.sdk.op.OIDCProviderMetadata;
import com.nimbusds.openid.connect.sdk.token.OIDCTokens;
import com.nimbusds.openid.connect.sdk.validators.IDTokenValidator;
import com.nimbusds.openid.connect.sdk.validators.LogoutTokenValidator;
import java.io.IOException;
import java.net.MalformedURLException;
import java.net.URI;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;
import oriel.broker.identity.ExternalIdentity;
import oriel.broker.identity.ExternalSession;
import oriel.broker.problem.Reason;
import oriel.broker.problem.RefusedException;

/**
 * The identity provider: OpenID Connect Core 1.0 code flow with PKCE (RFC 7636), refresh, RP-initiated logout and
 * back-channel logout. What it publishes about itself is read at the first use and kept. Thread-safe.
 */
final class OidcProvider {
    private static final int CONNECT_MILLIS = 5_000;
    private static final int READ_MILLIS = 10_000;
    private static final int MOST_KEY_SET_BYTES = 256 * 1024;
    /** The provider is asked again a little before its access token ends, which Keycloak makes five minutes. */
    private static final Duration BEFORE_EXPIRY = Duration.ofSeconds(30);

    private static final Duration SHORTEST_PAUSE = Duration.ofSeconds(30);

    private final OidcConfig config;
    private final Clock clock;
    private volatile @Nullable Published published;

    OidcProvider(OidcConfig config, Clock clock) {
        this.config = config;
        this.clock = clock;
    }

    private record Published(
            OIDCProviderMetadata metadata, IDTokenValidator idTokens, LogoutTokenValidator logoutTokens) {}

    /** Somebody whom the provider vouches for. */
    record Vouched(ExternalIdentity identity, ExternalSession session) {}

    /** The provider does not vouch (any more). */
    static final class RejectedException extends Exception {
        private static final long serialVersionUID = 1L;

        RejectedException(String message) {
            super(message);
        }
    }

    /** Where the browser goes to sign in. */
    URI signInAt(URI redirect, String state, String nonce, String verifier) {
        return new AuthenticationRequest.Builder(
                        new ResponseType(ResponseType.Value.CODE),
                        new Scope("openid", "profile", "email"),
                        new ClientID(config.clientId()),
                        redirect)
                .endpointURI(published().metadata().getAuthorizationEndpointURI())
                .state(new State(state))
                .nonce(new Nonce(nonce))
                .codeChallenge(new CodeVerifier(verifier), CodeChallengeMethod.S256)
                .build()
                .toURI();
    }

    /** Where the browser goes to sign out, if the provider has such a place. */
    @Nullable
    URI signOutAt(String idToken, URI back) {
        URI endpoint = published().metadata().getEndSessionEndpointURI();
        try {
            return endpoint == null ? null : new LogoutRequest(endpoint, JWTParser.parse(idToken), back, null).toURI();
        } catch (java.text.ParseException e) {
            throw new IllegalStateException("an ID token that was valid is a JWT", e);
        }
    }

    /** Redeems what the browser brought back. */
    Vouched redeem(String code, URI redirect, String verifier, String nonce) throws RejectedException {
        return ask(
                new AuthorizationCodeGrant(new AuthorizationCode(code), redirect, new CodeVerifier(verifier)), nonce);
    }

    /** Asks whether a session lives. */
    Vouched refresh(String refreshToken) throws RejectedException {
        return ask(new RefreshTokenGrant(new RefreshToken(refreshToken)), null);
    }

    private Vouched ask(AuthorizationGrant grant, @Nullable String nonce) throws RejectedException {
        Published provider = published();
        ClientID client = new ClientID(config.clientId());
        URI endpoint = provider.metadata().getTokenEndpointURI();
        String secret = config.clientSecret();
        TokenRequest request = secret == null
                ? new TokenRequest.Builder(endpoint, client, grant).build()
                : new TokenRequest.Builder(endpoint, new ClientSecretBasic(client, new Secret(secret)), grant).build();
        try {
            HTTPRequest http = request.toHTTPRequest();
            http.setConnectTimeout(CONNECT_MILLIS);
            http.setReadTimeout(READ_MILLIS);
            TokenResponse response = OIDCTokenResponseParser.parse(http.send());
            if (!response.indicatesSuccess()) {
                var error = response.toErrorResponse().getErrorObject();
                if (OAuth2Error.INVALID_GRANT.equals(error)) {
                    throw new RejectedException(String.valueOf(error.getDescription()));
                }
                throw failed("it answered " + error.getCode() + " " + error.getDescription(), null);
            }
            OIDCTokens tokens =
                    ((com.nimbusds.openid.connect.sdk.OIDCTokenResponse) response.toSuccessResponse()).getOIDCTokens();
            JWT idToken = tokens.getIDToken();
            if (idToken == null) {
                throw failed("it gave no ID token: is the scope \"openid\" allowed?", null);
            }
            IDTokenClaimsSet claims = provider.idTokens().validate(idToken, nonce == null ? null : new Nonce(nonce));
            return new Vouched(
                    IdentityClaims.read(claims, config.rolePrefix()),
                    new ExternalSession(
                            claims.getStringClaim("sid"),
                            tokens.getIDTokenString(),
                            tokens.getRefreshToken() == null
                                    ? null
                                    : tokens.getRefreshToken().getValue(),
                            tokens.getRefreshToken() == null
                                    ? null
                                    : due(tokens.getAccessToken().getLifetime())));
        } catch (IOException | ParseException | BadJOSEException | JOSEException e) {
            throw failed(String.valueOf(e.getMessage()), e);
        }
    }

    private Instant due(long accessTokenSeconds) {
        Duration pause = Duration.ofSeconds(accessTokenSeconds).minus(BEFORE_EXPIRY);
        return clock.instant().plus(pause.compareTo(SHORTEST_PAUSE) < 0 ? SHORTEST_PAUSE : pause);
    }

    /**
     * Checks a logout token (OpenID Connect Back-Channel Logout 1.0 §2.6).
     *
     * @throws RefusedException {@link Reason#BAD_REQUEST} if it is none of this provider's for us
     */
    LogoutTokenClaimsSet loggedOut(String logoutToken) {
        try {
            return published().logoutTokens().validate(JWTParser.parse(logoutToken));
        } catch (java.text.ParseException | BadJOSEException | JOSEException e) {
            throw RefusedException.field("logout_token", "is not valid: " + e.getMessage());
        }
    }

    private Published published() {
        Published known = published;
        if (known != null) {
            return known;
        }
        Issuer issuer = new Issuer(config.issuer());
        try {
            OIDCProviderMetadata metadata = OIDCProviderMetadata.resolve(issuer, CONNECT_MILLIS, READ_MILLIS);
            ClientID client = new ClientID(config.clientId());
            DefaultResourceRetriever retriever =
                    new DefaultResourceRetriever(CONNECT_MILLIS, READ_MILLIS, MOST_KEY_SET_BYTES);
            Published fresh = new Published(
                    metadata,
                    new IDTokenValidator(
                            issuer,
                            client,
                            JWSAlgorithm.RS256,
                            metadata.getJWKSetURI().toURL(),
                            retriever),
                    new LogoutTokenValidator(
                            issuer,
                            client,
                            JWSAlgorithm.RS256,
                            metadata.getJWKSetURI().toURL(),
                            retriever));
            published = fresh;
            return fresh;
        } catch (GeneralException | MalformedURLException e) {
            throw failed(String.valueOf(e.getMessage()), e);
        } catch (IOException e) {
            throw failed("it does not answer (" + e.getMessage() + ")", e);
        }
    }

    private RefusedException failed(String why, @Nullable Throwable cause) {
        org.slf4j.LoggerFactory.getLogger(OidcProvider.class)
                .warn("identity provider {}: {}", config.issuer(), why, cause);
        return new RefusedException(
                Reason.IDENTITY_PROVIDER,
                "Signing in by " + config.label() + " fails at the moment. Try again later, or ask an administrator.");
    }
}
