package oriel.displayd.recording;

/** Why a recording ended. */
public enum RecordingEnd {
    /** Its owner ended it. */
    CLOSED,
    /** The machine was switched off or has gone. */
    MACHINE_STOPPED,
    /** The file is as long as it may be. A policy that demands a recording has to act on it. */
    TOO_LONG,
    /** The file can't be written. A policy that demands a recording has to act on it. */
    FAILED
}
