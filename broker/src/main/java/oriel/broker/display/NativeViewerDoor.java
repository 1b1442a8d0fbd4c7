package oriel.broker.display;

import java.net.InetAddress;
import java.time.Clock;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;
import oriel.broker.audit.AuditEntry;
import oriel.broker.audit.AuditRecord.Outcome;
import oriel.broker.audit.AuditTrail;
import oriel.broker.display.Tickets.Redeemed;
import oriel.displayd.gateway.PasswordVerifier;
import oriel.displayd.viewer.DisplayGrant;

/**
 * Decides who comes in by the port for VNC viewers: the user's name with a one-time password that the portal has shown, if
 * the pool's policy still allows it. Who doesn't is told why, and recorded. Thread-safe.
 */
final class NativeViewerDoor implements PasswordVerifier {
    private static final int MOST_AUDITED = 64;

    private final Tickets tickets;
    private final DisplayPolicy policy;
    private final Function<Redeemed, Optional<DisplayGrant>> show;
    private final AuditTrail audit;
    private final PasswordGuard guard;

    /**
     * With its collaborators.
     *
     * @param show opens what a password stood for; empty if that isn't possible just now
     */
    NativeViewerDoor(
            Tickets tickets,
            DisplayPolicy policy,
            Function<Redeemed, Optional<DisplayGrant>> show,
            AuditTrail audit,
            Clock clock) {
        this.tickets = tickets;
        this.policy = policy;
        this.show = show;
        this.audit = audit;
        this.guard = new PasswordGuard(clock);
    }

    @Override
    public Verdict verify(String user, String password, InetAddress from) {
        String address = from.getHostAddress();
        Optional<Duration> wait = guard.attempt(address);
        if (wait.isPresent()) {
            return new Verdict.Refused("There were too many wrong passwords. Try again in "
                    + (wait.get().toSeconds() + 1) + " seconds.");
        }
        String name = user.strip().toLowerCase(Locale.ROOT);
        Optional<Redeemed> redeemed = tickets.redeemForNativeViewer(name, password.strip());
        if (redeemed.isEmpty()) {
            refused(name, "", "unknown, expired or used password", address);
            return new Verdict.Refused("The user name or the one-time password is wrong, or the password has expired or"
                    + " was used. Ask the portal for a new one.");
        }
        guard.succeeded(address);
        Redeemed grant = redeemed.get().from(address);
        if (!policy.allowsNativeViewer(grant)) {
            refused(name, grant.machine(), "the pool's policy allows no VNC viewers", address);
            return new Verdict.Refused(
                    "Desktops of this pool are not shown in VNC viewers any more. Open it in the browser.");
        }
        Optional<DisplayGrant> shown = show.apply(grant);
        if (shown.isEmpty()) {
            refused(name, grant.machine(), "the desktop could not be shown", address);
            return new Verdict.Refused("The desktop can't be shown just now. Ask the portal for a new password.");
        }
        return new Verdict.Admitted(shown.get());
    }

    private void refused(String claimed, String machine, String why, String address) {
        // Anybody writes the name.
        String name =
                claimed.substring(0, Math.min(claimed.length(), MOST_AUDITED)).replaceAll("[^ -~]", "?");
        audit.record(
                new AuditEntry(name, "session.connect", machine, Outcome.REFUSED, "in a VNC viewer: " + why, address));
    }
}
