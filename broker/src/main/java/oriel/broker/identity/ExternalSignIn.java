package oriel.broker.identity;

import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import jakarta.persistence.Table;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** What the identity provider knows of a sign-in. It goes with the sign-in. */
@Entity
@Table(name = "external_sign_in")
class ExternalSignIn {
    @Id
    private String tokenHash;

    private String issuer;
    private String subject;

    @SuppressWarnings("UnusedVariable") // a column: queries use it
    private @Nullable String providerSession;

    private String idToken;
    private @Nullable String refreshToken;

    @SuppressWarnings("UnusedVariable") // a column: queries use it
    private @Nullable Instant refreshDue;

    @SuppressWarnings("NullAway.Init")
    protected ExternalSignIn() {}

    ExternalSignIn(String tokenHash, ExternalIdentity identity) {
        this.tokenHash = tokenHash;
        this.issuer = identity.issuer();
        this.subject = identity.subject();
        this.idToken = "";
    }

    String tokenHash() {
        return tokenHash;
    }

    String issuer() {
        return issuer;
    }

    String subject() {
        return subject;
    }

    String idToken() {
        return idToken;
    }

    @Nullable
    String sealedRefreshToken() {
        return refreshToken;
    }

    void renewed(ExternalSession session, @Nullable String sealedRefreshToken) {
        this.providerSession = session.providerSession();
        this.idToken = session.idToken();
        this.refreshToken = sealedRefreshToken;
        this.refreshDue = session.refreshDue();
    }

    void askAt(Instant time) {
        this.refreshDue = time;
    }
}
