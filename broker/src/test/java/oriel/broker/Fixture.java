package oriel.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import oriel.broker.access.Caller;
import oriel.broker.access.Role;
import oriel.broker.identity.Accounts;
import oriel.broker.identity.TestPasswords;
import oriel.broker.machine.Machine;
import oriel.broker.pool.Entitlement;
import oriel.broker.pool.PoolPlacement;
import oriel.broker.pool.PoolPolicy;
import oriel.broker.pool.Pools;
import oriel.broker.session.Connected;
import oriel.broker.session.Desktop;
import oriel.hypervisor.host.HostException;

/** A broker on a fake host and a new database, with a pool {@code demo} for everyone. */
final class Fixture implements AutoCloseable {
    static final String PASSWORD = "correct horse battery";

    /** How long a test waits for what happens on another thread. */
    static final Duration PATIENCE = Duration.ofSeconds(60);

    final FakeHost host = new FakeHost();
    final MovableClock clock = new MovableClock();
    final Path directory;
    BrokerConfig config;
    Broker broker;
    private final List<Broker> abandoned = new ArrayList<>();

    static {
        // The slowest computer that runs this suite is several times slower than a developer's.
        Awaitility.setDefaultTimeout(PATIENCE);
    }

    /**
     * Starts, and waits until the pool's machines are as they are to be: before that, a claim finds none.
     *
     * @param size machines of the pool
     * @param warm spares of the pool
     */
    Fixture(int size, int warm) {
        this(size, warm, host -> {});
        awaitSettled();
    }

