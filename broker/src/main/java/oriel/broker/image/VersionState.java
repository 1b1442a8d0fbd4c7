package oriel.broker.image;

/** A golden image version's life. */
public enum VersionState {
    /** Being put together. */
    DRAFT,
    /** Being built. */
    BUILDING,
    /** Published; never changes any more. */
    READY,
    /** Machines that have it keep it; no pool may take it. */
    DEPRECATED,
    /** Its files are gone. */
    DELETED,
    /** Its build has failed. */
    ERROR
}
