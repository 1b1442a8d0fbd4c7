package oriel.hypervisor.display;

import java.util.List;

/**
 * What changed on a screen.
 *
 * @param size the picture's size when the damage was taken
 * @param areas disjoint, within the size; coarse (whole rows of dirty pages): refine by comparing pixels
 */
public record Damage(DisplaySize size, List<Rectangle> areas) {
    /** Copies the list. */
    public Damage {
        areas = List.copyOf(areas);
    }
}
