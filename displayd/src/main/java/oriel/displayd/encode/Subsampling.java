package oriel.displayd.encode;

/** How much of the colour a JPEG keeps; brightness is always whole. */
public enum Subsampling {
    /** 4:4:4, "1X": all of it. Coloured text stays legible. */
    NONE,
    /** 4:2:2, "2X": every second column. */
    HALF,
    /** 4:2:0, "4X": every second column and row. */
    QUARTER,
    /** None at all. */
    GREY
}
