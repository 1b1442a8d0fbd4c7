package oriel.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import oriel.broker.access.Caller;
import oriel.broker.identity.TestPasswords;
import oriel.broker.machine.Machine;
import oriel.broker.pool.Pools;
import oriel.broker.problem.RefusedException;
import oriel.broker.session.Connected;
import oriel.broker.session.SessionState;
import oriel.broker.store.StoreUnavailableException;
import oriel.hypervisor.host.HostException;

/**
 * Promises 1 and 3 with two brokers on one PostgreSQL: either may be killed in the middle of provisions and log-ons.
 * Runs in the profile {@code postgres}; H2's file belongs to one process.
 */
class TwoBrokersTest {
    private static Broker another(Fixture f) throws HostException {
        Broker broker =
                Broker.open(f.config.running(f.config.machines().of("second")), f.host, TestPasswords.quick(), f.clock);
        broker.startMachines();
        return broker;
    }

    @Test
    void aSecondBrokerThatStartsTouchesNothingOfTheFirst() throws HostException {
        assumeTrue(System.getProperty("oriel.test.database", "h2").equals("postgres"), "needs -P postgres");
        try (Fixture f = new Fixture(2, 1)) {
            Caller ann = f.newUser("ann");
            Connected.Ready ready = f.connectUntilReady(ann);
            f.broker
                    .sessionDisplays()
                    .opened(f.broker.tickets().redeem(ready.ticket().ticket()).orElseThrow());
            String ticket = ((Connected.Ready) f.connect(ann)).ticket().ticket();
            try (Broker second = another(f)) {
                assertThat(second.sessions().get(ready.session().id()).state()).isEqualTo(SessionState.CONNECTED);
                assertThat(second.tickets().redeem(ticket)).isPresent();
            }
        }
    }

    @Test
    void eitherOfTwoBrokersMayDieAmongTwoHundredProvisionsAndFiveHundredLogons() throws Exception {
        assumeTrue(System.getProperty("oriel.test.database", "h2").equals("postgres"), "needs -P postgres");
        for (boolean first : new boolean[] {true, false}) {
            story(first, new Random(20261122));
        }
    }

    private static void story(boolean killFirst, Random random) throws Exception {
        try (Fixture f = new Fixture(0, 0)) {
            Broker second = another(f);
            List<Caller> users = new ArrayList<>();
            for (int i = 0; i < 100; i++) {
                users.add(f.newUser("user" + i));
            }
            f.broker
                    .pools()
                    .change(
                            "demo",
                            new Pools.PoolChange(null, null, null, 200, 60, null, null, null, null, null),
                            null,
                            "test",
                            "");
            AtomicInteger logons = new AtomicInteger();
            Broker firstBroker = f.broker;
            List<Thread> threads = new ArrayList<>();
            for (Caller user : users) {
                long seed = random.nextLong();
                threads.add(Thread.ofVirtual()
                        .start(() -> behave(f, user, List.of(firstBroker, second), new Random(seed), logons)));
            }
            await().atMost(Duration.ofMinutes(2)).until(() -> logons.get() > 150);
            Broker dead = killFirst ? firstBroker : second;
            int before = logons.get();
            dead.store().close();
            for (Thread thread : threads) {
                thread.join();
            }
            assertThat(logons.get()).as("logons go on at the other").isGreaterThan(before + 50);
            Broker alive = killFirst ? second : firstBroker;
            // What the dead one held is free when its leases have run out.
            f.clock.skip(Duration.ofMinutes(1));
            await().atMost(Duration.ofMinutes(2))
                    .pollInterval(Duration.ofMillis(200))
                    .untilAsserted(() -> {
                        alive.controller().round();
                        assertThat(count(alive, "select count(*) from Operation where openKey is not null"))
                                .isZero();
                    });
            consistent(f, alive);
            if (killFirst) {
                alive.close();
            } else {
                try {
                    second.close();
                } catch (RuntimeException e) {
                    // It has no database any more.
                }
            }
        }
    }

    private static long count(Broker broker, String hql) {
        return broker.store().call(tx -> tx.count(hql));
    }

    private static void behave(Fixture f, Caller user, List<Broker> brokers, Random random, AtomicInteger logons) {
        for (int i = 0; i < 5; i++) {
            Broker broker = brokers.get(random.nextInt(brokers.size()));
            try {
                Connected connected = broker.claims().connect(user, "demo");
                logons.incrementAndGet();
                if (connected instanceof Connected.Ready ready) {
                    String machine = ready.session().machineName();
                    for (String trace : f.host.traces(machine)) {
                        if (!trace.equals(user.username())) {
                            throw new AssertionError(user.username() + " sees a trace of " + trace);
                        }
                    }
                    f.host.leaveTrace(machine, user.username());
                    if (random.nextBoolean()) {
                        broker.sessions().logOff(ready.session().id(), user);
                    }
                }
            } catch (RefusedException | StoreUnavailableException e) {
                // Told so; or this broker is dead: the next time the other one.
            } catch (IllegalStateException | org.hibernate.HibernateException e) {
                // The dead broker's connections were torn down in the middle.
            }
        }
    }

    private static void consistent(Fixture f, Broker alive) {
        List<Machine> machines = alive.store().call(tx -> tx.list(Machine.class, "from Machine"));
        assertThat(machines).hasSize(200);
        Set<UUID> sessions = new HashSet<>();
        Set<UUID> users = new HashSet<>();
        for (Machine machine : machines) {
            if (machine.sessionId() != null) {
                assertThat(sessions.add(machine.sessionId()))
                        .as("one machine a session")
                        .isTrue();
                assertThat(users.add(machine.userId())).as("one machine a user").isTrue();
                assertThat(alive.sessions().get(machine.sessionId()).state()).isNotEqualTo(SessionState.ENDED);
            }
        }
        Set<String> known = new HashSet<>(machines.stream().map(Machine::name).toList());
        assertThat(f.host.list()).allMatch(status -> known.contains(status.name()));
        assertThat(count(alive, "select count(*) from DesktopSession where state <> ENDED"))
                .isEqualTo(sessions.size());
        assertThat(alive.audit().verify().intact()).isTrue();
    }
}
