package oriel.broker.identity.keycloak;

import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import jakarta.persistence.Table;
import java.time.Instant;

/** A sign-in under way: the browser is at the provider. Any broker may see it come back. */
@Entity
@Table(name = "oidc_flow")
class OidcFlow {
    @Id
    private String stateHash;

    private String nonce;
    private String verifier;
    private String returnTo;
    private Instant created;

    @SuppressWarnings("NullAway.Init")
    protected OidcFlow() {}

    OidcFlow(String stateHash, String nonce, String verifier, String returnTo, Instant created) {
        this.stateHash = stateHash;
        this.nonce = nonce;
        this.verifier = verifier;
        this.returnTo = returnTo;
        this.created = created;
    }

    String nonce() {
        return nonce;
    }

    String verifier() {
        return verifier;
    }

    String returnTo() {
        return returnTo;
    }

    Instant created() {
        return created;
    }
}
