package oriel.broker.identity;

import java.time.Duration;
import java.util.UUID;
import oriel.broker.access.Caller;
import oriel.broker.store.Tx;

/** Who must act when accounts and sign-ins end; called within the transaction that ends them. */
public interface AccountObserver {
    /**
     * Somebody has signed in.
     *
     * @param took from the request to here
     */
    default void signedIn(Tx tx, Caller caller, Duration took) {}

    /** A sign-in has ended; its live displays must go. */
    void signInEnded(Tx tx, UUID userId, String signIn, String reason);

    /** A user may not use desktops any more, for now; live displays must go. */
    void accountDisabled(Tx tx, Account account);

    /** A user is deleted; sessions must end. */
    void accountDeleted(Tx tx, Account account, String actor);

    /** The groups of a user have changed; pools may be lost. */
    void groupsChanged(Tx tx, Account account, String actor);
}
