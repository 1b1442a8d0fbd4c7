package oriel.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.Objects;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import oriel.broker.access.Caller;
import oriel.broker.access.Role;
import oriel.broker.machine.Machine;
import oriel.broker.pool.PoolPlacement;
import oriel.broker.pool.PoolPolicy;
import oriel.broker.problem.Reason;
import oriel.broker.problem.RefusedException;
import oriel.broker.session.Connected;
import oriel.broker.session.Desktop;
import oriel.broker.session.EndReason;
import oriel.broker.session.SessionState;

/** What becomes of people whose desktop was on a host that does not answer any more. */
class LostHostTest {
    private static final String FIRST = "fake";

    /** The second broker's process dies, and machines may be made at the first from now on. */
    private static void die(Fixture f, SecondBroker second) {
        second.kill();
        f.resize(2, 0, PoolPlacement.DEFAULT);
        pass(f, Duration.ofMinutes(1));
    }

    private static void pass(Fixture f, Duration time) {
        for (Duration left = time; left.isPositive(); left = left.minusSeconds(30)) {
            f.clock.skip(Duration.ofSeconds(30));
            f.broker.controller().round();
        }
    }

    private static Connected.Ready working(Fixture f, SecondBroker second, Caller user) {
        Connected.Ready ready = f.connectUntilReady(user);
        assertThat(f.machine(ready.session().machineName()).host()).isEqualTo(SecondBroker.NAME);
        second.broker
                .sessionDisplays()
                .opened(second.broker
                        .tickets()
                        .redeem(((Connected.Ready) second.broker.claims().connect(user, "demo"))
                                .ticket()
                                .ticket())
                        .orElseThrow());
        return ready;
    }

    private static void refusedAs(Reason reason, Fixture f, Caller user, String... says) {
        assertThatThrownBy(() -> f.connect(user))
                .isInstanceOfSatisfying(
                        RefusedException.class,
                        refused -> assertThat(refused.reason()).isEqualTo(reason))
                .hasMessageContainingAll(says);
    }

    @Test
    void aUserIsToldAndGetsAnotherMachineWhenTheHostIsLost() throws Exception {
        try (Fixture f = new Fixture(0, 0);
                SecondBroker second = new SecondBroker(f)) {
            Caller ann = f.newUser("ann");
            f.resize(1, 1, SecondBroker.only());
            UUID session = working(f, second, ann).session().id();
            String machine = f.broker.sessions().get(session).machine();
            second.host.leaveTrace(machine, "ann");
            die(f, second);

            Desktop desktop = f.desktop(ann);
            assertThat(desktop.state()).isEqualTo(Desktop.State.UNAVAILABLE);
            assertThat(desktop.sessionId()).isEqualTo(session);
            assertThat(desktop.problem().reason()).isEqualTo(Reason.HOST_UNREACHABLE);
            refusedAs(Reason.HOST_UNREACHABLE, f, ann, "\"second\"", "Log off");
            assertThatThrownBy(() -> f.broker.claims().ticket(ann, session)).isInstanceOf(RefusedException.class);
            assertThatThrownBy(() -> f.broker.sessions().restart(session, ann))
                    .isInstanceOf(RefusedException.class)
                    .hasMessageContaining("second");
            assertThat(f.broker.sessions().get(session).state())
                    .as("the host may only be out of our hearing")
                    .isNotEqualTo(SessionState.ENDED);

            f.user("page");
            Http page = new Http(f.listen()).signedIn("ann", Fixture.PASSWORD);
            try (EventStream events = new EventStream(page)) {
                pass(f, Duration.ofMinutes(6));
                events.await("message");
            }
            assertThat(f.broker.sessions().get(session).endReason()).isEqualTo(EndReason.HOST_LOST);
            Connected.Ready again = f.connectUntilReady(ann);
            assertThat(again.session().id()).isNotEqualTo(session);
            assertThat(f.machine(again.session().machineName()).host()).isEqualTo(FIRST);

            // The host comes back with what it had: nobody gets that, it goes.
            try (SecondBroker back = new SecondBroker(f, second.host)) {
                // Its workers look every half minute for what other brokers want of them, and may have to look again.
                await().atMost(Duration.ofMinutes(3))
                        .until(() -> back.host.list().isEmpty());
                assertThat(f.broker.sessions().get(again.session().id()).state())
                        .isNotEqualTo(SessionState.ENDED);
            }
        }
    }

