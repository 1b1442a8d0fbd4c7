package oriel.broker.host;

import java.lang.management.ManagementFactory;
import java.net.URI;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import oriel.broker.event.Signal;
import oriel.broker.event.Signals;
import oriel.broker.identity.Secrets;
import oriel.broker.machine.HostRegistration;
import oriel.broker.pool.Pool;
import oriel.broker.problem.Reason;
import oriel.broker.problem.RefusedException;
import oriel.broker.store.Store;
import oriel.broker.store.Tx;
import oriel.broker.web.Elsewhere;
import oriel.broker.web.Peer;
import oriel.hypervisor.host.Overcommit;

/**
 * Which hosts there are, and which broker has each. A broker says every few seconds that it lives; a host whose broker
 * has been silent for long gets no machines and nobody is sent there, until it is heard of again. Thread-safe.
 */
public final class HostRegistrations implements Elsewhere, AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(HostRegistrations.class);
    private static final Duration BEAT = Duration.ofSeconds(5);
    private static final Duration SILENT = Duration.ofSeconds(45);
    /** A host that had no room is asked again after so long. */
    private static final Duration FULL = Duration.ofMinutes(1);

    private final Store store;
    private final Signals signals;
    private final Clock clock;
    private final Own own;
    private final UnaryOperator<String> proof;
    private final CountDownLatch stop = new CountDownLatch(1);
    private volatile Supplier<Address> address = () -> Address.NONE;
    private @Nullable Thread heart;

    /**
     * This broker and its host.
     *
     * @param promisableMib memory that the host may promise to machines
     */
    public record Own(String host, String broker, long promisableMib) {}

    /**
     * Where this broker answers others.
     *
     * @param certificate SHA-256 of what it shows; null: no TLS
     */
    public record Address(@Nullable URI at, @Nullable String certificate) {
        /** It does not listen. */
        public static final Address NONE = new Address(null, null);
    }

    /**
     * Over a database.
     *
     * @param proof what only brokers of this installation can write under a text
     */
    public HostRegistrations(Store store, Signals signals, Clock clock, Own own, UnaryOperator<String> proof) {
        this.store = store;
        this.signals = signals;
        this.clock = clock;
        this.own = own;
        this.proof = proof;
    }

    /**
     * Registers this broker's host.
     *
     * @param shared whether others may have the database open: then it goes on to say that it lives, and looks who does
     *     not
     */
    public void start(boolean shared) {
        store.run(tx ->
                tx.execute("delete from HostRegistration where broker = ?1 and host <> ?2", own.broker(), own.host()));
        beat();
        if (!shared) {
            // What is there of a broker that had the database before is not there any more.
            store.run(tx -> tx.execute("update HostRegistration set gone = true where host <> ?1", own.host()));
        } else {
            heart = Thread.ofVirtual().name("host-heart").start(this::live);
        }
    }

    /** It listens from now on. */
    public void listening(Supplier<Address> where) {
        address = where;
        beat();
    }

    private void live() {
        try {
            while (!stop.await(BEAT.toMillis(), TimeUnit.MILLISECONDS)) {
                try {
                    beat();
                    look();
                } catch (RuntimeException e) {
                    log.debug("not said that {} lives: {}", own.host(), e.getMessage());
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void beat() {
        Address now = address.get();
        URI at = now.at();
        store.run(tx -> {
            Optional<HostRegistration> known = tx.lock(HostRegistration.class, own.host());
            HostRegistration row = known.orElseGet(
                    () -> new HostRegistration(own.host(), own.broker(), own.promisableMib(), clock.instant()));
            if (known.isEmpty()) {
                tx.insert(row);
            }
            boolean back = row.gone();
            if (known.isEmpty() || back) {
                signals.send(tx, new Signal.Changed(Signal.Kind.HOST, own.host()));
            }
            row.beat(
                    own.broker(),
                    at == null ? null : at.toString(),
                    now.certificate(),
                    own.promisableMib(),
                    clock.instant());
            tx.update(row);
            if (back) {
                tellUsers(tx, own.host());
            }
        });
    }

    /** Notes whose broker has been silent for long. */
    void look() {
        Instant since = clock.instant().minus(SILENT);
        store.run(tx -> {
            for (String host : tx.list(
                    String.class,
                    "select host from HostRegistration where gone = false and broker <> ?1 and seen < ?2",
                    own.broker(),
                    since)) {
                if (tx.execute("update HostRegistration set gone = true where host = ?1 and gone = false", host) > 0) {
                    log.warn("host {} is gone: its broker has said nothing since {}", host, since);
                    signals.send(tx, new Signal.Changed(Signal.Kind.HOST, host));
                    tellUsers(tx, host);
                }
            }
        });
    }

    /** Pages of those who have a session on a host ask anew how their desktop is. */
    private void tellUsers(Tx tx, String host) {
        tx.list(Object[].class, "select userId, poolId from Machine where host = ?1 and userId is not null", host)
                .forEach(row -> signals.send(tx, new Signal.Desktop((UUID) row[0], (String) row[1])));
    }

    /** Whether a host is this broker's. */
    boolean isOwn(String host) {
        return host.equals(own.host());
    }

    /** MiB of memory that this computer may promise to machines. */
    public static long promisableMib(Overcommit overcommit) {
        long mib =
                ManagementFactory.getOperatingSystemMXBean() instanceof com.sun.management.OperatingSystemMXBean system
                        ? system.getTotalMemorySize() >> 20
                        : 8192;
        return mib * overcommit.memoryPercent() / 100;
    }

    /** Every registered host. */
    public static List<HostRegistration> all(Tx tx) {
        return tx.list(HostRegistration.class, "from HostRegistration order by host");
    }

    /** A host has refused a machine for want of room. */
    void full(Tx tx) {
        tx.execute(
                "update HostRegistration set fullUntil = ?1 where host = ?2",
                clock.instant().plus(FULL),
                own.host());
    }

    /** The hosts as placement sees them, for a pool. */
    List<Placement.Candidate> candidates(Tx tx, Pool pool) {
        Instant now = clock.instant();
        List<String> drained = tx.list(String.class, "select host from HostDrain");
        List<Object[]> loads = tx.list(
                Object[].class,
                "select m.host, sum(cast(p.memoryMib as long)), sum(case when m.poolId = ?1 then 1 else 0 end)"
                        + " from Machine m, Pool p where p.id = m.poolId group by m.host",
                pool.id());
        return all(tx).stream()
                .map(row -> {
                    Optional<Object[]> load = loads.stream()
                            .filter(counted -> row.host().equals(counted[0]))
                            .findFirst();
                    return new Placement.Candidate(
                            row.host(),
                            row.promisableMib(),
                            load.map(counted -> ((Number) counted[1]).longValue())
                                    .orElse(0L),
                            load.map(counted -> ((Number) counted[2]).longValue())
                                    .orElse(0L),
                            !row.gone() && !drained.contains(row.host()),
                            row.full(now));
                })
                .toList();
    }

    @Override
    public Optional<Peer> ofMachine(String machine) {
        return peer(store.call(tx -> tx.first(String.class, "select host from Machine where name = ?1", machine)
                .or(() -> tx.first(String.class, "select host from MaintenanceMachine where name = ?1", machine))
                .flatMap(host -> elsewhere(tx, host))));
    }

    @Override
    public Optional<Peer> ofTicket(String ticket) {
        String hash = Secrets.hash(ticket);
        return peer(store.call(tx -> tx.first(
                        String.class,
                        "select m.host from Machine m, Ticket t where t.ticketHash = ?1 and m.sessionId = t.sessionId",
                        hash)
                .or(() -> tx.first(
                        String.class,
                        "select m.host from MaintenanceMachine m, Ticket t where t.ticketHash = ?1"
                                + " and m.id = t.sessionId",
                        hash))
                .flatMap(host -> elsewhere(tx, host))));
    }

    private Optional<HostRegistration> elsewhere(Tx tx, String host) {
        return host.equals(own.host()) ? Optional.empty() : tx.find(HostRegistration.class, host);
    }

    private static Optional<Peer> peer(Optional<HostRegistration> found) {
        return found.map(row -> {
            String at = row.address();
            if (row.gone() || at == null) {
                throw RefusedException.later(
                        Reason.HOST_UNREACHABLE,
                        "The host \"" + row.host() + "\" is not reached: its broker was last heard of at "
                                + row.seen().truncatedTo(java.time.temporal.ChronoUnit.SECONDS) + ".",
                        Duration.ofSeconds(10));
            }
            return new Peer(row.host(), URI.create(at), row.certificate());
        });
    }

    @Override
    public String proof(String text) {
        return proof.apply(text);
    }

    @Override
    public void close() {
        stop.countDown();
        Thread thread = heart;
        if (thread != null) {
            try {
                thread.join(TimeUnit.SECONDS.toMillis(5));
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
