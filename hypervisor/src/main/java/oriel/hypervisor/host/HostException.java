package oriel.hypervisor.host;

/** A host could not do what was asked. The message is for people and says what to do where something can be done. */
public final class HostException extends Exception {
    private static final long serialVersionUID = 1L;

    private final Reason reason;

    /** For a failure without another behind it. */
    public HostException(Reason reason, String message) {
        super(message);
        this.reason = reason;
    }

    /** For a failure with a cause. */
    public HostException(Reason reason, String message, Throwable cause) {
        super(message, cause);
        this.reason = reason;
    }

    /** What kind of failure. */
    public Reason reason() {
        return reason;
    }

    /** Kinds of failures; what a caller may do differs. */
    public enum Reason {
        /** No such machine here. */
        NOT_FOUND,
        /** A machine of that name belongs to another owner, or is of another generation and runs. */
        CONFLICT,
        /** Not enough memory, CPU or disk space now: try later or elsewhere. */
        CAPACITY,
        /** Golden disk, kernel or initrd is missing or broken: trying again will not help. */
        IMAGE,
        /** This kind of host can't do that, now or later: offer something else. */
        UNSUPPORTED,
        /** Anything else; worth a retry. */
        FAILED
    }
}
