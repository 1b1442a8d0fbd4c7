package oriel.displayd.flow;

import java.util.ArrayList;
import java.util.List;
import oriel.displayd.encode.Move;
import oriel.displayd.encode.Region;
import oriel.hypervisor.display.Rectangle;

/**
 * What one client's picture still lacks: moves to be made first, then areas that are stale ("dirty") once the moves have
 * been made, then areas that it has only approximately ("lossy"). Always exact: a pixel in none of them is, after the
 * moves, the frame's pixel. Its owner synchronises.
 */
public final class PendingChanges {
    /** More would mean the client is too slow for them to be worth keeping apart. */
    private static final int MAX_MOVES = 8;

    private final List<Move> moves = new ArrayList<>();
    private Region dirty = Region.EMPTY;
    private Region lossy = Region.EMPTY;
    private Region lossyAndQuiet = Region.EMPTY;
    private Region repair = Region.EMPTY;

    /** The whole picture is stale; whatever was known before is void. */
    public void replace(Rectangle all) {
        moves.clear();
        dirty = Region.of(all);
        forgetLoss();
    }

    private void forgetLoss() {
        lossy = Region.EMPTY;
        lossyAndQuiet = Region.EMPTY;
        repair = Region.EMPTY;
    }

    /**
     * The frame changed.
     *
     * @param made in this order, before {@code changed} got its new values
     * @param movesPossible whether moves may be kept: not for a client without CopyRect, and not in the middle of an
     *     update, whose remaining rectangles they would come after
     */
    public void change(List<Move> made, Region changed, boolean movesPossible) {
        for (Move move : made) {
            if (movesPossible && moves.size() < MAX_MOVES) {
                moves.add(move);
                dirty = carry(dirty, move);
                lossy = carry(lossy, move);
                lossyAndQuiet = carry(lossyAndQuiet, move);
                repair = carry(repair, move);
            } else {
                dropMoves();
                markDirty(Region.of(move.to()));
            }
        }
        markDirty(changed);
    }

    /** What is wrong at the move's source will be wrong at its destination, and only that. */
    private static Region carry(Region wrong, Move move) {
        if (wrong.isEmpty()) {
            return wrong;
        }
        Region carried = wrong.intersect(move.from()).translate(move.dx(), move.dy());
        return wrong.subtract(Region.of(move.to())).union(carried);
    }

    /** Forgets the moves: their destinations become stale. */
    public void dropMoves() {
        for (Move move : moves) {
            markDirty(Region.of(move.to()));
        }
        moves.clear();
    }

    /** An area is to be sent. */
    public void markDirty(Region area) {
        dirty = dirty.union(area);
        lossy = lossy.subtract(area);
        lossyAndQuiet = lossyAndQuiet.subtract(area);
        repair = repair.subtract(area);
    }

    /** The moves to be made now; they are the caller's to send. */
    public List<Move> takeMoves() {
        List<Move> taken = List.copyOf(moves);
        moves.clear();
        return taken;
    }

    /** Stale areas. */
    public Region dirty() {
        return dirty;
    }

    /** Areas that are due to be sent again without loss. */
    public Region repair() {
        return repair;
    }

    /** Whether there is something to send. */
    public boolean isEmpty() {
        return dirty.isEmpty() && moves.isEmpty() && repair.isEmpty();
    }

    /** An area is being sent exactly. */
    public void sent(Rectangle area) {
        Region sent = Region.of(area);
        dirty = dirty.subtract(sent);
        lossy = lossy.subtract(sent);
        lossyAndQuiet = lossyAndQuiet.subtract(sent);
        repair = repair.subtract(sent);
    }

    /**
     * An area that {@link #sent} was told of went out approximately. Parts that became stale in between stay that: they
     * are sent again anyway.
     */
    public void sentLossy(Rectangle area) {
        lossy = lossy.union(Region.of(area).subtract(dirty));
    }

    /** Whether {@link #age} has something to do. */
    public boolean hasLoss() {
        return !lossy.isEmpty() || !lossyAndQuiet.isEmpty();
    }

    /** Half a quiet time went by: what has been lossy for two halves without a change is due for repair. */
    public void age() {
        repair = repair.union(lossyAndQuiet);
        lossyAndQuiet = lossy;
        lossy = Region.EMPTY;
    }
}
