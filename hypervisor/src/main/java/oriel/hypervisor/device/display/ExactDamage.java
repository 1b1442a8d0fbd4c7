package oriel.hypervisor.device.display;

import java.util.ArrayList;
import java.util.List;
import oriel.hypervisor.display.DisplaySize;
import oriel.hypervisor.display.Rectangle;

/** Rectangles that changed, as the guest named them: disjoint, and few. Those that overlap become one around both. */
final class ExactDamage {
    /** More than this many are one around all of them: who refines them shouldn't pay for their number. */
    private static final int MOST = 64;

    private final List<Rectangle> areas = new ArrayList<>();

    void add(Rectangle area) {
        Rectangle grown = area;
        for (int i = 0; i < areas.size(); ) {
            if (grown.intersect(areas.get(i)).isEmpty()) {
                i++;
            } else {
                grown = around(grown, areas.remove(i));
                i = 0; // it may reach others now
            }
        }
        areas.add(grown);
        if (areas.size() > MOST) {
            Rectangle all = areas.stream().reduce(ExactDamage::around).orElseThrow();
            areas.clear();
            areas.add(all);
        }
    }

    private static Rectangle around(Rectangle one, Rectangle other) {
        int left = Math.min(one.x(), other.x());
        int top = Math.min(one.y(), other.y());
        return new Rectangle(
                left, top, Math.max(one.right(), other.right()) - left, Math.max(one.bottom(), other.bottom()) - top);
    }

    /** What there is so far, within a picture; it is forgotten. */
    List<Rectangle> take(DisplaySize size) {
        List<Rectangle> taken = areas.stream()
                .map(area -> area.intersect(size.bounds()))
                .filter(area -> !area.isEmpty())
                .toList();
        areas.clear();
        return taken;
    }
}