    @Test
    void whoLogsOffDoesNotHaveToWaitForTheHost() throws Exception {
        try (Fixture f = new Fixture(0, 0);
                SecondBroker second = new SecondBroker(f)) {
            Caller ann = f.newUser("ann");
            f.resize(1, 1, SecondBroker.only());
            UUID session = working(f, second, ann).session().id();
            die(f, second);
            f.broker.sessions().logOff(session, ann);
            Connected.Ready again = f.connectUntilReady(ann);
            assertThat(f.machine(again.session().machineName()).host()).isEqualTo(FIRST);
        }
    }

    @Test
    void aSessionThatNobodyHasSeenYetGoesToAnotherMachineAtOnce() throws Exception {
        try (Fixture f = new Fixture(0, 0);
                SecondBroker second = new SecondBroker(f)) {
            Caller ann = f.newUser("ann");
            Caller bob = f.newUser("bob");
            f.resize(1, 1, SecondBroker.only());
            UUID waits = f.connectUntilReady(ann).session().id();
            second.host.readyByHand = true;
            f.resize(2, 0, SecondBroker.only());
            await().until(() -> f.machines().size() == 2);
            f.connect(bob);
            UUID starts = await().until(() -> f.desktop(bob).sessionId(), Objects::nonNull);
            die(f, second);
            f.resize(4, 0, PoolPlacement.DEFAULT);
            for (UUID session : new UUID[] {waits, starts}) {
                await().untilAsserted(() -> {
                    f.broker.controller().round();
                    String machine = f.broker.sessions().get(session).machine();
                    assertThat(f.machine(machine).host()).isEqualTo(FIRST);
                });
            }
            assertThat(f.connectUntilReady(ann).session().id()).isEqualTo(waits);
            assertThat(f.connectUntilReady(bob).session().id()).isEqualTo(starts);
        }
    }

    @Test
    void whatSomebodyKeepsWaitsForItsHostUntilAnAdministratorGivesItUp() throws Exception {
        try (Fixture f = new Fixture(0, 0);
                SecondBroker second = new SecondBroker(f)) {
            f.replacePool(PoolPolicy.changes()
                    .assignment(PoolPolicy.Assignment.DEDICATED)
                    .logoffAction(PoolPolicy.LogoffAction.KEEP)
                    .build());
            Caller ann = f.newUser("ann");
            f.user("boss", Role.ADMIN);
            Caller boss = f.signIn("boss");
            f.resize(1, 1, SecondBroker.only());
            String machine = working(f, second, ann).session().machineName();
            f.broker.sessions().logOff(f.desktop(ann).sessionId(), ann);
            UUID session = f.connectUntilReady(ann).session().id();
            die(f, second);
            pass(f, Duration.ofMinutes(6));

            assertThat(f.broker.sessions().get(session).machine()).isEqualTo(machine);
            Machine kept = f.machine(machine);
            assertThat(kept.assignedTo()).isEqualTo(ann.userId());
            refusedAs(Reason.HOST_UNREACHABLE, f, ann, "\"second\"", "administrator");
            f.broker.sessions().logOff(session, boss);
            assertThat(f.desktop(ann).state()).isEqualTo(Desktop.State.UNAVAILABLE);
            refusedAs(Reason.HOST_UNREACHABLE, f, ann, "administrator");

            f.broker.machineCare().assign(machine, null, null, boss);
            Connected.Ready again = f.connectUntilReady(ann);
            assertThat(f.machine(again.session().machineName()).host()).isEqualTo(FIRST);
        }
    }

    @Test
    void aHostThatComesBackInTimeGoesOnWhereItWas() throws Exception {
        try (Fixture f = new Fixture(0, 0);
                SecondBroker second = new SecondBroker(f)) {
            Caller ann = f.newUser("ann");
            f.resize(1, 1, SecondBroker.only());
            UUID session = working(f, second, ann).session().id();
            die(f, second);
            pass(f, Duration.ofMinutes(2));
            assertThat(f.desktop(ann).state()).isEqualTo(Desktop.State.UNAVAILABLE);
            try (SecondBroker back = new SecondBroker(f, second.host)) {
                assertThat(f.connectUntilReady(ann).session().id()).isEqualTo(session);
                assertThat(back.host.list()).hasSize(1);
            }
        }
    }
}
