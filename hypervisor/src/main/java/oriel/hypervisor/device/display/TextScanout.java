package oriel.hypervisor.device.display;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.MemorySegment;
import java.util.BitSet;
import java.util.List;
import oriel.hypervisor.display.DisplaySize;
import oriel.hypervisor.display.Rectangle;

/**
 * VGA text: characters in plane 0, their attributes in plane 1, the shapes of the characters in plane 2. The four planes
 * are interleaved: byte {@code n} of plane {@code p} is byte {@code 4 n + p} of video memory.
 *
 * <p>Nothing blinks: neither characters, which are shown, nor the cursor. A screen where nothing happens stays still.
 *
 * @param columns characters a row
 * @param rows of characters
 * @param cell width and height of a character
 * @param start of the first character, in characters
 * @param pitch from row to row, in characters
 * @param fonts where the shapes are in plane 2, for attribute bit 3 clear and set
 * @param brightBackground whether attribute bit 7 makes the background bright; else it would make characters blink
 * @param lineGraphics whether a ninth column repeats the eighth for characters C0H–DFH
 * @param cursor its place
 * @param palette 16 colours
 */
record TextScanout(
        int columns,
        int rows,
        DisplaySize cell,
        int start,
        int pitch,
        Fonts fonts,
        boolean brightBackground,
        boolean lineGraphics,
        Cursor cursor,
        Palette palette)
        implements Scanout {
    private static final int PLANE = 1 << 16;
    private static final int GLYPH = 32;

    /** Offsets in plane 2. */
    record Fonts(int plain, int alternate) {}

    /**
     * The cursor.
     *
     * @param at in characters, as {@code start}; negative if there is none
     * @param first its first row within the character
     * @param last its last
     */
    record Cursor(int at, int first, int last) {}

    @Override
    public DisplaySize size() {
        return new DisplaySize(columns * cell.width(), rows * cell.height());
    }

    @Override
    public boolean fits(long memory) {
        return memory >= VgaRegisters.MEMORY; // every offset wraps within it
    }

    @Override
    public List<Rectangle> changed(BitSet pages) {
        return VgaScanout.changed(pages, size());
    }

    @Override
    public void draw(MemorySegment memory, Rectangle area, int[] to, int at, int stride) {
        for (int row = 0; row < area.height(); row++) {
            drawRow(memory, area.x(), area.width(), area.y() + row, to, at + row * stride);
        }
    }

    private void drawRow(MemorySegment memory, int x, int width, int y, int[] to, int at) {
        int line = y % cell.height();
        int firstCell = start + y / cell.height() * pitch;
        for (int column = x / cell.width(); column * cell.width() < x + width; column++) {
            int place = firstCell + column & PLANE - 1;
            int character = memory.get(JAVA_BYTE, 4L * place) & 0xFF;
            int attribute = memory.get(JAVA_BYTE, 4L * place + 1) & 0xFF;
            int bits = shape(memory, character, attribute, line);
            if (place == cursor.at && line >= cursor.first && line <= cursor.last) {
                bits = -1;
            }
            int foreground = palette.rgb(attribute & 15);
            int background = palette.rgb(attribute >> 4 & (brightBackground ? 15 : 7));
            for (int dot = 0; dot < cell.width(); dot++) {
                int pixel = column * cell.width() + dot - x;
                if (pixel >= 0 && pixel < width) {
                    to[at + pixel] = (bits >> 8 - dot & 1) != 0 ? foreground : background;
                }
            }
        }
    }

    /** Nine dots of a row of a character: the first is bit 8. */
    private int shape(MemorySegment memory, int character, int attribute, int line) {
        int font = (attribute & 8) != 0 ? fonts.alternate : fonts.plain;
        int glyph = font + character * GLYPH + Math.min(line, GLYPH - 1) & PLANE - 1;
        int bits = (memory.get(JAVA_BYTE, 4L * glyph + 2) & 0xFF) << 1;
        boolean extended = lineGraphics && character >= 0xC0 && character <= 0xDF;
        return extended ? bits | bits >> 1 & 1 : bits;
    }
}
