package oriel.broker.session;

import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import oriel.broker.access.Caller;
import oriel.broker.audit.AuditEntry;
import oriel.broker.audit.AuditTrail;
import oriel.broker.display.Tickets;
import oriel.broker.event.Signal;
import oriel.broker.event.Signals;
import oriel.broker.machine.Machine;
import oriel.broker.machine.Machines;
import oriel.broker.machine.UnreachableHost;
import oriel.broker.pool.Entitlements;
import oriel.broker.pool.Pool;
import oriel.broker.pool.QueuePlace;
import oriel.broker.problem.Reason;
import oriel.broker.problem.RefusedException;
import oriel.broker.store.Tx;

/** Decides, in one transaction, the wishes of several users for machines of one pool. Used once. */
final class ClaimRound {
    /** A queue that is longer helps nobody. */
    private static final int LONGEST_QUEUE = 1000;

    private final String poolId;
    private final Assignments assignments;
    private final Signals signals;
    private final AuditTrail audit;
    private final Clock clock;
    private final List<Wish> wishes = new ArrayList<>();
    /** Wishes are told apart by identity: who clicks twice may wish for the same at the same time. */
    private final IdentityHashMap<Wish, Supplier<Outcome>> answers = new IdentityHashMap<>();

    /**
     * A user wants a desktop.
     *
     * @param asked when
     */
    record Wish(Caller caller, String poolId, Instant asked) {}

    /** What a wish has come to; a refusal is thrown instead. */
    sealed interface Outcome {
        /** The user has a machine now, and if it is ready a ticket. */
        record Given(DesktopSession session, Tickets.@Nullable Issued ticket) implements Outcome {}

        /** The user had a machine already. */
        record Had() implements Outcome {}

        /** The user stands in the queue. */
        record Waits() implements Outcome {}
    }

    ClaimRound(String poolId, Assignments assignments, Signals signals, AuditTrail audit, Clock clock) {
        this.poolId = poolId;
        this.assignments = assignments;
        this.signals = signals;
        this.audit = audit;
        this.clock = clock;
    }

    void add(Wish wish) {
        wishes.add(wish);
    }

    /** The answer to a wish, once they are decided. */
    Supplier<Outcome> answer(Wish wish) {
        return Objects.requireNonNull(answers.get(wish), "every wish is decided");
    }

    /** Decides all wishes. */
    void decide(Tx tx) {
        Optional<Pool> found = tx.find(Pool.class, poolId);
        if (found.isEmpty()) {
            wishes.forEach(wish -> refuse(wish, RefusedException.notFound("pool \"" + poolId + "\"")));
            return;
        }
        Pool pool = found.get();
        List<Wish> left = new ArrayList<>();
        Set<UUID> entitled = entitled(tx, pool);
        Set<UUID> had = withSession(tx);
        for (Wish wish : wishes) {
            if (had.contains(wish.caller().userId())) {
                answers.put(wish, Outcome.Had::new);
            } else {
                Optional<RefusedException> refusal = refusal(pool, wish, entitled);
                if (refusal.isPresent()) {
                    refuse(wish, refusal.get());
                } else {
                    // Who clicks twice has a machine after the first.
                    had.add(wish.caller().userId());
                    left.add(wish);
                }
            }
        }
        give(tx, pool, left);
    }

    private Set<UUID> entitled(Tx tx, Pool pool) {
        Map<UUID, String> usernames = new LinkedHashMap<>();
        wishes.forEach(
                wish -> usernames.put(wish.caller().userId(), wish.caller().username()));
        return pool.deleting() ? Set.of() : Entitlements.entitled(tx, usernames, poolId);
    }

    private Set<UUID> withSession(Tx tx) {
        return new HashSet<>(tx.list(
                UUID.class,
                "select accountId from DesktopSession where liveUserKey in ?1",
                wishes.stream()
                        .map(wish -> DesktopSession.userKey(wish.caller().userId(), poolId))
                        .toList()));
    }

    private Optional<RefusedException> refusal(Pool pool, Wish wish, Set<UUID> entitled) {
        if (!entitled.contains(wish.caller().userId())) {
            return Optional.of(new RefusedException(
                    Reason.NOT_ENTITLED, "You may not use the desktop \"" + poolId + "\". Ask your administrator."));
        }
        if (!pool.enabled()) {
            return Optional.of(new RefusedException(
                    Reason.POOL_DISABLED, "The desktop \"" + pool.displayName() + "\" is switched off for now."));
        }
        if (!pool.schedule().openAt(clock.instant())) {
            return Optional.of(new RefusedException(
                    Reason.OUTSIDE_HOURS,
                    "The desktop \"" + pool.displayName() + "\" is closed now. Sessions that run go on."));
        }
        return Optional.empty();
    }

