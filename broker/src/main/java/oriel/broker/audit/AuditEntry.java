package oriel.broker.audit;

import oriel.broker.access.Caller;
import oriel.broker.audit.AuditRecord.Outcome;

/**
 * An act to be recorded. Texts are cut to what the table holds.
 *
 * @param actor user name, or {@code system}
 * @param action what, e.g. {@code session.assign}
 * @param target on what
 * @param outcome how it ended
 * @param detail for people; never a secret
 * @param address where the request came from, or empty
 * @param subject the user whom it concerns, if that is neither actor nor target; else empty
 */
public record AuditEntry(
        String actor, String action, String target, Outcome outcome, String detail, String address, String subject) {
    /** Actor of what the broker does by itself. */
    public static final String SYSTEM = "system";

    /** An act that concerns its actor or its target. */
    public AuditEntry(String actor, String action, String target, Outcome outcome, String detail, String address) {
        this(actor, action, target, outcome, detail, address, "");
    }

    /** Cuts texts. */
    public AuditEntry {
        actor = cut(actor, 64);
        action = cut(action, 64);
        target = cut(target, 160);
        detail = cut(detail, 2000);
        address = cut(address, 64);
        subject = cut(subject, 64);
    }

    /** Something a caller did. */
    public static AuditEntry by(Caller caller, String action, String target, String detail) {
        return new AuditEntry(caller.username(), action, target, Outcome.OK, detail, caller.address());
    }

    /** Something the broker did by itself. */
    public static AuditEntry bySystem(String action, String target, String detail) {
        return new AuditEntry(SYSTEM, action, target, Outcome.OK, detail, "");
    }

    /** The same act, concerning a user. */
    public AuditEntry about(String username) {
        return new AuditEntry(actor, action, target, outcome, detail, address, username);
    }

    private static String cut(String text, int most) {
        return text.length() <= most ? text : text.substring(0, most);
    }
}
