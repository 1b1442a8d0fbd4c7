package oriel.broker.problem;

import java.util.Locale;

/** Why something was refused or failed, for programs; the names are part of the API's contract. */
public enum Reason {
    /** The request cannot be understood. */
    BAD_REQUEST(400, "The request is not valid"),
    /** User name or password is wrong. */
    BAD_CREDENTIALS(401, "User name or password is wrong"),
    /** The password is right, and the code of the second factor is needed as well. */
    CODE_NEEDED(401, "A code is needed"),
    /** The code of the second factor is wrong. */
    BAD_CODE(401, "The code is wrong"),
    /** The identity provider does not answer, or not as it should. */
    IDENTITY_PROVIDER(502, "The identity provider failed"),
    /** No sign-in, or it has ended. */
    NOT_SIGNED_IN(401, "Not signed in"),
    /** Too many failed sign-ins. */
    LOCKED_OUT(429, "Too many failed sign-ins"),
    /** The caller lacks the right. */
    FORBIDDEN(403, "Not allowed"),
    /** An unsafe request without proof that it is our own page's. */
    CROSS_SITE_REQUEST(403, "Cross-site request"),
    /** No such object, or none that the caller may know of. */
    NOT_FOUND(404, "Not found"),
    /** The path exists, not for this method. */
    METHOD_NOT_ALLOWED(405, "Method not allowed"),
    /** The user may not use this pool any more. */
    NOT_ENTITLED(403, "Not entitled"),
    /** No machine, and the queue is full. */
    POOL_FULL(503, "The pool is full"),
    /** An administrator has disabled the pool. */
    POOL_DISABLED(409, "The pool is disabled"),
    /** The pool's opening hours are over, or have not begun. */
    OUTSIDE_HOURS(409, "Outside the desktop's hours"),
    /** The pool has live sessions. */
    POOL_IN_USE(409, "The pool is in use"),
    /** The golden image cannot be used. */
    IMAGE_NOT_READY(409, "The golden image is not ready"),
    /** Pools or machines need the golden image's version. */
    IMAGE_IN_USE(409, "The golden image is in use"),
    /** The machine has a session. */
    MACHINE_IN_USE(409, "The machine is in use"),
    /** The host has no memory, CPU or disk space left. */
    HOST_CAPACITY(503, "The host is full"),
    /** The host that has the machine is not heard of. */
    HOST_UNREACHABLE(503, "The host is not reached"),
    /** What answers in another broker's place shows another certificate than that broker has registered. */
    PEER_CERTIFICATE(502, "Another broker's certificate is not the registered one"),
    /** Taken out of service by an administrator. */
    MAINTENANCE(409, "Under maintenance"),
    /** The desktop starts. */
    NOT_READY(409, "Not ready yet"),
    /** The session is over. */
    SESSION_ENDED(410, "The session has ended"),
    /** The name is taken. */
    ALREADY_EXISTS(409, "Exists already"),
    /** Somebody else changed the object. */
    CHANGED(412, "Changed meanwhile"),
    /** The request contradicts the object's state. */
    CONFLICT(409, "Conflict"),
    /** The password is too easy. */
    WEAK_PASSWORD(400, "The password is too weak"),
    /** The request's body is too large. */
    BODY_TOO_LARGE(413, "The request is too large"),
    /** Not JSON. */
    UNSUPPORTED_MEDIA_TYPE(415, "Unsupported media type"),
    /** Too many event streams of one user. */
    TOO_MANY_STREAMS(429, "Too many event streams"),
    /** The database does not answer. */
    DATABASE_DOWN(503, "The database does not answer"),
    /** The broker stops. */
    SHUTTING_DOWN(503, "Shutting down"),
    /** A defect. */
    INTERNAL(500, "Internal error");

    private final int status;
    private final String title;

    Reason(int status, String title) {
        this.status = status;
        this.title = title;
    }

    /** HTTP status. */
    public int status() {
        return status;
    }

    /** Short text for people, the same for every occurrence. */
    public String title() {
        return title;
    }

    /** URI of the kind of problem (RFC 9457 §3.1.1). */
    public String type() {
        return "urn:oriel:problem:" + name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
