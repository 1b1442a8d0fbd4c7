package oriel.broker.access;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.EnumSet;
import java.util.Set;

/** A named set of rights. Whoever has no role has no right. */
public enum Role {
    /** Uses desktops. */
    END_USER("end-user"),
    /** Helps end users: sees what they see, acts on their sessions. */
    HELPDESK("helpdesk"),
    /** Runs desktop pools. */
    POOL_ADMIN("pool-admin"),
    /** Makes golden images. */
    IMAGE_ADMIN("image-admin"),
    /** Sees everything, changes nothing. */
    AUDITOR("auditor"),
    /** Everything. */
    ADMIN("admin");

    private final String wireName;

    Role(String wireName) {
        this.wireName = wireName;
    }

    /** The name in the API's contract. */
    @JsonValue
    public String wireName() {
        return wireName;
    }

    /** What the role may do, where it holds. */
    public Set<Right> rights() {
        return switch (this) {
            case END_USER -> EnumSet.of(Right.DESKTOP_USE);
            case HELPDESK ->
                EnumSet.of(
                        Right.DESKTOP_USE,
                        Right.SESSION_READ,
                        Right.SESSION_MANAGE,
                        Right.SESSION_MESSAGE,
                        Right.SESSION_SHADOW,
                        Right.USER_READ,
                        Right.USER_UNLOCK,
                        Right.POOL_READ,
                        Right.MACHINE_READ,
                        Right.MACHINE_SCREEN,
                        Right.SNAPSHOT_READ,
                        Right.SNAPSHOT_RESTORE,
                        Right.IMAGE_READ,
                        Right.AUDIT_SUBJECT,
                        Right.OPERATION_READ);
            case POOL_ADMIN ->
                EnumSet.of(
                        Right.DESKTOP_USE,
                        Right.SESSION_READ,
                        Right.SESSION_MANAGE,
                        Right.SESSION_MESSAGE,
                        Right.USER_READ,
                        Right.POOL_READ,
                        Right.POOL_WRITE,
                        Right.MACHINE_READ,
                        Right.MACHINE_SCREEN,
                        Right.MACHINE_MANAGE,
                        Right.SNAPSHOT_READ,
                        Right.SNAPSHOT_WRITE,
                        Right.SNAPSHOT_RESTORE,
                        Right.IMAGE_READ,
                        Right.REPORT_READ,
                        Right.OPERATION_READ,
                        Right.OPERATION_MANAGE);
            case IMAGE_ADMIN ->
                EnumSet.of(
                        Right.DESKTOP_USE, Right.IMAGE_READ, Right.IMAGE_WRITE, Right.POOL_READ, Right.OPERATION_READ);
            case AUDITOR ->
                EnumSet.of(
                        Right.DESKTOP_USE,
                        Right.SESSION_READ,
                        Right.USER_READ,
                        Right.ROLE_READ,
                        Right.POOL_READ,
                        Right.MACHINE_READ,
                        Right.SNAPSHOT_READ,
                        Right.IMAGE_READ,
                        Right.AUDIT_READ,
                        Right.RECORDING_READ,
                        Right.AUDIT_SUBJECT,
                        Right.REPORT_READ,
                        Right.OPERATION_READ,
                        Right.METRICS_READ);
            case ADMIN -> EnumSet.allOf(Right.class);
        };
    }
}
