package oriel.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import oriel.broker.access.Caller;
import oriel.broker.problem.Reason;
import oriel.broker.problem.RefusedException;
import oriel.broker.session.Connected;
import oriel.broker.session.Desktop;
import oriel.hypervisor.host.HostException;

/** Somebody sets the computer's clock. */
class ClockTest {
    private static final Duration DAY = Duration.ofDays(1);

    @Test
    void aClockThatGoesForwardEndsWhatHasItsTimeAndNothingElse() {
        try (Fixture f = new Fixture(2, 1)) {
            Caller ann = f.newUser("ann");
            Connected.Ready ready = f.connectUntilReady(ann);
            f.host.leaveTrace(ready.session().machineName(), "draft");
            f.broker
                    .sessionDisplays()
                    .opened(f.broker.tickets().redeem(ready.ticket().ticket()).orElseThrow());
            String ticket = f.connectUntilReady(ann).ticket().ticket();
            f.clock.skip(DAY);
            f.broker.controller().round();
            assertThat(f.broker.tickets().redeem(ticket)).isEmpty();
            assertThat(f.broker.signIns().bySignIn(ann.signIn(), "")).isEmpty();
            Caller back = f.signIn("ann");
            assertThat(f.connectUntilReady(back).session().id())
                    .as("no limit was set: the session goes on")
                    .isEqualTo(ready.session().id());
            assertThat(f.host.traces(ready.session().machineName())).containsExactly("draft");
            assertThat(f.broker.audit().verify().intact()).isTrue();
        }
    }

    @Test
    void aClockThatGoesBackStopsNoWorkAndLengthensNoTicketAndNoLock() {
        try (Fixture f = new Fixture(2, 0)) {
            Caller ann = f.newUser("ann");
            f.user("bob");
            Connected.Ready ready = f.connectUntilReady(ann);
            String ticket = ready.ticket().ticket();
            for (int i = 0; i < 6; i++) {
                assertThatThrownBy(() -> f.broker.signIns().signIn("bob", "wrong", "192.0.2.9"))
                        .isInstanceOf(RefusedException.class);
            }
            // An operation that waits for its next attempt when the clock is set.
            f.host.script = call -> {
                throw new HostException(HostException.Reason.FAILED, "not yet");
            };
            f.broker.sessions().restart(ready.session().id(), ann);
            await().until(() -> f.host.calls.stream()
                            .filter(call -> call.what().equals("reset"))
                            .count()
                    > 2);
            f.clock.skip(DAY.negated());
            f.host.script = call -> {};

            assertThat(f.broker.tickets().redeem(ticket))
                    .as("it would live for a day")
                    .isEmpty();
            f.broker.signIns().signIn("bob", Fixture.PASSWORD, "192.0.2.9");
            f.broker.controller().round();
            f.awaitState(ann, Desktop.State.READY);
            assertThat(f.connectUntilReady(ann).session().id())
                    .isEqualTo(ready.session().id());
            Caller eve = f.newUser("eve");
            Connected.Ready other = f.connectUntilReady(eve);
            assertThat(f.broker.tickets().redeem(other.ticket().ticket())).isPresent();
            f.broker.sessions().logOff(other.session().id(), eve);
            f.awaitSettled();
            assertThat(f.broker.audit().verify().intact())
                    .as("the chain is in order of writing, not of time")
                    .isTrue();
        }
    }

    @Test
    void aLockOutIsStillOneAfterASmallStepBack() {
        try (Fixture f = new Fixture(0, 0)) {
            f.user("bob");
            for (int i = 0; i < 5; i++) {
                assertThatThrownBy(() -> f.broker.signIns().signIn("bob", "wrong", "192.0.2.9"))
                        .isInstanceOf(RefusedException.class);
            }
            f.clock.skip(Duration.ofSeconds(-20));
            assertThatThrownBy(() -> f.broker.signIns().signIn("bob", Fixture.PASSWORD, "192.0.2.9"))
                    .isInstanceOfSatisfying(
                            RefusedException.class, e -> assertThat(e.reason()).isEqualTo(Reason.LOCKED_OUT));
        }
    }
}
