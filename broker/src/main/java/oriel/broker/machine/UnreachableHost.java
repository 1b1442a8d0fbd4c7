package oriel.broker.machine;

import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Optional;
import oriel.broker.problem.Reason;
import oriel.broker.problem.RefusedException;
import oriel.broker.store.Tx;

/**
 * A host whose broker has been silent for a while: what runs there, if anything does, can't be reached.
 *
 * @param host its name
 * @param since when its broker was last heard of
 */
public record UnreachableHost(String host, Instant since) {
    private static final Duration AGAIN = Duration.ofSeconds(30);

    /** The host of a machine, if it is not reached. */
    public static Optional<UnreachableHost> of(Tx tx, Machine machine) {
        return tx.find(HostRegistration.class, machine.host())
                .filter(HostRegistration::gone)
                .map(row -> new UnreachableHost(row.host(), row.seen()));
    }

    /**
     * What its user is told: what has happened, what will, and what can be done.
     *
     * @param kept whether the machine is the user's for good
     */
    public String sentence(boolean kept) {
        return "Your desktop is on the host \"" + host + "\", which has not been heard of since "
                + since.truncatedTo(ChronoUnit.SECONDS) + ". "
                + (kept
                        ? "What you keep there waits until it is back. If it is lost for good, an administrator can log"
                                + " you off and take the machine from you: then you get another, empty one."
                        : "If it does not come back within a few minutes, your session ends and you can connect to"
                                + " another machine. Log off to have one now.");
    }

    /** The same for a request that needs the machine. */
    public RefusedException refusal(boolean kept) {
        return RefusedException.later(Reason.HOST_UNREACHABLE, sentence(kept), AGAIN);
    }

    /** Refuses what a machine's host would have to do, unless it is reached. */
    public static void requireReached(Tx tx, Machine machine) {
        of(tx, machine).ifPresent(gone -> {
            throw gone.refusal(machine.assignedTo() != null);
        });
    }
}