    private void give(Tx tx, Pool pool, List<Wish> left) {
        List<Wish> given = new ArrayList<>();
        List<Assignments.Assignment> assigned = new ArrayList<>();
        List<Wish> others = new ArrayList<>();
        for (Wish wish : left) {
            Optional<Machine> own = pool.policy().dedicated()
                    ? Machines.ownOf(tx, poolId, wish.caller().userId())
                    : Optional.empty();
            Optional<UnreachableHost> gone = own.flatMap(machine -> UnreachableHost.of(tx, machine));
            if (own.isEmpty()) {
                others.add(wish);
            } else if (gone.isPresent()) {
                refuse(wish, gone.get().refusal(true));
            } else if (own.get().claimableBy(wish.caller().userId())) {
                given.add(wish);
                assigned.add(Assignments.Assignment.of(own.get(), wish.caller(), wish.asked()));
            } else {
                refuse(wish, outOfService(own.get()));
            }
        }
        long waiting = others.isEmpty() ? 0 : tx.count("select count(*) from QueuePlace where poolId = ?1", poolId);
        List<Machine> free = others.isEmpty() || waiting > 0
                ? List.of()
                : Machines.claimable(tx, poolId, others.size(), clock.instant());
        for (int i = 0; i < free.size(); i++) {
            Wish wish = others.get(i);
            given.add(wish);
            assigned.add(Assignments.Assignment.of(free.get(i), wish.caller(), wish.asked()));
        }
        List<Assignments.Begun> begun = assignments.assign(tx, pool, assigned);
        for (int i = 0; i < begun.size(); i++) {
            Outcome outcome =
                    new Outcome.Given(begun.get(i).session(), begun.get(i).ticket());
            answers.put(given.get(i), () -> outcome);
        }
        queue(tx, pool, others.subList(free.size(), others.size()), waiting);
    }

    private static RefusedException outOfService(Machine machine) {
        String why = machine.failure() == null ? "" : " (" + machine.failure() + ")";
        return new RefusedException(
                Reason.MAINTENANCE,
                "Your desktop " + machine.name() + " is out of service" + why + ". Ask the helpdesk.");
    }

    private void queue(Tx tx, Pool pool, List<Wish> rest, long before) {
        if (rest.isEmpty()) {
            return;
        }
        Set<UUID> there = new HashSet<>(tx.list(
                UUID.class,
                "select accountId from QueuePlace where poolId = ?1 and accountId in ?2",
                poolId,
                rest.stream().map(wish -> wish.caller().userId()).toList()));
        if (drained(tx)) {
            rest.forEach(wish -> refuse(
                    wish,
                    new RefusedException(
                            Reason.MAINTENANCE,
                            "The desktop \"" + pool.displayName()
                                    + "\" is about to be stopped for maintenance. Sessions that run go on.")));
            return;
        }
        long waiting = before;
        for (Wish wish : rest) {
            Caller caller = wish.caller();
            if (there.contains(caller.userId())) {
                answers.put(wish, Outcome.Waits::new);
            } else if (waiting >= LONGEST_QUEUE || pool.size() == 0) {
                refuse(
                        wish,
                        new RefusedException(
                                Reason.POOL_FULL,
                                "The desktop \"" + pool.displayName() + "\" has no free machine. Try again later."));
            } else {
                tx.insert(
                        new QueuePlace(poolId, caller.userId(), caller.username(), caller.address(), clock.instant()));
                waiting++;
                signals.send(tx, new Signal.Changed(Signal.Kind.POOL, poolId, poolId));
                audit.record(tx, AuditEntry.by(caller, "session.queue", poolId, ""));
                answers.put(wish, Outcome.Waits::new);
            }
        }
    }

    /** Whether all hosts that have machines of the pool take nobody any more: who queued would wait for nothing. */
    private boolean drained(Tx tx) {
        return tx.count("select count(*) from HostDrain") > 0
                && tx.count(
                                "select count(*) from Machine where poolId = ?1"
                                        + " and host not in (select d.host from HostDrain d)",
                                poolId)
                        == 0;
    }

    private void refuse(Wish wish, RefusedException refusal) {
        answers.put(wish, () -> {
            throw refusal;
        });
    }
}
