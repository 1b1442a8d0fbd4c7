package oriel.hypervisor.device.display;

import java.util.Optional;

/**
 * Pixels of four bytes (virtio 1.2 §5.7.6.8, named by the bytes' order in memory). Here all are kept as {@link #B8G8R8A8}.
 */
enum GpuFormat {
    B8G8R8A8(1, 0, 1, 2, 3),
    B8G8R8X8(2, 0, 1, 2, -1),
    A8R8G8B8(3, 3, 2, 1, 0),
    X8R8G8B8(4, 3, 2, 1, -1),
    R8G8B8A8(67, 2, 1, 0, 3),
    X8B8G8R8(68, 1, 2, 3, -1),
    A8B8G8R8(121, 1, 2, 3, 0),
    R8G8B8X8(134, 2, 1, 0, -1);

    private final int id;
    private final int blue, green, red, alpha;

    GpuFormat(int id, int blue, int green, int red, int alpha) {
        this.id = id;
        this.blue = blue;
        this.green = green;
        this.red = red;
        this.alpha = alpha;
    }

    static Optional<GpuFormat> of(int id) {
        for (GpuFormat format : values()) {
            if (format.id == id) {
                return Optional.of(format);
            }
        }
        return Optional.empty();
    }

    int id() {
        return id;
    }

    /** Whether a pixel may be transparent. */
    boolean hasAlpha() {
        return alpha >= 0;
    }

    /** Puts pixels into the order that they are kept in. */
    void reorder(byte[] pixels, int length) {
        if (blue == 0) {
            return;
        }
        for (int at = 0; at + 4 <= length; at += 4) {
            byte b = pixels[at + blue];
            byte g = pixels[at + green];
            byte r = pixels[at + red];
            byte a = alpha < 0 ? 0 : pixels[at + alpha];
            pixels[at] = b;
            pixels[at + 1] = g;
            pixels[at + 2] = r;
            pixels[at + 3] = a;
        }
    }
}
