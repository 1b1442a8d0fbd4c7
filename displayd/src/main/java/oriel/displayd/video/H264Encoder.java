package oriel.displayd.video;

import oriel.displayd.encode.PixelBlock;
import oriel.displayd.rfb.WireBuffer;

/** Compresses a series of pictures of one size as an H.264 byte stream (ITU-T H.264 Annex B). Not thread-safe. */
public interface H264Encoder extends AutoCloseable {
    /**
     * Appends the next picture.
     *
     * @param block 0x00RRGGBB, of the encoder's size
     * @param key whether it must be decodable without those before
     */
    void encode(PixelBlock block, boolean key, WireBuffer out);

    /** Frees native memory. */
    @Override
    void close();
}
