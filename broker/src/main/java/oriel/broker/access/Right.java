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
    /** Write a message onto a user's screen. */
    SESSION_MESSAGE("session.message"),
    /** Watch a user's screen, with the user's consent. */
    SESSION_SHADOW("session.shadow"),
    /** See users. */
    USER_READ("user.read"),
    /** Create, change and delete users. */
    USER_WRITE("user.write"),
    /** End a user's lock-out. */
    USER_UNLOCK("user.unlock"),
    /** See who has which role where. */
    ROLE_READ("role.read"),
    /** Give roles and take them away. */
    ROLE_WRITE("role.write"),
    /** See pools, queues and entitlements. */
    POOL_READ("pool.read"),
    /** Create, change and delete pools and entitlements. */
    POOL_WRITE("pool.write"),
    /** See machines. */
    MACHINE_READ("machine.read"),
    /** See what is on a machine's screen. */
    MACHINE_SCREEN("machine.screen"),
    /** Restart, refresh and take machines out of service. */
    MACHINE_MANAGE("machine.manage"),
    /** Drain hosts before they are stopped. */
    HOST_MANAGE("host.manage"),
    /** See snapshots. */
    SNAPSHOT_READ("snapshot.read"),
    /** Take and delete snapshots. */
    SNAPSHOT_WRITE("snapshot.write"),
    /** Put a machine back to a snapshot. */
    SNAPSHOT_RESTORE("snapshot.restore"),
    /** See golden images. */
    IMAGE_READ("image.read"),
    /** Register, build, publish and delete golden images. */
    IMAGE_WRITE("image.write"),
    /** Read, check and export the audit trail. */
    AUDIT_READ("audit.read"),
    /** Read the lines of the audit trail that concern one person. */
    AUDIT_SUBJECT("audit.subject"),
    /** See recorded sessions. */
    RECORDING_READ("recording.read"),
    /** Delete recorded sessions before their time. */
    RECORDING_DELETE("recording.delete"),
    /** See reports. */
    REPORT_READ("report.read"),
    /** See journalled operations. */
    OPERATION_READ("operation.read"),
    /** Retry and cancel journalled operations. */
    OPERATION_MANAGE("operation.manage"),
    /** Read figures for monitoring. */
    METRICS_READ("metrics.read");

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
