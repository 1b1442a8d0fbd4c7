package oriel.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import oriel.broker.access.Caller;
import oriel.broker.identity.TestPasswords;
import oriel.broker.machine.Machine;
import oriel.broker.pool.PoolPlacement;
import oriel.broker.pool.PoolPolicy;
import oriel.broker.session.Connected;
import oriel.broker.session.SessionState;
import oriel.hypervisor.host.HostException;
import oriel.hypervisor.host.MachineStatus;
import tools.jackson.databind.JsonNode;

/**
 * Promises 1, 3 and 6 with two brokers on one PostgreSQL, each with a host of its own: either may be killed in the middle of
 * provisions and log-ons, and whoever works at the other goes on.
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

    private static final int MACHINES = 200;
    private static final int USERS = 500;

    private static void story(boolean killFirst, Random random) throws Exception {
        try (Fixture f = new Fixture(0, 0)) {
            SecondBroker second = new SecondBroker(f);
            InetSocketAddress first = f.listen();
            InetSocketAddress other = second.listen();
            FakeHost surviving = killFirst ? second.host : f.host;
            Broker survivor = killFirst ? second.broker : f.broker;
            List<String> users = new ArrayList<>();
            for (int i = 0; i < USERS; i++) {
                f.user("user" + i);
                users.add("user" + i);
            }

            // Some people work already, on machines of the broker that will be left.
            f.resize(4, 0, new PoolPlacement(null, List.of(killFirst ? SecondBroker.NAME : "fake"), null));
            List<Watched> watched = new ArrayList<>();
            for (int i = 0; i < 3; i++) {
                f.user("worker" + i);
                watched.add(Watched.by("worker" + i, killFirst ? other : first));
            }

            LogonStorm storm = new LogonStorm(
                    List.of(first, other),
                    machine -> survivor.machines().get(machine).host().equals("fake") ? f.host : second.host);
            f.change(
                    MACHINES,
                    0,
                    PoolPolicy.changes()
                            .placement(PoolPlacement.DEFAULT)
                            .min(MACHINES)
                            .build());
            storm.begin(users, random);
            int killAt = 100 + random.nextInt(200);
            await().pollInterval(Duration.ofMillis(1)).untilAsserted(() -> {
                assertThat(storm.wrong).isEmpty();
                assertThat(storm.logons).hasValueGreaterThanOrEqualTo(killAt);
            });
            SecondBroker back = null;
            if (killFirst) {
                f.killAndRestart(() -> weathered(storm, surviving, watched));
            } else {
                second.kill();
                second.host.crash();
                weathered(storm, surviving, watched);
                back = new SecondBroker(f, second.host);
            }
            try {
                assertThat(storm.wrong).isEmpty();
                assertThat(storm.logons).hasValue(USERS);
                assertThat(storm.connects).hasValue(USERS);
                settled(f, survivor);
                consistent(f, survivor, storm, killFirst ? second.host : back.host);
                assertThat(watched).allSatisfy(one -> one.worksOn(surviving));
            } finally {
                if (back != null) {
                    back.close();
                }
                second.close();
            }
        }
    }

    /** Somebody whose display was open before it all began. */
    private record Watched(String machine, DisplayClient display) {
        static Watched by(String user, InetSocketAddress broker) throws Exception {
            Http http = new Http(broker).signedIn(user, Fixture.PASSWORD);
            JsonNode ready = await().until(
                            () -> Http.json(http.post("/api/v1/desktops/demo/connect", null)),
                            json -> json.path("state").asString().equals("READY"));
            return new Watched(ready.path("machine").asString(), new DisplayClient(http, ready));
        }

        /** The connection that was opened then still brings keys to the machine. */
        void worksOn(FakeHost host) {
            long before = pressed(host);
            display.press('a');
            await().until(() -> pressed(host) > before);
            assertThat(display.isOpen()).isTrue();
        }

        private long pressed(FakeHost host) {
            return host.keys.stream()
                    .filter(key -> key.startsWith(machine + " "))
                    .count();
        }
    }

    /** One of the brokers is dead, and everybody gets an answer. */
    private static void weathered(LogonStorm storm, FakeHost surviving, List<Watched> watched) {
        try {
            watched.forEach(one -> one.worksOn(surviving));
            storm.end();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    /** What the dead one held is taken up again by the one that has come in its place. */
    private static void settled(Fixture f, Broker broker) {
        await().atMost(Duration.ofMinutes(2)).untilAsserted(() -> {
            assertThat(count(broker, "select count(*) from Operation where openKey is not null"))
                    .isZero();
            List<Machine> machines = f.machines();
            assertThat(machines).hasSize(MACHINES);
            assertThat(machines)
                    .allSatisfy(machine -> assertThat(machine.need()).isEqualTo(Machine.Need.NOTHING));
            boolean free = machines.stream().anyMatch(Machine::claimable);
            assertThat(free && count(broker, "select count(*) from QueuePlace") > 0)
                    .as("nobody waits while a machine is free")
                    .isFalse();
        });
    }

    private static long count(Broker broker, String hql) {
        return broker.store().call(tx -> tx.count(hql));
    }

    private static void consistent(Fixture f, Broker broker, LogonStorm storm, FakeHost secondHost)
            throws HostException {
        List<Machine> machines = f.machines();
        Set<UUID> sessions = new HashSet<>();
        Set<UUID> users = new HashSet<>();
        for (Machine machine : machines) {
            if (machine.sessionId() != null) {
                assertThat(sessions.add(machine.sessionId()))
                        .as("one machine a session")
                        .isTrue();
                assertThat(users.add(machine.userId())).as("one machine a user").isTrue();
                assertThat(broker.sessions().get(machine.sessionId()).state()).isNotEqualTo(SessionState.ENDED);
            }
        }
        assertThat(count(broker, "select count(*) from DesktopSession where state <> ENDED"))
                .isEqualTo(sessions.size());
        // Nobody has lost what they were given, whichever broker gave it.
        storm.held.forEach((user, held) -> {
            assertThat(sessions).as("the session of %s", user).contains(UUID.fromString(held.session()));
            assertThat(broker.sessions().get(UUID.fromString(held.session())).machine())
                    .as("the machine of %s", user)
                    .isEqualTo(held.machine());
        });
        // Each host has the machines that the database has there, all of them and no other.
        assertThat(names(f.host)).isEqualTo(named(machines, "fake"));
        assertThat(names(secondHost)).isEqualTo(named(machines, SecondBroker.NAME));
        assertThat(broker.audit().verify().intact()).isTrue();
    }

    private static Set<String> names(FakeHost host) throws HostException {
        return host.list().stream().map(MachineStatus::name).collect(Collectors.toSet());
    }

    private static Set<String> named(List<Machine> machines, String host) {
        return machines.stream()
                .filter(machine -> machine.host().equals(host))
                .filter(machine -> machine.generation() > 0)
                .map(Machine::name)
                .collect(Collectors.toSet());
    }
}
