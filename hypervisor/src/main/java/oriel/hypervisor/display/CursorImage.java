package oriel.hypervisor.display;

/**
 * A hardware cursor.
 *
 * @param width in pixels
 * @param height in pixels
 * @param hotX hot spot
 * @param hotY hot spot
 * @param argb {@code width × height} pixels, not premultiplied; not to be changed
 */
@SuppressWarnings("ArrayRecordComponent") // pixels, shared and never compared
public record CursorImage(int width, int height, int hotX, int hotY, int[] argb) {}
