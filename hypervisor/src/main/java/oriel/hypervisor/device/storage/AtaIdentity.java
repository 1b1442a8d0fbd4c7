package oriel.hypervisor.device.storage;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** What a disk says of itself (ATA/ATAPI-6 §8.15, IDENTIFY DEVICE). */
final class AtaIdentity {
    /** Geometry of every large disk, for systems that still want one. */
    static final int HEADS = 16, SECTORS_PER_TRACK = 63, MOST_CYLINDERS = 16383;

    /** Sectors that READ and WRITE MULTIPLE move at once, at most. */
    static final int MOST_MULTIPLE = 16;

    private static final long MOST_28_BIT = 0x0FFF_FFFF;
    private static final int FIXED_DISK = 0x0040;
    private static final int LBA_AND_DMA = 0x0300;
    private static final int MULTIWORD_DMA_MODES = 7, ULTRA_DMA_MODES = 0x3F;
    private static final int WRITE_CACHE = 0x20;
    private static final int FLUSH_EXT = 0x2000, FLUSH = 0x1000, ADDRESS_48 = 0x0400, VALID = 0x4000;
    private static final int ATA_1_TO_6 = 0x7E;
    private static final int EIGHTY_WIRES = 0x6001;
    private static final int NOT_ROTATING = 1;

    private AtaIdentity() {}

    /**
     * The reply.
     *
     * @param multiple sectors that were set by SET MULTIPLE MODE; 0: none
     * @param transferMode what was set by SET FEATURES
     */
    static byte[] of(long sectors, String serial, int multiple, int transferMode, boolean writeCache) {
        ByteBuffer words = ByteBuffer.allocate(512).order(ByteOrder.LITTLE_ENDIAN);
        int cylinders = (int) Math.min(MOST_CYLINDERS, sectors / (HEADS * SECTORS_PER_TRACK));
        int geometry = cylinders * HEADS * SECTORS_PER_TRACK;
        put(words, 0, FIXED_DISK);
        put(words, 1, cylinders);
        put(words, 3, HEADS);
        put(words, 6, SECTORS_PER_TRACK);
        text(words, 10, 20, serial);
        text(words, 23, 8, "1.0");
        text(words, 27, 40, "ORIEL DISK");
        put(words, 47, 0x8000 | MOST_MULTIPLE);
        put(words, 49, LBA_AND_DMA);
        put(words, 50, VALID);
        put(words, 51, 0x0200);
        put(words, 53, 7); // words 54–58, 64–70 and 88 hold
        put(words, 54, cylinders);
        put(words, 55, HEADS);
        put(words, 56, SECTORS_PER_TRACK);
        put(words, 57, geometry & 0xFFFF);
        put(words, 58, geometry >>> 16);
        put(words, 59, multiple == 0 ? 0 : 0x100 | multiple);
        put(words, 60, (int) (Math.min(sectors, MOST_28_BIT) & 0xFFFF));
        put(words, 61, (int) (Math.min(sectors, MOST_28_BIT) >>> 16));
        put(words, 63, MULTIWORD_DMA_MODES | (transferMode >> 3 == 4 ? 0x100 << (transferMode & 7) : 0));
        put(words, 64, 3); // PIO modes 3 and 4
        for (int word = 65; word <= 68; word++) {
            put(words, word, 120); // cycle times in nanoseconds
        }
        put(words, 80, ATA_1_TO_6);
        put(words, 82, WRITE_CACHE);
        put(words, 83, VALID | FLUSH_EXT | FLUSH | ADDRESS_48);
        put(words, 84, VALID);
        put(words, 85, writeCache ? WRITE_CACHE : 0);
        put(words, 86, FLUSH_EXT | FLUSH | ADDRESS_48);
        put(words, 87, VALID);
        put(words, 88, ULTRA_DMA_MODES | (transferMode >> 3 == 8 ? 0x100 << (transferMode & 7) : 0));
        put(words, 93, EIGHTY_WIRES);
        words.putLong(100 * 2, sectors);
        put(words, 217, NOT_ROTATING);
        return words.array();
    }

    private static void put(ByteBuffer words, int word, int value) {
        words.putShort(word * 2, (short) value);
    }

    /** Two characters a word, the first in its upper half, padded with blanks. */
    private static void text(ByteBuffer words, int word, int length, String text) {
        byte[] bytes = " ".repeat(length).getBytes(US_ASCII);
        byte[] given = text.getBytes(US_ASCII);
        System.arraycopy(given, 0, bytes, 0, Math.min(given.length, length));
        for (int i = 0; i < length; i += 2) {
            words.put(word * 2 + i, bytes[i + 1]).put(word * 2 + i + 1, bytes[i]);
        }
    }
}
