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
import javax.imageio.metadata.IIOMetadata;
import javax.imageio.metadata.IIOMetadataNode;
import javax.imageio.stream.MemoryCacheImageOutputStream;
import org.w3c.dom.NodeList;
import oriel.displayd.rfb.WireBuffer;

/** The JDK's own encoder: slow next to libjpeg-turbo (about 50 ms against 6 for 1080p), but everywhere. */
final class ImageIoJpeg implements JpegCodec {
    private static final String NATIVE_FORMAT = "javax_imageio_jpeg_image_1.0";

    @Override
    public void encode(PixelBlock block, JpegSettings settings, WireBuffer out) {
        BufferedImage image = new BufferedImage(block.width(), block.height(), BufferedImage.TYPE_INT_RGB);
        image.getRaster().setDataElements(0, 0, block.width(), block.height(), block.pixels());
        if (settings.subsampling() == Subsampling.GREY) {
            BufferedImage grey = new BufferedImage(block.width(), block.height(), BufferedImage.TYPE_BYTE_GRAY);
            grey.getGraphics().drawImage(image, 0, 0, null);
            image = grey;
        }
        ImageTypeSpecifier type = ImageTypeSpecifier.createFromRenderedImage(image);
        ImageWriter writer = ImageIO.getImageWriters(type, "jpeg").next();
        try (MemoryCacheImageOutputStream stream = new MemoryCacheImageOutputStream(new Sink(out))) {
            ImageWriteParam parameters = writer.getDefaultWriteParam();
            parameters.setCompressionMode(ImageWriteParam.MODE_EXPLICIT);
            parameters.setCompressionQuality(settings.quality() / 100f);
            writer.setOutput(stream);
            IIOMetadata metadata = writer.getDefaultImageMetadata(type, parameters);
            subsample(metadata, settings.subsampling());
            writer.write(null, new IIOImage(image, null, metadata), parameters);
        } catch (IOException e) {
            throw new UncheckedIOException(e); // memory only: can't happen
        } finally {
            writer.dispose();
        }
    }

    private static void subsample(IIOMetadata metadata, Subsampling subsampling) throws IOException {
        if (subsampling == Subsampling.GREY) {
            return;
        }
        IIOMetadataNode tree = (IIOMetadataNode) metadata.getAsTree(NATIVE_FORMAT);
        NodeList components = tree.getElementsByTagName("componentSpec");
        if (components.getLength() > 0) {
            IIOMetadataNode brightness = (IIOMetadataNode) components.item(0);
            brightness.setAttribute("HsamplingFactor", subsampling == Subsampling.NONE ? "1" : "2");
            brightness.setAttribute("VsamplingFactor", subsampling == Subsampling.QUARTER ? "2" : "1");
            metadata.setFromTree(NATIVE_FORMAT, tree);
        }
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
