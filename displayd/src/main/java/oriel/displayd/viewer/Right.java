package oriel.displayd.viewer;

/** What a viewer may do. */
public enum Right {
    /** See the picture. */
    VIEW,
    /** Use keyboard and pointer, and ask for another size. */
    CONTROL
}
