package oriel.broker.identity;

import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import jakarta.persistence.Table;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** Failed sign-ins of one user name or from one address. */
@Entity
@Table(name = "login_lock")
class LoginLock {
    @Id
    private String id;

    private int failures;
    private @Nullable Instant lockedUntil;
    private Instant lastFailure;

    @SuppressWarnings("NullAway.Init")
    protected LoginLock() {}

    LoginLock(String id, Instant now) {
        this.id = id;
        this.lastFailure = now;
    }

    @Nullable
    Instant lockedUntil() {
        return lockedUntil;
    }

    Instant lastFailure() {
        return lastFailure;
    }

    int failures() {
        return failures;
    }

    void forget() {
        failures = 0;
        lockedUntil = null;
    }

    void failed(Instant now, @Nullable Instant lockedUntil) {
        this.failures++;
        this.lastFailure = now;
        this.lockedUntil = lockedUntil;
    }

    /** Takes one counted attempt back: it was not a failure. */
    void unfail() {
        failures = Math.max(0, failures - 1);
        lockedUntil = null;
    }
}
