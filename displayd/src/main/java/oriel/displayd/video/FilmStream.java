package oriel.displayd.video;

import org.jspecify.annotations.Nullable;
import oriel.displayd.encode.PixelBlock;
import oriel.displayd.rfb.Encodings;
import oriel.displayd.rfb.ServerMessages;
import oriel.displayd.rfb.WireBuffer;
import oriel.hypervisor.display.Rectangle;

/**
 * One connection's film (rfbproto "Open H.264 Encoding"): an area with an encoder that remembers the picture before. Not
 * thread-safe; must be closed.
 */
public final class FilmStream implements AutoCloseable {
    /** Resets the client's decoder for the rectangle. */
    private static final int RESET_CONTEXT = 1;
    /** 36 dB or more on ordinary films; what moves is seen no sharper. */
    private static final int QUANTISER = 26;

    private static final int COARSER_PER_REDUCTION = 2;
    private static final int MAX_WIDTH = 4096;
    private static final int MAX_HEIGHT = 2304;

    private final VideoBudget budget;
    private @Nullable H264Encoder encoder;
    private @Nullable Rectangle area;
    private int quantiser;
    private boolean fresh;

    /** @param budget how many films this process encodes */
    public FilmStream(VideoBudget budget) {
        this.budget = budget;
    }

    /**
     * Gets ready for an area.
     *
     * @param reduction steps (0–5) of quality to save
     * @return false if it can't be had as a film: too large, too many, or no codec
     */
    public boolean prepare(Rectangle wanted, int reduction) {
        int quality = QUANTISER + COARSER_PER_REDUCTION * reduction;
        if (encoder != null && wanted.equals(area) && Math.abs(quality - quantiser) <= COARSER_PER_REDUCTION) {
            return true;
        }
        close();
        if (wanted.width() > MAX_WIDTH || wanted.height() > MAX_HEIGHT) {
            return false;
        }
        encoder = budget.open(wanted.width(), wanted.height(), quality);
        area = encoder == null ? null : wanted;
        quantiser = quality;
        fresh = true;
        return encoder != null;
    }

    /** Appends a rectangle with the next picture of the prepared area. */
    public void write(PixelBlock block, WireBuffer out) {
        H264Encoder ready = encoder;
        Rectangle place = area;
        if (ready == null || place == null) {
            throw new IllegalStateException("no film was prepared");
        }
        ServerMessages.rectangleHeader(out, place, Encodings.H264);
        int length = out.size();
        out.u32(0).u32(fresh ? RESET_CONTEXT : 0);
        int start = out.size();
        ready.encode(block, fresh, out);
        out.putU32(length, out.size() - start);
        fresh = false;
    }

    /** Ends the film and frees the encoder. */
    @Override
    public void close() {
        H264Encoder ended = encoder;
        encoder = null;
        area = null;
        if (ended != null) {
            ended.close();
            budget.closed();
        }
    }
}
