package oriel.broker.identity;

import io.nayuki.qrcodegen.QrCode;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.UUID;
import oriel.broker.access.Caller;
import oriel.broker.audit.AuditEntry;
import oriel.broker.audit.AuditRecord.Outcome;
import oriel.broker.audit.AuditTrail;
import oriel.broker.problem.Reason;
import oriel.broker.problem.RefusedException;
import oriel.broker.store.Store;
import oriel.broker.store.Tx;

/**
 * The second factor of local accounts: a code by time from an app, or one of ten recovery codes where the device is lost.
 * People from an identity provider have theirs there. Thread-safe.
 */
public final class SecondFactor {
    private static final int RECOVERY_CODES = 10;
    private static final int QR_BORDER = 4;

    private final Store store;
    private final AuditTrail audit;
    private final Sealer sealer;
    private final Clock clock;
    private final TimeCodes codes = new TimeCodes();
    private final Secrets secrets = new Secrets();

    /** With its collaborators. */
    public SecondFactor(Store store, AuditTrail audit, Sealer sealer, Clock clock) {
        this.store = store;
        this.audit = audit;
        this.sealer = sealer;
        this.clock = clock;
    }

    /**
     * What a user has.
     *
     * @param enabled whether a code is asked for
     * @param recoveryCodesLeft unused ones
     */
    public record State(boolean enabled, long recoveryCodesLeft) {}

    /**
     * What an app needs. Nothing is asked for until a first code has shown that the app has it.
     *
     * @param secret to type, base 32
     * @param uri to open in an app ({@code otpauth:})
     * @param qrImage the same as a picture to scan, a {@code data:} address
     */
    public record Enrolment(String secret, String uri, String qrImage) {
        @Override
        public String toString() {
            return "Enrolment[]";
        }
    }

    /** What a user has. */
    public State state(UUID accountId) {
        return store.call(tx -> new State(
                enabled(tx, accountId), tx.count("select count(*) from RecoveryCode where accountId = ?1", accountId)));
    }

    boolean enabled(Tx tx, UUID accountId) {
        return tx.find(TotpSecret.class, accountId)
                .filter(TotpSecret::confirmed)
                .isPresent();
    }

    /** Begins: makes a secret. The caller has proved who they are. */
    Enrolment begin(Caller caller) {
        String secret = codes.newSecret();
        store.run(tx -> {
            tx.lock(Account.class, caller.userId());
            if (enabled(tx, caller.userId())) {
                throw new RefusedException(
                        Reason.CONFLICT, "You have a second factor already. Remove it first to set up another one.");
            }
            tx.execute("delete from TotpSecret where accountId = ?1", caller.userId());
            tx.insert(new TotpSecret(caller.userId(), sealer.seal(secret, purpose(caller.userId())), clock.instant()));
        });
        String uri = "otpauth://totp/Oriel:" + caller.username() + "?secret=" + secret + "&issuer=Oriel";
        return new Enrolment(secret, uri, svg(QrCode.encodeText(uri, QrCode.Ecc.MEDIUM)));
    }

    /**
     * Ends the enrolment with a first code.
     *
     * @return the recovery codes, to be shown once
     * @throws RefusedException {@link Reason#BAD_CODE}; {@link Reason#CONFLICT} if it has not begun
     */
    List<String> confirm(Caller caller, String code) {
        List<String> recovery = new ArrayList<>();
        for (int i = 0; i < RECOVERY_CODES; i++) {
            recovery.add(secrets.typed(2));
        }
        store.run(tx -> {
            TotpSecret totp = tx.lock(TotpSecret.class, caller.userId())
                    .filter(found -> !found.confirmed())
                    .orElseThrow(
                            () -> new RefusedException(Reason.CONFLICT, "Begin to set up the second factor first."));
            OptionalLong step = step(totp, code);
            if (step.isEmpty()) {
                throw wrong();
            }
            totp.taken(step.getAsLong());
            tx.update(totp);
            tx.execute("delete from RecoveryCode where accountId = ?1", caller.userId());
            recovery.forEach(each -> tx.insert(new RecoveryCode(hash(each), caller.userId())));
            audit.record(tx, AuditEntry.by(caller, "second-factor.enable", caller.username(), ""));
        });
        return List.copyOf(recovery);
    }

    /**
     * Checks a code in the transaction of a sign-in, and spends it.
     *
     * @return what it was, or empty if it is wrong
     */
    Optional<String> spend(Tx tx, UUID accountId, String code) {
        TotpSecret totp = tx.lock(TotpSecret.class, accountId).orElseThrow();
        OptionalLong step = step(totp, code);
        if (step.isPresent()) {
            totp.taken(step.getAsLong());
            tx.update(totp);
            return Optional.of("code");
        }
        return tx.execute("delete from RecoveryCode where codeHash = ?1 and accountId = ?2", hash(code), accountId) > 0
                ? Optional.of("recovery code")
                : Optional.empty();
    }

    /** Removes a user's second factor; nothing happens if there is none. */
    void remove(UUID accountId, String username, String actor, String address) {
        store.run(tx -> {
            boolean had = enabled(tx, accountId);
            tx.execute("delete from TotpSecret where accountId = ?1", accountId);
            tx.execute("delete from RecoveryCode where accountId = ?1", accountId);
            if (had) {
                audit.record(tx, new AuditEntry(actor, "second-factor.disable", username, Outcome.OK, "", address));
            }
        });
    }

    static RefusedException wrong() {
        return new RefusedException(
                Reason.BAD_CODE,
                "The code is wrong or was used before. Wait for the next one, and check that your device's clock is"
                        + " right.");
    }

    private OptionalLong step(TotpSecret totp, String code) {
        return codes.step(
                sealer.open(totp.sealedSecret(), purpose(totp.accountId())), code, clock.instant(), totp.lastStep());
    }

    private static String purpose(UUID accountId) {
        return "totp of " + accountId;
    }

    /** As people type them. The account's name is no part of it: the codes have 49 random bits each, and are locked. */
    private static String hash(String code) {
        return Secrets.hash("recovery:" + code.strip().toLowerCase(Locale.ROOT));
    }

    private static String svg(QrCode code) {
        int size = code.size + 2 * QR_BORDER;
        StringBuilder path = new StringBuilder();
        for (int y = 0; y < code.size; y++) {
            for (int x = 0; x < code.size; x++) {
                if (code.getModule(x, y)) {
                    path.append('M')
                            .append(x + QR_BORDER)
                            .append(' ')
                            .append(y + QR_BORDER)
                            .append("h1v1h-1z");
                }
            }
        }
        return "data:image/svg+xml,"
                + URLEncoder.encode(
                                "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 " + size + " " + size
                                        + "\"><path fill=\"#fff\" d=\"M0 0h" + size + "v" + size + "H0z\"/><path d=\""
                                        + path + "\"/></svg>",
                                StandardCharsets.UTF_8)
                        .replace("+", "%20");
    }
}
