package oriel.broker.access;

import com.fasterxml.jackson.annotation.JsonValue;

/** What a caller may be allowed to do. The names are those of the API's contract. */
public enum Right {
    /** Use one's own desktops. */
    DESKTOP_USE("desktop.use"),
    /** See sessions of all users. */
    SESSION_READ("session.read"),
    /** Disconnect, log off and restart sessions of all users. */
    SESSION_MANAGE("session.manage"),
    /** See users. */
    USER_READ("user.read"),
    /** Create, change and delete users. */
    USER_WRITE("user.write"),
    /** End a user's lock-out. */
    USER_UNLOCK("user.unlock"),
    /** See pools, queues and entitlements. */
    POOL_READ("pool.read"),
    /** Create, change and delete pools and entitlements. */
    POOL_WRITE("pool.write"),
    /** See machines. */
    MACHINE_READ("machine.read"),
    /** Restart, refresh and take machines out of service. */
    MACHINE_MANAGE("machine.manage"),
    /** See golden images. */
    IMAGE_READ("image.read"),
    /** Register and deprecate golden images. */
    IMAGE_WRITE("image.write"),
    /** Read the audit trail. */
    AUDIT_READ("audit.read"),
    /** See journalled operations. */
    OPERATION_READ("operation.read");

    private final String wireName;

    Right(String wireName) {
        this.wireName = wireName;
    }

    /** The name in the API's contract. */
    @JsonValue
    public String wireName() {
        return wireName;
    }
}
