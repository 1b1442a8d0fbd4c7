package oriel.broker.display;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import oriel.broker.identity.Secrets;
import oriel.broker.store.Store;
import oriel.broker.store.Tx;

/** Issues and redeems connection tickets. Thread-safe. */
public final class Tickets {
    /** How long a ticket can be redeemed. */
    public static final Duration LIFE = Duration.ofSeconds(60);

    private final Store store;
    private final Secrets secrets;
    private final String broker;
    private final Clock clock;

    /** Over a database. */
    public Tickets(Store store, Secrets secrets, String broker, Clock clock) {
        this.store = store;
        this.secrets = secrets;
        this.broker = broker;
        this.clock = clock;
    }

    /**
     * A new ticket.
     *
     * @param ticket for the user
     * @param expires end of its life
     */
    public record Issued(String ticket, Instant expires) {
        @Override
        public String toString() {
            return "Issued[until " + expires + "]";
        }
    }

    /**
     * What a ticket stood for.
     *
     * @param connection new name of the connection it opens
     * @param sessionId whose display
     * @param userId who opens it
     * @param signIn the sign-in it was issued to
     * @param machine whose display
     * @param right what one may do
     * @param address where it was issued to
     * @param shadow the request by which somebody else watches; null for the session's own user
     * @param image the golden image whose maintenance machine it is, with its id as {@code sessionId}; null for sessions
     * @param nativeViewer whether a VNC viewer shows it, not a browser
     */
    public record Redeemed(
            UUID connection,
            UUID sessionId,
            UUID userId,
            String signIn,
            String machine,
            DisplayRight right,
            String address,
            @Nullable UUID shadow,
            @Nullable String image,
            boolean nativeViewer) {
        /** Opened from another address than it was issued to. */
        public Redeemed from(String otherAddress) {
            return new Redeemed(
                    connection, sessionId, userId, signIn, machine, right, otherAddress, shadow, image, nativeViewer);
        }
    }

    /** Issues a ticket for a user's own session. */
    public Issued issue(Tx tx, UUID sessionId, UUID userId, String signIn, DisplayRight right, String address) {
        return issue(tx, sessionId, userId, signIn, right, address, null);
    }

    /**
     * Issues a ticket.
     *
     * @param shadow the request by which somebody watches another's session; null for one's own
     */
    public Issued issue(
            Tx tx,
            UUID sessionId,
            UUID userId,
            String signIn,
            DisplayRight right,
            String address,
            @Nullable UUID shadow) {
        return issue(tx, sessionId, userId, signIn, right, address, shadow, null);
    }

    /** Issues a ticket for the maintenance machine of a golden image. */
    public Issued issueForMaintenance(
            Tx tx, UUID machineId, String image, UUID userId, String signIn, DisplayRight right, String address) {
        return issue(tx, machineId, userId, signIn, right, address, null, image);
    }

    /** Issues a password for a user's own session in a VNC viewer. A browser's display doesn't open by it. */
    public Issued issueForNativeViewer(
            Tx tx, UUID sessionId, UUID userId, String signIn, DisplayRight right, String address) {
        String password = secrets.token();
        return issue(tx, password, nativeHash(password), sessionId, userId, signIn, right, address, null, null);
    }

    private Issued issue(
            Tx tx,
            UUID sessionId,
            UUID userId,
            String signIn,
            DisplayRight right,
            String address,
            @Nullable UUID shadow,
            @Nullable String image) {
        String ticket = secrets.token();
        return issue(tx, ticket, Secrets.hash(ticket), sessionId, userId, signIn, right, address, shadow, image);
    }

    private Issued issue(
            Tx tx,
            String ticket,
            String hash,
            UUID sessionId,
            UUID userId,
            String signIn,
            DisplayRight right,
            String address,
            @Nullable UUID shadow,
            @Nullable String image) {
        Instant expires = clock.instant().plus(LIFE);
        tx.insert(new Ticket(hash, sessionId, userId, signIn, right, address, broker, shadow, image, expires));
        return new Issued(ticket, expires);
    }

