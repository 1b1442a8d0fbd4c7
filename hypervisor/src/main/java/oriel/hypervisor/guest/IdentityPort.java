package oriel.hypervisor.guest;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import oriel.hypervisor.device.virtio.ConsolePort;

/**
 * A named serial port by which a guest that goes on from a saved machine learns what time it is and, if it is a clone,
 * who it is: one line, {@code HOST_NAME MACHINE_ID MAC SECONDS}, with dashes for what stays as it is. The guest's program
 * waits for it all the time and answers {@code done}: no process has to be started for it, which costs a clone a hundred
 * times less than a command by the guest agent. Confined to the machine's thread.
 */
public final class IdentityPort {
    /** The port's name, by which the guest's program finds it. */
    public static final String PORT = "org.oriel.identity.0";

    private static final String ANSWER = "done";
    private static final long NANOS_PER_SECOND = 1_000_000_000L;

    private final Executor machine;
    private final LongSupplier wallNanos;
    private final ConsolePort port;
    private final StringBuilder answer = new StringBuilder();

    /** What the guest is yet to be told. */
    private @Nullable News news;

    private record News(Optional<GuestIdentity> identity, Runnable taken) {}

    /**
     * A port that isn't on a board yet.
     *
     * @param machine runs tasks on the machine's thread
     * @param wallNanos nanoseconds since 1970-01-01 UTC
     */
    public IdentityPort(Executor machine, LongSupplier wallNanos) {
        this.machine = machine;
        this.wallNanos = wallNanos;
        this.port = new ConsolePort(PORT, new ConsolePort.Listener() {
            @Override
            public void received(byte[] bytes) {
                IdentityPort.this.received(bytes);
            }

            @Override
            public void guestOpened(boolean open) {
                answer.setLength(0);
                if (open) {
                    // A task, as the device that tells this may be in the middle of being loaded.
                    IdentityPort.this.machine.execute(IdentityPort.this::send);
                }
            }
        });
        port.open(true);
    }

    /** The host's end, for the board to plug in. */
    public ConsolePort port() {
        return port;
    }

    /**
     * Tells the guest, as soon as its program listens.
     *
     * @param identity empty for a guest that is who it was: only its clock is set
     * @param taken called when it has answered
     */
    public void tell(Optional<GuestIdentity> identity, Runnable taken) {
        news = new News(identity, taken);
        send();
    }

    private void send() {
        News now = news;
        if (now != null && port.guestOpen()) {
            String who = now.identity()
                    .map(identity -> identity.hostName() + " " + identity.machineId() + " " + identity.mac())
                    .orElse("- - -");
            long seconds = Math.floorDiv(wallNanos.getAsLong(), NANOS_PER_SECOND);
            port.send((who + " " + seconds + "\n").getBytes(UTF_8));
        }
    }

    private void received(byte[] bytes) {
        for (byte value : bytes) {
            if (value == '\n') {
                News now = news;
                if (now != null && answer.toString().equals(ANSWER)) {
                    news = null;
                    now.taken().run();
                }
                answer.setLength(0);
            } else if (answer.length() <= ANSWER.length()) { // more is no answer of ours
                answer.append((char) (value & 0xFF));
            }
        }
    }
}
