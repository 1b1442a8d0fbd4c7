package oriel.displayd.encode;

import oriel.displayd.rfb.WireBuffer;

/** Compresses pictures as baseline JPEG. One per worker; not thread-safe. */
public interface JpegCodec {
    /**
     * Appends a JPEG stream.
     *
     * @param block 0x00RRGGBB
     */
    void encode(PixelBlock block, JpegSettings settings, WireBuffer out);

    /** The quickest that this computer has: libjpeg-turbo where it is installed, else the JDK's. */
    static JpegCodec best() {
        TurboJpeg turbo = TurboJpeg.open();
        return turbo != null ? turbo : new ImageIoJpeg();
    }
}
