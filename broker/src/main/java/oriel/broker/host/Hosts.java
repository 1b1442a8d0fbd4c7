package oriel.broker.host;

import java.time.Clock;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.UUID;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import oriel.broker.access.Caller;
import oriel.broker.audit.AuditEntry;
import oriel.broker.audit.AuditTrail;
import oriel.broker.event.Signal;
import oriel.broker.event.Signals;
import oriel.broker.machine.HostDrain;
import oriel.broker.machine.HostRegistration;
import oriel.broker.problem.Check;
import oriel.broker.problem.RefusedException;
import oriel.broker.store.Store;
import oriel.broker.store.Tx;

/**
 * The hosts on which machines run, and their drains: a host that is drained gives no machine to anybody new, and its
 * broker may end when the last session there has. Thread-safe.
 */
public final class Hosts {
    private static final int LONGEST_MESSAGE = 500;
    private static final String TEXT =
            "This desktop's server is to be stopped. Log off when it suits you; nothing that you do is cut short.";

    private final Store store;
    private final AuditTrail audit;
    private final Signals signals;
    private final Clock clock;
    private final String own;
    private volatile Runnable drained = () -> {};

    /**
     * Over a database.
     *
     * @param own the name of this broker's host
     */
    public Hosts(Store store, AuditTrail audit, Signals signals, Clock clock, String own) {
        this.store = store;
        this.audit = audit;
        this.signals = signals;
        this.clock = clock;
        this.own = own;
    }

    /** What to do when this broker's host is drained and its broker is to end. */
    public void onDrained(Runnable drained) {
        this.drained = drained;
    }

    /** How a host is. */
    public enum State {
        /** It takes sessions. */
        ACTIVE,
        /** It takes none, and has some. */
        DRAINING,
        /** It takes none, and has none. */
        DRAINED,
        /** Its broker has not been heard of for a while. */
        UNREACHABLE
    }

    /**
     * A host as the API shows it.
     *
     * @param machines of its own
     * @param running of these
     * @param sessions that live there
     * @param since when the drain began; null if there is none
     * @param orderedBy who wanted it
     * @param stop whether its broker ends when it is drained
     * @param broker in whose process it is; null if no broker has ever registered it
     * @param seen when that was last heard of
     * @param promisedMib memory of its machines, running or not
     * @param promisableMib memory that it may promise to machines
     * @param full whether it has just refused a machine for want of room
     */
    public record HostView(
            String name,
            State state,
            long machines,
            long running,
            long sessions,
            @Nullable Instant since,
            @Nullable String orderedBy,
            boolean stop,
            @Nullable String broker,
            @Nullable Instant seen,
            long promisedMib,
            @Nullable Long promisableMib,
            boolean full) {}

    /**
     * A drain.
     *
     * @param stop whether the broker ends when the last session there has
     * @param message for the users who have a session there; null: a plain one
     */
    public record Order(@Nullable Boolean stop, @Nullable String message) {
        /** Checks the length. */
        public Order {
            if (message != null) {
                Check.text("message", message, LONGEST_MESSAGE);
            }
        }
    }

    /** Every host that is this broker's or has machines. */
    public List<HostView> list() {
        return store.call(this::views);
    }

    private List<HostView> views(Tx tx) {
        Map<String, Object[]> counts = new HashMap<>();
        tx.list(
                        Object[].class,
                        "select m.host, count(*), sum(case when m.power = ON then 1 else 0 end), count(m.sessionId),"
                                + " sum(cast(p.memoryMib as long)) from Machine m, Pool p where p.id = m.poolId"
                                + " group by m.host")
                .forEach(row -> counts.put((String) row[0], row));
        Map<String, HostDrain> drains = tx.list(HostDrain.class, "from HostDrain").stream()
                .collect(Collectors.toMap(HostDrain::host, drain -> drain));
        Map<String, HostRegistration> registered = HostRegistrations.all(tx).stream()
                .collect(Collectors.toMap(HostRegistration::host, registration -> registration));
        TreeSet<String> names = new TreeSet<>(counts.keySet());
        names.addAll(registered.keySet());
        names.addAll(drains.keySet());
        names.add(own);
        return names.stream()
                .map(name -> view(name, counts.get(name), drains.get(name), registered.get(name)))
                .toList();
    }

