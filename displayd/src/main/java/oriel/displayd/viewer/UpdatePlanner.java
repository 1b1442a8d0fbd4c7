package oriel.displayd.viewer;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import oriel.displayd.encode.JpegSettings;
import oriel.displayd.encode.Move;
import oriel.displayd.encode.RectangleSplitter;
import oriel.displayd.encode.Region;
import oriel.displayd.flow.PendingChanges;
import oriel.displayd.rfb.Encodings;
import oriel.displayd.rfb.ServerMessages;
import oriel.displayd.rfb.WireBuffer;
import oriel.displayd.video.MotionMap;
import oriel.displayd.video.VideoBudget;
import oriel.hypervisor.display.DisplaySize;
import oriel.hypervisor.display.Rectangle;

/**
 * Decides what a client's next update has: news of the screen itself, moves, a film's picture, stale rectangles, or, if
 * nothing else is to be sent, exact pixels for what went out with loss. Not thread-safe.
 */
final class UpdatePlanner {
    /** Exact pixels sent in one update: a change that comes meanwhile shall not wait for all of them. */
    private final int turnPixels;

    private final VideoBudget video;
    private final Announcements announcements;
    private final PictureSize size;
    private final PendingChanges pending = new PendingChanges();
    private final MotionMap motion = new MotionMap();
    private final RepairPace repairPace = new RepairPace();

    UpdatePlanner(Announcements announcements, DisplaySize initialSize, VideoBudget video, int turnPixels) {
        this.announcements = announcements;
        this.size = new PictureSize(initialSize, announcements::layout);
        this.video = video;
        this.turnPixels = turnPixels;
    }

    Announcements announcements() {
        return announcements;
    }

    PictureSize size() {
        return size;
    }

    PendingChanges pending() {
        return pending;
    }

    /** The screen shows something else. */
    void frameChanged(List<Move> made, Region changed, boolean movesPossible) {
        pending.change(made, changed, movesPossible && size.isAgreed());
        repairPace.changed(changed);
    }

    /** The screen has another size, or is told of for the first time. */
    void frameReplaced(DisplaySize newSize) {
        size.frameReplaced(newSize);
        pending.replace(newSize.bounds());
    }

    /** Rectangles went out with loss. */
    void sentLossy(List<Rectangle> areas) {
        areas.forEach(pending::sentLossy);
        long now = System.nanoTime();
        areas.forEach(area -> motion.changed(area, size.ofClient(), now));
    }

    /** A film can't be had: its area is to be sent like any other. */
    void forgetMotion() {
        motion.clear();
    }

    /** Half of the time for which an area must rest before it is sent exactly. */
    Duration halfQuiet() {
        return repairPace.halfQuiet();
    }

    /**
     * Writes the start of the next update, if there is something to tell, and says what must follow.
     *
     * @param client what it wants
     * @param writer told how rectangles are to be written
     * @param reduction of photographs' quality, in steps
     * @return null if there is nothing to tell
     */
    @Nullable
    Update begin(ClientRequests client, RectangleWriter writer, int reduction, WireBuffer out) {
        ClientCapabilities capabilities = client.capabilities();
        WireBuffer pseudo = new WireBuffer(64);
        int pseudoRectangles = announcements.write(capabilities, client.format(), pseudo);

        Region wanted = client.areas()
                .intersect(size.ofClient().bounds())
                .intersect(size.ofFrame().bounds());
        boolean exact = pending.dirty().isEmpty();
        Region stale = (exact ? pending.repair() : pending.dirty()).intersect(wanted);
        boolean divisible = capabilities.has(Encodings.LAST_RECT);
        Rectangle moving = exact || !divisible ? null : filmIn(stale, capabilities);
        if (moving != null) {
            stale = stale.subtract(Region.of(moving));
        }
        List<Rectangle> rectangles =
                new ArrayList<>(divisible ? RectangleSplitter.strips(stale) : RectangleSplitter.split(stale));
        if (exact && !rectangles.isEmpty()) {
            rectangles = firstOf(rectangles);
            repairPace.repaired(rectangles);
        }
        List<Move> moves = pending.takeMoves();
        if (pseudoRectangles == 0 && rectangles.isEmpty() && moves.isEmpty() && moving == null) {
            return null;
        }
        JpegSettings jpeg = capabilities.jpeg();
        writer.use(client.format(), capabilities, jpeg == null ? null : jpeg.reduced(reduction));
        boolean open = divisible && (!rectangles.isEmpty() || moving != null);
        ServerMessages.updateHeader(
                out, open ? ServerMessages.UNKNOWN_COUNT : pseudoRectangles + moves.size() + rectangles.size());
        out.bytes(pseudo.array(), 0, pseudo.size());
        for (Move move : moves) {
            ServerMessages.copyRect(out, move.to(), move.from().x(), move.from().y());
        }
        client.served();
        Update begun = new Update(rectangles, exact, open);
        begun.film = moving;
        return begun;
    }

    /** The area to be sent as a film, if a good part of it changed. */
    private @Nullable Rectangle filmIn(Region stale, ClientCapabilities capabilities) {
        if (!capabilities.has(Encodings.H264) || capabilities.jpeg() == null || !video.available()) {
            return null;
        }
        Rectangle moving = motion.film(System.nanoTime());
        if (moving == null || !moving.equals(moving.intersect(size.ofClient().bounds()))) {
            return null;
        }
        long changed = stale.intersect(moving).area();
        return changed * 4 >= (long) moving.width() * moving.height() ? moving : null;
    }

    private List<Rectangle> firstOf(List<Rectangle> rectangles) {
        int pixels = 0;
        int count = 0;
        while (count < rectangles.size() && pixels < turnPixels) {
            Rectangle next = rectangles.get(count++);
            pixels += next.width() * next.height();
        }
        return rectangles.subList(0, count);
    }
}
