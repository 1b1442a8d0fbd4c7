package oriel.hypervisor.device.display;

import oriel.hypervisor.display.DisplaySize;

/**
 * What an adapter shows: 32 bits a pixel, 0xXXRRGGBB.
 *
 * @param size of the picture
 * @param start of its first pixel in video memory, in bytes
 * @param pitch from row to row, in bytes
 * @param blank black, whatever is in memory
 */
record Scanout(DisplaySize size, long start, int pitch, boolean blank) {
    static final int BYTES_PER_PIXEL = 4;

    static Scanout black(DisplaySize size) {
        return new Scanout(size, 0, size.width() * BYTES_PER_PIXEL, true);
    }

    /** Bytes from the first pixel to the end of the last. */
    long length() {
        return (long) (size.height() - 1) * pitch + (long) size.width() * BYTES_PER_PIXEL;
    }

    boolean fits(long memory) {
        return blank || start >= 0 && pitch >= size.width() * BYTES_PER_PIXEL && start + length() <= memory;
    }
}
