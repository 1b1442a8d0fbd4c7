package oriel.broker.machine;

/** Whether a machine's guest has said that its desktop is there. */
public enum Agent {
    /** The machine is off. */
    ABSENT,
    /** The guest starts. */
    WAITING,
    /** The desktop is drawn. */
    READY,
    /** The guest did not say anything in time. */
    UNREACHABLE
}
