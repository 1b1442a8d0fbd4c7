package oriel.broker;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import oriel.hypervisor.guest.GuestAgent;
import oriel.hypervisor.guest.GuestAgentInfo;
import oriel.hypervisor.guest.GuestCommand;
import oriel.hypervisor.guest.GuestCommandResult;
import oriel.hypervisor.guest.GuestInterface;
import oriel.hypervisor.host.HostException;

/** A guest's agent that does at once what it is asked. */
record FakeGuestAgent(boolean ready, Program program, Effect powerOff) implements GuestAgent {
    /** What a program in the guest does. */
    interface Program {
        GuestCommandResult run(GuestCommand command) throws HostException;
    }

    /** Something that happens. */
    interface Effect {
        void happen() throws HostException;
    }

    @Override
    public void addListener(Listener listener) {}

    @Override
    public void removeListener(Listener listener) {}

    @Override
    public CompletableFuture<Void> ping(Duration timeout) {
        return CompletableFuture.completedFuture(null);
    }

    @Override
    public CompletableFuture<GuestAgentInfo> info(Duration timeout) {
        return CompletableFuture.failedFuture(new UnsupportedOperationException());
    }

    @Override
    public CompletableFuture<Void> shutdown(Shutdown how, Duration timeout) {
        try {
            powerOff.happen();
            return CompletableFuture.completedFuture(null);
        } catch (HostException e) {
            return CompletableFuture.failedFuture(e);
        }
    }

    @Override
    public CompletableFuture<GuestCommandResult> execute(GuestCommand command, Duration timeout) {
        try {
            return CompletableFuture.completedFuture(program.run(command));
        } catch (HostException e) {
            return CompletableFuture.failedFuture(e);
        }
    }

    @Override
    public CompletableFuture<Integer> freezeFileSystems(Duration timeout) {
        return CompletableFuture.completedFuture(0);
    }

    @Override
    public CompletableFuture<Integer> thawFileSystems(Duration timeout) {
        return CompletableFuture.completedFuture(0);
    }

    @Override
    public CompletableFuture<List<GuestInterface>> networkInterfaces(Duration timeout) {
        return CompletableFuture.completedFuture(List.of());
    }

    @Override
    public CompletableFuture<Void> setTime(Instant now, Duration timeout) {
        return CompletableFuture.completedFuture(null);
    }
}
