package oriel.broker.maintenance;

/** How far a maintenance machine is. */
public enum MaintenanceState {
    /** Is made and powered on. */
    STARTING,
    /** Is on, to be worked in. */
    RUNNING,
    /** Is off; what was done in it is on its disk. */
    OFF,
    /** Becomes a version of its image. */
    SEALING,
    /** Is thrown away. */
    DISCARDING
}
