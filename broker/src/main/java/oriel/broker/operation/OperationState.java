package oriel.broker.operation;

/** How far an operation is. */
public enum OperationState {
    /** Waits for a worker, or for its next attempt. */
    PENDING,
    /** A worker is at it, as its lease says. */
    RUNNING,
    /** Done. */
    DONE,
    /** Given up; an administrator may retry it. */
    FAILED,
    /** Called off by an administrator. */
    CANCELLED
}