    private HostView view(
            String name,
            Object @Nullable [] counts,
            @Nullable HostDrain drain,
            @Nullable HostRegistration registration) {
        long sessions = count(counts, 3);
        boolean gone = registration != null && registration.gone() && !name.equals(own);
        State state =
                gone ? State.UNREACHABLE : drain == null ? State.ACTIVE : sessions > 0 ? State.DRAINING : State.DRAINED;
        return new HostView(
                name,
                state,
                count(counts, 1),
                count(counts, 2),
                sessions,
                drain == null ? null : drain.since(),
                drain == null ? null : drain.orderedBy(),
                drain != null && drain.stop(),
                registration == null ? null : registration.broker(),
                registration == null ? null : registration.seen(),
                count(counts, 4),
                registration == null ? null : registration.promisableMib(),
                registration != null && registration.full(clock.instant()));
    }

    private static long count(Object @Nullable [] counts, int column) {
        return counts == null || counts[column] == null ? 0 : ((Number) counts[column]).longValue();
    }

    private HostView require(Tx tx, String name) {
        return views(tx).stream()
                .filter(host -> host.name().equals(name))
                .findFirst()
                .orElseThrow(() -> RefusedException.notFound("host \"" + name + "\""));
    }

    /** Gives nobody new a machine of a host, and asks those who have one to log off when they can. */
    public HostView drain(String name, Order order, Caller caller) {
        HostView view = store.call(tx -> {
            require(tx, name);
            tx.execute("delete from HostDrain where host = ?1", name);
            boolean stop = Boolean.TRUE.equals(order.stop());
            tx.insert(new HostDrain(name, clock.instant(), caller.username(), stop));
            tell(tx, name, order, caller);
            changed(tx, name);
            audit.record(tx, AuditEntry.by(caller, "host.drain", name, stop ? "and stop" : ""));
            return require(tx, name);
        });
        look();
        return view;
    }

    private void changed(Tx tx, String name) {
        signals.send(tx, new Signal.Changed(Signal.Kind.HOST, name));
    }

    private void tell(Tx tx, String name, Order order, Caller caller) {
        String text = order.message() == null || order.message().isBlank() ? TEXT : order.message();
        for (Object[] row : tx.list(
                Object[].class,
                "select s.accountId, s.id, s.poolId from DesktopSession s, Machine m"
                        + " where m.sessionId = s.id and m.host = ?1",
                name)) {
            signals.send(
                    tx,
                    new Signal.Message(
                            (UUID) row[0],
                            (UUID) row[1],
                            (String) row[2],
                            caller.displayName(),
                            "WARNING",
                            text,
                            clock.instant()));
        }
    }

    /** Lets a host take sessions again; it does already: nothing happens. */
    public HostView resume(String name, Caller caller) {
        return store.call(tx -> {
            require(tx, name);
            if (tx.execute("delete from HostDrain where host = ?1", name) > 0) {
                changed(tx, name);
                audit.record(tx, AuditEntry.by(caller, "host.resume", name, ""));
            }
            return require(tx, name);
        });
    }

    /** Ends this broker if that is wanted and nobody has a session here any more. */
    public void look() {
        boolean over = store.call(tx -> tx.find(HostDrain.class, own)
                .filter(HostDrain::stop)
                .map(drain -> {
                    if (tx.count("select count(*) from Machine where host = ?1 and sessionId is not null", own) > 0) {
                        return false;
                    }
                    // The next start is for work again.
                    tx.delete(drain);
                    audit.record(tx, AuditEntry.bySystem("host.stop", own, "drained"));
                    return true;
                })
                .orElse(false));
        if (over) {
            drained.run();
        }
    }
}
