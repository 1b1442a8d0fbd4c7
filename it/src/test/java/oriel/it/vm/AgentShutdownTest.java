package oriel.it.vm;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import oriel.hypervisor.guest.GuestAgent;
import oriel.hypervisor.machine.MachineEnd;
import oriel.hypervisor.machine.MachineListener;
import oriel.it.guest.DesktopGuest;

/** The golden desktop ends when its agent is asked for it, by the program that the agent calls for that. */
@Tag("guest")
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class AgentShutdownTest {
    @TempDir
    private Path folder;

    @Test
    void theDesktopSwitchesItselfOff() throws Exception {
        CompletableFuture<MachineEnd> ended = new CompletableFuture<>();
        try (DesktopGuest guest = DesktopGuest.boot(folder, config -> config)) {
            guest.machine().addListener(new MachineListener() {
                @Override
                public void ended(MachineEnd how) {
                    ended.complete(how);
                }
            });
            assertThat(guest.machine().guestAgent().shutdown(GuestAgent.Shutdown.POWER_OFF, Duration.ofMinutes(1)))
                    .succeedsWithin(Duration.ofMinutes(2));
            assertThat(ended.get(3, TimeUnit.MINUTES).cause()).isEqualTo(MachineEnd.Cause.POWER_OFF);
        }
    }
}
