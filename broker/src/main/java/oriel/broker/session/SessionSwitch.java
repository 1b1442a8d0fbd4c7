package oriel.broker.session;

import java.util.Optional;
import java.util.UUID;
import java.util.function.BiConsumer;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import oriel.broker.access.Caller;
import oriel.broker.access.Right;
import oriel.broker.problem.RefusedException;
import oriel.displayd.viewer.PowerSwitch;

/**
 * The switch that a session's user finds in a viewer (xvp). It does what the portal's menu does, by the same right and with
 * the same lines in the audit trail. Shutting down is logging off, as it is when the guest is shut down from within. Both
 * of the others boot the machine again with the disk it has.
 */
final class SessionSwitch implements PowerSwitch {
    private static final Logger log = LoggerFactory.getLogger(SessionSwitch.class);

    private final Sessions sessions;
    private final UUID sessionId;
    private final Supplier<Optional<Caller>> user;

    /**
     * Of a session.
     *
     * @param user who is at the viewer; empty once their sign-in has ended
     */
    SessionSwitch(Sessions sessions, UUID sessionId, Supplier<Optional<Caller>> user) {
        this.sessions = sessions;
        this.sessionId = sessionId;
        this.user = user;
    }

    @Override
    public void shutDown() {
        act(sessions::logOff);
    }

    @Override
    public void reboot() {
        act(sessions::restart);
    }

    @Override
    public void reset() {
        act(sessions::restart);
    }

    private void act(BiConsumer<UUID, Caller> what) {
        Thread.ofVirtual().name("viewer-switch").start(() -> {
            try {
                user.get()
                        .filter(caller -> caller.may(Right.DESKTOP_USE))
                        .ifPresent(caller -> what.accept(sessionId, caller));
            } catch (RefusedException e) {
                log.info("session {} was not switched: {}", sessionId, e.getMessage());
            } catch (RuntimeException e) {
                log.warn("session {} could not be switched", sessionId, e);
            }
        });
    }
}
