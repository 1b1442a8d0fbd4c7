package oriel.hypervisor.guest;

/** The guest's agent didn't do what was asked. The message is for people. */
public final class GuestAgentException extends Exception {
    private static final long serialVersionUID = 1L;

    private final Reason reason;

    /** With a reason and what to tell. */
    public GuestAgentException(Reason reason, String message) {
        super(message);
        this.reason = reason;
    }

    /** What kind of failure. */
    public Reason reason() {
        return reason;
    }

    /** Kinds of failures. */
    public enum Reason {
        /** No agent runs in the guest, or the machine is over. */
        ABSENT,
        /** No answer in time. The guest may have done it all the same. */
        TIMEOUT,
        /** The agent said no, and why. */
        REFUSED,
        /** The agent answered something that makes no sense. */
        NONSENSE,
        /** Too many requests wait already. */
        BUSY
    }
}