    /** Starts on a host that is prepared by {@code before}, and doesn't wait for the machines. */
    Fixture(int size, int warm, java.util.function.Consumer<FakeHost> before) {
        try {
            directory = Files.createTempDirectory("oriel-broker-test");
            Path image = Files.createDirectories(directory.resolve("images/debian-desktop"));
            for (String file : List.of("disk.raw", "vmlinuz", "initrd.img")) {
                Files.writeString(image.resolve(file), file);
            }
            Files.writeString(image.resolve("image.properties"), "title=Debian\ncommand_line=quiet\n");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        config = BrokerConfig.defaults(directory)
                .listeningOn("127.0.0.1", 0)
                .storedIn(TestDatabase.fresh())
                .startingWith(new BrokerConfig.FirstPool("demo", "debian-desktop", size, warm, 128, 1))
                .running(new BrokerConfig.MachineConfig(
                        true,
                        4,
                        1,
                        Duration.ofMinutes(10),
                        Duration.ofHours(1),
                        Duration.ofMillis(20),
                        Duration.ofMinutes(10)));
        before.accept(host);
        broker = open();
        broker.bootstrapUsers();
        broker.bootstrapPool();
        run();
    }

    private Broker open() {
        return Broker.open(config, host, TestPasswords.quick(), clock);
    }

    private void run() {
        try {
            broker.startMachines();
        } catch (HostException e) {
            throw new AssertionError(e);
        }
    }

    InetSocketAddress listen() {
        try {
            return broker.listen();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The process dies with its host; another one starts on the same database and files. */
    void killAndRestart() {
        killAndRestart(() -> {});
    }

    void killAndRestart(Runnable meanwhile) {
        abandon();
        host.crash();
        meanwhile.run();
        broker = open();
        run();
    }

    /**
     * Leaves the broker as a killed process would be left: its database connections are torn down, so that it cannot
     * note anything any more, and it is told nothing.
     */
    void abandon() {
        broker.store().close();
        abandoned.add(broker);
    }

    void user(String name) {
        user(name, Role.END_USER);
    }

    void user(String name, Role role) {
        broker.accounts().create(new Accounts.NewUser(name, null, role, List.of(), PASSWORD), "test", "");
    }

    Caller signIn(String name) {
        return broker.signIns().signIn(name, PASSWORD, "192.0.2.1").caller();
    }

    Caller newUser(String name) {
        user(name);
        return signIn(name);
    }

    Connected connect(Caller caller) {
        return broker.claims().connect(caller, "demo");
    }

    /** Connects, again if need be, until the display could be opened. */
    Connected.Ready connectUntilReady(Caller caller) {
        return await().pollInterval(Duration.ofMillis(5))
                                .atMost(PATIENCE)
                                .until(() -> connect(caller), Connected.Ready.class::isInstance)
                        instanceof Connected.Ready ready
                ? ready
                : null;
    }

    Desktop desktop(Caller caller) {
        return broker.desktops().of(caller.userId(), caller.username(), "demo");
    }

    Desktop awaitState(Caller caller, Desktop.State state) {
        return await().pollInterval(Duration.ofMillis(5))
                .atMost(PATIENCE)
                .until(() -> desktop(caller), desktop -> desktop.state() == state);
    }

    List<Machine> machines() {
        return broker.store().call(tx -> tx.list(Machine.class, "from Machine order by number"));
    }

    Machine machine(String name) {
        return broker.store().call(tx -> tx.find(Machine.class, name)).orElseThrow();
    }

    /** Waits until no operation is open and nothing is to be done for any machine. */
    void awaitSettled() {
        await().pollInterval(Duration.ofMillis(10)).atMost(PATIENCE).untilAsserted(() -> {
            long open = broker.store().call(tx -> tx.count("select count(*) from Operation where openKey is not null"));
            assertThat(open).isZero();
            List<Machine> machines = machines();
            assertThat(machines)
                    .allSatisfy(machine -> assertThat(machine.need()).isEqualTo(Machine.Need.NOTHING));
            Pools.PoolView pool = pool();
            assertThat(machines).hasSize(pool.size());
            List<Machine> free = machines.stream().filter(Machine::claimable).toList();
            assertThat(free.stream().filter(Machine::powerWanted).count())
                    .isGreaterThanOrEqualTo(Math.min(free.size(), pool.enabled() ? pool.warm() : 0));
        });
    }

    /** Another number of machines and spares, on other hosts. */
    void resize(int size, int warm, PoolPlacement placement) {
        change(size, warm, PoolPolicy.changes().placement(placement).build());
    }

    /** Another policy of the pool. */
    void policy(PoolPolicy changes) {
        change(null, null, changes);
    }

    /** Another number of machines and spares, and another policy; null: as they are. */
    void change(@Nullable Integer size, @Nullable Integer warm, PoolPolicy policy) {
        broker.pools()
                .change(
                        "demo",
                        new Pools.PoolChange(null, null, null, size, warm, null, null, null, null, null, policy),
                        null,
                        "test",
                        "");
    }

    /** Makes the pool anew, with policies that can't be changed; it has no machines yet. */
    void replacePool(PoolPolicy policy) {
        broker.pools().delete("demo", "test", "");
        await().until(() -> !broker.pools().exists("demo"));
        broker.pools()
                .create(
                        new Pools.NewPool(
                                "demo", null, null, "debian-desktop", null, 0, 0, 128, null, null, null, null, policy),
                        "test",
                        "");
        broker.pools()
                .entitle("demo", new Pools.NewEntitlement(Entitlement.Kind.GROUP, Entitlement.EVERYONE), "test", "");
    }

    Pools.PoolView pool() {
        return broker.pools().get("demo");
    }

    @Override
    public void close() {
        broker.close();
        for (Broker dead : abandoned) {
            try {
                dead.close();
            } catch (RuntimeException e) {
                // It has no database any more.
            }
        }
        try (var files = Files.walk(directory)) {
            files.sorted(java.util.Comparator.reverseOrder())
                    .forEach(path -> path.toFile().delete());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * Runs as the system's clock does, ahead by what a test has skipped. Starts at ten in the morning: what depends on
     * the time of day must not depend on when the suite runs.
     */
    static final class MovableClock extends Clock {
        private volatile Duration ahead = Duration.between(
                Instant.now(), LocalDate.now(ZoneOffset.UTC).atTime(10, 0).toInstant(ZoneOffset.UTC));

        void skip(Duration time) {
            ahead = ahead.plus(time);
        }

        @Override
        public java.time.ZoneId getZone() {
            return ZoneOffset.UTC;
        }

        @Override
        public Clock withZone(java.time.ZoneId zone) {
            return this;
        }

        @Override
        public Instant instant() {
            return Instant.now().plus(ahead);
        }
    }
}
