package oriel.broker.access;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.EnumSet;
import java.util.Set;

/** A named set of rights. Whoever has no role has no right. */
public enum Role {
    /** Uses desktops. */
    END_USER("end-user"),
    /** Helps end users: sees everything but the audit trail, acts on sessions. */
    HELPDESK("helpdesk"),
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

    /** What the role may do. */
    public Set<Right> rights() {
        return switch (this) {
            case END_USER -> EnumSet.of(Right.DESKTOP_USE);
            case HELPDESK ->
                EnumSet.of(
                        Right.DESKTOP_USE,
                        Right.SESSION_READ,
                        Right.SESSION_MANAGE,
                        Right.USER_READ,
                        Right.USER_UNLOCK,
                        Right.POOL_READ,
                        Right.MACHINE_READ,
                        Right.IMAGE_READ,
                        Right.OPERATION_READ);
            case ADMIN -> EnumSet.allOf(Right.class);
        };
    }
}
