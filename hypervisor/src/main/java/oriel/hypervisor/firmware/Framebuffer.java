package oriel.hypervisor.firmware;

/**
 * A linear framebuffer that is on when the kernel starts: 32 bits a pixel, byte order blue, green, red, unused.
 *
 * @param base guest physical address, below 4 GiB
 * @param sizeBytes of video memory from {@code base}
 * @param width pixels, 1–65535
 * @param height pixels, 1–65535
 * @param pitch bytes from one line to the next, up to 65535
 */
public record Framebuffer(long base, long sizeBytes, int width, int height, int pitch) {
    /** Checks the numbers against each other. */
    public Framebuffer {
        boolean plausible = base > 0
                && base + sizeBytes <= 1L << 32
                && width > 0
                && width <= 0xFFFF
                && height > 0
                && height <= 0xFFFF
                && pitch >= 4 * width
                && pitch <= 0xFFFF
                && (long) pitch * height <= sizeBytes;
        if (!plausible) {
            throw new IllegalArgumentException("impossible framebuffer: %#x, %d bytes, %d×%d, pitch %d"
                    .formatted(base, sizeBytes, width, height, pitch));
        }
    }
}
