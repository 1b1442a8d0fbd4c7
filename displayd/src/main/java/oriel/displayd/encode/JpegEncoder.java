package oriel.displayd.encode;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageTypeSpecifier;
import javax.imageio.ImageWriteParam;
import javax.imageio.ImageWriter;
import javax.imageio.stream.MemoryCacheImageOutputStream;
import oriel.displayd.rfb.WireBuffer;

/**
 * Tight's JPEG rectangles, by the JDK's own encoder. Slow next to libjpeg-turbo (about 50 ms against 6 for 1080p), but
 * everywhere.
 */
public final class JpegEncoder {
    /** Qualities for RFB levels 0–9: the steps that TurboVNC measured to be evenly spaced to the eye. */
    private static final float[] QUALITY = {0.15f, 0.29f, 0.41f, 0.42f, 0.62f, 0.77f, 0.79f, 0.86f, 0.92f, 1.0f};

    private final WireBuffer jpeg = new WireBuffer(16 * 1024);

    /**
     * Appends a Tight rectangle's data.
     *
     * @param block 0x00RRGGBB, whatever the client's format
     * @param qualityLevel 0–9
     */
    public void encode(PixelBlock block, int qualityLevel, WireBuffer out) {
        BufferedImage image = new BufferedImage(block.width(), block.height(), BufferedImage.TYPE_INT_RGB);
        image.getRaster().setDataElements(0, 0, block.width(), block.height(), block.pixels());
        ImageWriter writer = ImageIO.getImageWriters(ImageTypeSpecifier.createFromRenderedImage(image), "jpeg")
                .next();
        jpeg.clear();
        try (MemoryCacheImageOutputStream stream = new MemoryCacheImageOutputStream(new Sink(jpeg))) {
            ImageWriteParam parameters = writer.getDefaultWriteParam();
            parameters.setCompressionMode(ImageWriteParam.MODE_EXPLICIT);
            parameters.setCompressionQuality(QUALITY[qualityLevel]);
            writer.setOutput(stream);
            writer.write(null, new IIOImage(image, null, null), parameters);
        } catch (IOException e) {
            throw new UncheckedIOException(e); // memory only: can't happen
        } finally {
            writer.dispose();
        }
        TightEncoder.writeJpeg(jpeg, out);
    }

    private static final class Sink extends OutputStream {
        private final WireBuffer to;

        Sink(WireBuffer to) {
            this.to = to;
        }

        @Override
        public void write(int b) {
            to.u8(b);
        }

        @Override
        public void write(byte[] from, int offset, int length) {
            to.bytes(from, offset, length);
        }
    }
}
