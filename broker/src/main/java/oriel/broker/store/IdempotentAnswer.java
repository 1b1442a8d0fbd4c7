package oriel.broker.store;

import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import jakarta.persistence.Table;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** What a request with a key was answered; status 0 while it is under way. */
@Entity
@Table(name = "idempotent_answer")
public class IdempotentAnswer {
    @Id
    private String requestKey;

    private String bodyHash;
    private int status;
    private @Nullable String answer;
    private Instant created;

    /** For Hibernate. */
    @SuppressWarnings("NullAway.Init")
    protected IdempotentAnswer() {}

    /** Of a request that begins. */
    public IdempotentAnswer(String requestKey, String bodyHash, Instant created) {
        this.requestKey = requestKey;
        this.bodyHash = bodyHash;
        this.created = created;
    }

    /** What was asked for. */
    public String bodyHash() {
        return bodyHash;
    }

    /** HTTP status; 0 while it is under way. */
    public int status() {
        return status;
    }

    /** The body. */
    public String answer() {
        return answer == null ? "" : answer;
    }

    /** When it began. */
    public Instant created() {
        return created;
    }

    /** It was answered. */
    public void answered(int with, String json) {
        status = with;
        answer = json;
    }
}
