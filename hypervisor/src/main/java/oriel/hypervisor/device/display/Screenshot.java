package oriel.hypervisor.device.display;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import javax.imageio.ImageIO;
import javax.imageio.stream.MemoryCacheImageOutputStream;
import oriel.hypervisor.display.Display;
import oriel.hypervisor.display.DisplaySize;

/** Writes what a display shows as PNG. Any thread. */
public final class Screenshot {
    /** A guest that changes its mode in a loop isn't worth more. */
    private static final int ATTEMPTS = 5;

    private Screenshot() {}

    /**
     * Writes a file, replacing an older one.
     *
     * @throws IOException if it can't be written, or the display is gone
     */
    public static void write(Display display, Path file) throws IOException {
        BufferedImage image = picture(display);
        try (OutputStream out = Files.newOutputStream(file)) {
            write(image, out);
        }
    }

    /** Writes a stream, which stays open. */
    public static void write(Display display, OutputStream out) throws IOException {
        write(picture(display), out);
    }

    private static void write(BufferedImage image, OutputStream out) throws IOException {
        try (MemoryCacheImageOutputStream stream = new MemoryCacheImageOutputStream(out)) {
            if (!ImageIO.write(image, "png", stream)) {
                throw new IOException("this Java has no PNG writer (module java.desktop)");
            }
        }
    }

    private static BufferedImage picture(Display display) throws IOException {
        for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
            DisplaySize size = display.size();
            int[] pixels = new int[size.width() * size.height()];
            if (display.copyPixels(size, size.bounds(), pixels, 0, size.width())) {
                BufferedImage image = new BufferedImage(size.width(), size.height(), BufferedImage.TYPE_INT_RGB);
                image.setRGB(0, 0, size.width(), size.height(), pixels, 0, size.width());
                return image;
            }
        }
        throw new IOException("the display of " + display.name() + " is gone or keeps changing its size");
    }
}
