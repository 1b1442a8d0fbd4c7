package oriel.displayd.viewer;

/**
 * Which way text may go.
 *
 * @param toGuest from the viewer's clipboard into the guest's; needs {@link Right#CONTROL} too
 * @param fromGuest from the guest's clipboard into the viewer's
 * @param maximumBytes longest text in UTF-8 bytes; longer ones are not passed on
 */
public record ClipboardPolicy(boolean toGuest, boolean fromGuest, int maximumBytes) {
    /** Both ways, up to 1 MiB. */
    public static final ClipboardPolicy BOTH_WAYS = new ClipboardPolicy(true, true, 1 << 20);

    /** No text in either direction. */
    public static final ClipboardPolicy DENIED = new ClipboardPolicy(false, false, 0);

    /** Checks the range. */
    public ClipboardPolicy {
        if (maximumBytes < 0 || maximumBytes > 4 << 20) {
            throw new IllegalArgumentException("clipboard limit " + maximumBytes + " is not within 0–4 MiB");
        }
    }
}
