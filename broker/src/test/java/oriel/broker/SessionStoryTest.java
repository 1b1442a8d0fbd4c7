package oriel.broker;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import oriel.broker.access.Caller;
import oriel.broker.session.Desktop;
import oriel.broker.session.Sessions.Connected;

class SessionStoryTest {
    @Test
    void connectUseLogOffAndTheNextUserGetsACleanMachine() {
        try (Fixture f = new Fixture(1, 1)) {
            Caller ann = f.newUser("ann");
            Caller bob = f.newUser("bob");
            Connected.Ready ready = f.connectUntilReady(ann);
            assertThat(ready.session().machineName()).isEqualTo("demo-1");
            f.host.leaveTrace("demo-1", "ann's letter");

            assertThat(f.connect(bob)).isInstanceOf(Connected.Pending.class);
            assertThat(f.desktop(bob).state()).isEqualTo(Desktop.State.QUEUED);

            f.broker.sessions().logOff(ready.session().id(), ann);
            Desktop bobs = f.awaitState(bob, Desktop.State.READY);
            assertThat(bobs.machine()).isEqualTo("demo-1");
            assertThat(f.host.traces("demo-1")).isEmpty();
            assertThat(f.machine("demo-1").generation()).isEqualTo(2);
            assertThat(f.broker.audit().verify().intact()).isTrue();
        }
    }
}