    /** No ticket has a blank in it: what is for one door doesn't open the other. */
    private static String nativeHash(String password) {
        return Secrets.hash("native viewer " + password);
    }

    /** Redeems a ticket, once: whoever deletes its row has it. */
    public Optional<Redeemed> redeem(String ticket) {
        return ticket.isEmpty() || ticket.length() > 128 ? Optional.empty() : redeem(Secrets.hash(ticket), null);
    }

    /**
     * Redeems a VNC viewer's password, once. Under another name than its user's it stays good.
     *
     * @param username of the user whom it was issued to
     */
    public Optional<Redeemed> redeemForNativeViewer(String username, String password) {
        return password.isEmpty() || password.length() > 128
                ? Optional.empty()
                : redeem(nativeHash(password), username);
    }

    private Optional<Redeemed> redeem(String hash, @Nullable String nativeUser) {
        return store.call(tx -> {
            Optional<Ticket> found =
                    tx.find(Ticket.class, hash).filter(ticket -> nativeUser == null || isOf(tx, ticket, nativeUser));
            if (found.isEmpty() || tx.execute("delete from Ticket where ticketHash = ?1", hash) != 1) {
                return Optional.empty();
            }
            Ticket row = found.get();
            Instant now = clock.instant();
            // Further ahead than its life: the clock has gone back, and nobody knows how old the ticket is.
            if (!row.expires().isAfter(now)
                    || row.expires().isAfter(now.plus(LIFE))
                    || tx.count("select count(*) from SignIn where tokenHash = ?1", row.signIn()) == 0) {
                return Optional.empty();
            }
            return machine(tx, row)
                    .map(machine -> new Redeemed(
                            UUID.randomUUID(),
                            row.sessionId(),
                            row.accountId(),
                            row.signIn(),
                            machine,
                            row.right(),
                            row.address(),
                            row.shadowId(),
                            row.imageName(),
                            nativeUser != null));
        });
    }

    private static boolean isOf(Tx tx, Ticket ticket, String username) {
        return tx.count("select count(*) from Account where id = ?1 and username = ?2", ticket.accountId(), username)
                > 0;
    }

    /** The machine that a ticket opens, if it still does. */
    private Optional<String> machine(Tx tx, Ticket ticket) {
        UUID shadow = ticket.shadowId();
        String image = ticket.imageName();
        if (image != null) {
            return tx.first(
                    String.class,
                    "select m.name from MaintenanceMachine m where m.imageName = ?1 and m.id = ?2 and m.state = RUNNING",
                    image,
                    ticket.sessionId());
        }
        if (shadow == null) {
            return tx.first(
                    String.class,
                    "select m.name from Machine m where m.sessionId = ?1 and m.userId = ?2",
                    ticket.sessionId(),
                    ticket.accountId());
        }
        return tx.first(
                String.class,
                "select m.name from Machine m where m.sessionId = ?1 and exists (select 1 from ShadowRequest s"
                        + " where s.id = ?2 and s.sessionId = m.sessionId and s.requesterId = ?3"
                        + " and s.state = GRANTED and s.expires > ?4)",
                ticket.sessionId(),
                shadow,
                ticket.accountId(),
                clock.instant());
    }

    /** Voids the tickets of a session. */
    public static void voidFor(Tx tx, UUID sessionId) {
        tx.execute("delete from Ticket where sessionId = ?1", sessionId);
    }

    /** Voids the tickets by which somebody watches. */
    public static void voidForShadow(Tx tx, UUID shadow) {
        tx.execute("delete from Ticket where shadowId = ?1", shadow);
    }

    /** Voids the tickets of a sign-in. */
    public static void voidFor(Tx tx, String signIn) {
        tx.execute("delete from Ticket where signIn = ?1", signIn);
    }

    /** Voids what this broker has issued: it has just started, so those whom it issued them to have lost it. */
    public void voidOwn(Tx tx) {
        tx.execute("delete from Ticket where issuedBy = ?1 or issuedBy is null", broker);
    }

    /** Deletes what has expired. */
    public void sweep() {
        store.run(tx -> tx.execute("delete from Ticket where expires < ?1", clock.instant()));
    }
}
