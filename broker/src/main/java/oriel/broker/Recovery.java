package oriel.broker;

import java.time.Clock;
import java.util.UUID;
import oriel.broker.audit.AuditEntry;
import oriel.broker.audit.AuditTrail;
import oriel.broker.identity.Account;
import oriel.broker.identity.AccountObserver;
import oriel.broker.identity.Accounts;
import oriel.broker.identity.Passwords;
import oriel.broker.identity.Sealer;
import oriel.broker.identity.SecondFactor;
import oriel.broker.identity.Secrets;
import oriel.broker.identity.SignIns;
import oriel.broker.store.Store;
import oriel.broker.store.Tx;

/** The way back in for whoever has lost the administrator's password and owns the data directory. */
public final class Recovery {
    private Recovery() {}

    /**
     * Sets a new password, and removes the second factor, while no broker runs. Recorded like any other act.
     *
     * @return the generated password
     * @throws oriel.broker.store.StoreUnavailableException if the database cannot be opened, as while a broker runs
     * @throws oriel.broker.problem.RefusedException if there is no such user
     */
    public static String resetPassword(BrokerConfig config, String username) {
        Clock clock = Clock.systemUTC();
        try (Store store = Store.open(config.store(), Entities.ALL)) {
            AuditTrail audit = new AuditTrail(store, clock);
            Passwords passwords = new Passwords();
            NobodyRuns observer = new NobodyRuns();
            // No code is read here: the installation's key is not needed.
            SecondFactor secondFactor = new SecondFactor(store, audit, Sealer.ephemeral(), clock);
            SignIns signIns = new SignIns(store, audit, passwords, new Secrets(), secondFactor, observer, clock);
            Accounts accounts = new Accounts(store, audit, passwords, signIns, observer, clock);
            String password = accounts.resetPassword(username, null, AuditEntry.SYSTEM, "")
                    .orElseThrow();
            accounts.removeSecondFactor(username, AuditEntry.SYSTEM, "");
            return password;
        }
    }

    /** No broker runs: there is no display to cut. Tickets die with their sign-ins. */
    private static final class NobodyRuns implements AccountObserver {
        @Override
        public void signInEnded(Tx tx, UUID userId, String signIn, String reason) {}

        @Override
        public void accountDisabled(Tx tx, Account account) {}

        @Override
        public void accountDeleted(Tx tx, Account account, String actor) {}

        @Override
        public void groupsChanged(Tx tx, Account account, String actor) {}
    }
}
