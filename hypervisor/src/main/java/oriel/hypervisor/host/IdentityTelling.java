package oriel.hypervisor.host;

import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import oriel.hypervisor.guest.GuestAgent;
import oriel.hypervisor.guest.GuestCommand;

/**
 * Tells a guest that goes on from a saved machine what time it is and, if it is a clone, who it is, as soon as its agent
 * answers. A guest without agent isn't told. Thread-safe.
 */
final class IdentityTelling implements GuestAgent.Listener {
    private static final Logger LOG = LoggerFactory.getLogger(IdentityTelling.class);
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    /** In the golden images: sets host name, machine id, hardware address and random numbers. */
    private static final String PROGRAM = "/usr/lib/oriel/identity";

    private final GuestAgent agent;
    private final String machine;
    private final Optional<GuestIdentity> identity;
    private final AtomicBoolean told = new AtomicBoolean();

    private IdentityTelling(GuestAgent agent, String machine, Optional<GuestIdentity> identity) {
        this.agent = agent;
        this.machine = machine;
        this.identity = identity;
    }

    /**
     * Begins.
     *
     * @param identity empty for a machine that is who it was
     */
    static void begin(GuestAgent agent, String machine, Optional<GuestIdentity> identity) {
        IdentityTelling telling = new IdentityTelling(agent, machine, identity);
        agent.addListener(telling);
        telling.readyChanged(agent.ready());
    }

    @Override
    public void readyChanged(boolean ready) {
        if (!ready || !told.compareAndSet(false, true)) {
            return;
        }
        agent.removeListener(this);
        var _ = agent.setTime(Instant.now(), PATIENCE).whenComplete((_, failure) -> report("time", failure));
        identity.ifPresent(who -> {
            GuestCommand command = GuestCommand.of(PROGRAM, who.hostName(), who.machineId(), who.mac());
            var _ = agent.execute(command, PATIENCE).whenComplete((result, failure) -> {
                if (failure == null && result.exitCode() != 0) {
                    LOG.warn("machine {}: {} failed: {}", machine, PROGRAM, result);
                }
                report("identity", failure);
            });
        });
    }

    private void report(String what, Throwable failure) {
        if (failure != null) {
            LOG.warn("machine {}: its guest could not be told its {}: {}", machine, what, failure.getMessage());
        }
    }
}
