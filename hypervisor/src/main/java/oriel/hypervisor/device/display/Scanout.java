package oriel.hypervisor.device.display;

import java.lang.foreign.MemorySegment;
import java.util.BitSet;
import java.util.List;
import oriel.hypervisor.display.DisplaySize;
import oriel.hypervisor.display.Rectangle;

/**
 * What an adapter shows: how video memory becomes a picture. Immutable and without state of its own, so that any thread
 * can draw it while the machine runs on.
 */
sealed interface Scanout permits BlankScanout, LinearScanout, TextScanout, VgaScanout {
    /** Size of the picture. */
    DisplaySize size();

    /** Whether it reads nothing outside video memory of this many bytes. */
    boolean fits(long memory);

    /** Areas of the picture that written pages of video memory show in. */
    List<Rectangle> changed(BitSet pages);

    /**
     * Draws an area of the picture as 0x00RRGGBB.
     *
     * @param memory video memory
     * @param stride of {@code to}, in pixels
     */
    void draw(MemorySegment memory, Rectangle area, int[] to, int at, int stride);
}
