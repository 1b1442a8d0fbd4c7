package oriel.hypervisor.guest;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * What the QEMU guest agent of a running machine does for the host. Thread-safe; calls return at once.
 *
 * <p>The futures fail with a {@link GuestAgentException}, at the latest when their time is over. They complete on the
 * machine's thread: what hangs on them must not block, and never wait for the machine. Requests wait for each other, and
 * their time runs while they wait. What a guest answers is its own claim: never take it for more.
 */
public interface GuestAgent {
    /** Whether a program in the guest has answered since it opened the port. */
    boolean ready();

    /** Adds a listener, called on the machine's thread: it must not block. */
    void addListener(Listener listener);

    /** Removes it. */
    void removeListener(Listener listener);

    /** Asks for a sign of life. */
    CompletableFuture<Void> ping(Duration timeout);

    /** Which program answers. */
    CompletableFuture<GuestAgentInfo> info(Duration timeout);

    /**
     * Has the guest switch itself off or start again. Complete when the guest has taken the request; whether it follows is
     * seen at the machine.
     */
    CompletableFuture<Void> shutdown(Shutdown how, Duration timeout);

    /**
     * Runs a program as root and waits for its end.
     *
     * @param timeout for all of it; a program that runs longer goes on, unwatched
     */
    CompletableFuture<GuestCommandResult> execute(GuestCommand command, Duration timeout);

    /**
     * Flushes and freezes the file systems: a disk copied until {@link #thawFileSystems} is consistent. Whoever writes
     * in the guest hangs until then, so hold it for a moment only.
     *
     * @return how many were frozen
     */
    CompletableFuture<Integer> freezeFileSystems(Duration timeout);

    /**
     * Lets them go on.
     *
     * @return how many
     */
    CompletableFuture<Integer> thawFileSystems(Duration timeout);

    /** The guest's network interfaces, with their addresses. */
    CompletableFuture<List<GuestInterface>> networkInterfaces(Duration timeout);

    /** Sets the guest's clock: after a restore it shows the time of the snapshot. */
    CompletableFuture<Void> setTime(Instant now, Duration timeout);

    /** Ways to end. */
    enum Shutdown {
        /** Power off. */
        POWER_OFF,
        /** Start again. */
        REBOOT
    }

    /** What changes. */
    @FunctionalInterface
    interface Listener {
        /** The guest's agent answers from now on, or is gone. */
        void readyChanged(boolean ready);
    }
}
