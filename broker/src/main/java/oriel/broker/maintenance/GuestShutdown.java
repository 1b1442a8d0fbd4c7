package oriel.broker.maintenance;

import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import oriel.hypervisor.guest.GuestAgent;
import oriel.hypervisor.guest.GuestCommandResult;
import oriel.hypervisor.host.HostException;
import oriel.hypervisor.host.HypervisorHost;
import oriel.hypervisor.host.MachineStatus;
import oriel.hypervisor.host.PowerState;

/** Brings a running guest to a clean end by its agent, its identity removed before. */
final class GuestShutdown {
    private static final Logger log = LoggerFactory.getLogger(GuestShutdown.class);
    private static final Duration LOOK = Duration.ofMillis(200);
    /** After the desktop is drawn, an agent that the guest has answers within seconds. */
    private static final Duration AGENT_TIME = Duration.ofSeconds(60);

    private static final Duration COMMAND_TIME = Duration.ofMinutes(2);
    private static final Duration SHUTDOWN_TIME = Duration.ofMinutes(3);
    private static final int LONGEST_OUTPUT = 300;

    private final HypervisorHost host;
    private final Duration patience;

    GuestShutdown(HypervisorHost host, Duration patience) {
        this.host = host;
        this.patience = patience;
    }

    /** Told what is being done, and whether to go on. */
    @FunctionalInterface
    interface Progress {
        void at(int percent, String text) throws HostException;
    }

    /**
     * Removes the identity and shuts down.
     *
     * @throws HostException {@code IMAGE} if the guest has no agent or doesn't do as it is asked; it may run on then
     */
    void withoutIdentity(String machine, Progress progress) throws HostException {
        GuestAgent agent = agent(machine, progress);
        progress.at(25, "removing the guest's identity");
        GuestCommandResult result = answer(agent.execute(IdentityRemoval.command(), COMMAND_TIME));
        if (result.exitCode() != 0) {
            String said = (result.errors() + " " + result.output()).strip().replaceAll("\\s+", " ");
            throw impossible("The guest's identity could not be removed (status " + result.exitCode() + "): "
                    + (said.length() <= LONGEST_OUTPUT ? said : said.substring(0, LONGEST_OUTPUT)));
        }
        progress.at(35, "shutting the guest down");
        try {
            answer(agent.shutdown(GuestAgent.Shutdown.POWER_OFF, COMMAND_TIME));
        } catch (HostException e) {
            // Some guests are gone before they can say so.
            log.info("{}: {}; pressing its power button", machine, e.getMessage());
            host.powerButton(machine);
        }
        if (!isOff(machine, progress)) {
            throw impossible("The guest did not shut down within " + SHUTDOWN_TIME.toMinutes()
                    + " minutes. Shut it down from within, then seal again.");
        }
    }

    private GuestAgent agent(String machine, Progress progress) throws HostException {
        long begun = System.nanoTime();
        long drawn = 0;
        while (System.nanoTime() - begun < patience.toNanos()) {
            Optional<GuestAgent> agent = host.guestAgent(machine).filter(GuestAgent::ready);
            if (agent.isPresent()) {
                return agent.get();
            }
            MachineStatus status = host.find(machine)
                    .orElseThrow(() -> new HostException(
                            HostException.Reason.NOT_FOUND, "The host does not have " + machine + " any more."));
            if (status.power() == PowerState.OFF) {
                throw impossible("The guest has switched itself off before it could be sealed. Seal it again.");
            }
            if (status.guestReady() && drawn == 0) {
                drawn = System.nanoTime();
            }
            if (drawn != 0 && System.nanoTime() - drawn > AGENT_TIME.toNanos()) {
                break;
            }
            progress.at(5, "waiting for the guest's agent");
            pause();
        }
        throw impossible("The guest has no agent that answers, so its identity can't be removed."
                + " Install and start the package qemu-guest-agent in it, then seal again.");
    }

    private boolean isOff(String machine, Progress progress) throws HostException {
        long begun = System.nanoTime();
        while (System.nanoTime() - begun < SHUTDOWN_TIME.toNanos()) {
            if (host.find(machine)
                    .filter(status -> status.power() != PowerState.OFF)
                    .isEmpty()) {
                return true;
            }
            progress.at(40, "shutting the guest down");
            pause();
        }
        return false;
    }

    private static <T> T answer(CompletableFuture<T> asked) throws HostException {
        try {
            return asked.get();
        } catch (ExecutionException e) {
            String why = e.getCause() == null ? e.getMessage() : e.getCause().getMessage();
            throw impossible("The guest's agent failed: " + String.valueOf(why).toLowerCase(Locale.ROOT));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new HostException(HostException.Reason.FAILED, "interrupted", e);
        }
    }

    private static void pause() throws HostException {
        try {
            Thread.sleep(LOOK);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new HostException(HostException.Reason.FAILED, "interrupted", e);
        }
    }

    private static HostException impossible(String why) {
        return new HostException(HostException.Reason.IMAGE, why);
    }
}
