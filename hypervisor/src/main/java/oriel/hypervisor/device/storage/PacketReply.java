package oriel.hypervisor.device.storage;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** Replies of a CD-ROM drive to packet commands that tell of itself and its disc (MMC-3, SPC-3). */
final class PacketReply {
    private static final int CD_ROM_PROFILE = 8;
    private static final int DATA_TRACK = 0x14;
    private static final int LEAD_OUT = 0xAA;
    private static final int FRAMES_BEFORE_FIRST = 150; // two seconds

    private PacketReply() {}

    private static byte[] text(String text, int length) {
        byte[] padded = new byte[length];
        Arrays.fill(padded, (byte) ' ');
        byte[] ascii = text.getBytes(StandardCharsets.US_ASCII);
        System.arraycopy(ascii, 0, padded, 0, Math.min(length, ascii.length));
        return padded;
    }

    /** SPC-3 §6.4. */
    static byte[] inquiry() {
        ByteBuffer reply = ByteBuffer.allocate(36);
        reply.put((byte) 5).put((byte) 0x80).put((byte) 0).put((byte) 0x21).put((byte) 31);
        reply.position(8);
        reply.put(text("ORIEL", 8)).put(text("CD-ROM", 16)).put(text("1.0", 4));
        return bytes(reply);
    }

    /** MMC-3 §5.16: the last block, and the length of a block. */
    static byte[] capacity(long blocks) {
        return bytes(ByteBuffer.allocate(8).putInt((int) (blocks - 1)).putInt(CdDrive.BLOCK));
    }

    /**
     * The table of contents (MMC-3 §5.23): one data track.
     *
     * @return null if there is no such track or format
     */
    static byte @org.jspecify.annotations.Nullable [] contents(long blocks, int format, int track, boolean minutes) {
        if (format == 1) { // sessions: the first starts at 0
            return bytes(ByteBuffer.allocate(12)
                    .putShort((short) 10)
                    .put(new byte[] {1, 1, 0, DATA_TRACK, 1, 0})
                    .putInt(position(0, minutes)));
        }
        if (format != 0 || (track > 1 && track != LEAD_OUT)) {
            return null;
        }
        ByteBuffer reply = ByteBuffer.allocate(20);
        reply.position(2);
        reply.put((byte) 1).put((byte) 1);
        if (track <= 1) {
            reply.put(new byte[] {0, DATA_TRACK, 1, 0}).putInt(position(0, minutes));
        }
        reply.put(new byte[] {0, DATA_TRACK, (byte) LEAD_OUT, 0}).putInt(position(blocks, minutes));
        reply.putShort(0, (short) (reply.position() - 2));
        return Arrays.copyOf(bytes(reply), reply.position());
    }

    private static int position(long block, boolean minutes) {
        if (!minutes) {
            return (int) block;
        }
        long frames = block + FRAMES_BEFORE_FIRST;
        return (int) (frames / 75 / 60 << 16 | frames / 75 % 60 << 8 | frames % 75);
    }

    /** MMC-3 §5.4: what the drive can do, as Linux and Windows ask for it. */
    static byte[] configuration(boolean disc, int first, int which) {
        ByteBuffer reply = ByteBuffer.allocate(64);
        reply.position(6);
        reply.putShort((short) (disc ? CD_ROM_PROFILE : 0));
        feature(reply, first, which, 0, 0x03, 0, CD_ROM_PROFILE, disc ? 0x100 : 0);
        feature(reply, first, which, 1, 0x0B, 0, 0, 2, 1, 0); // core: ATAPI, device busy events
        feature(reply, first, which, 3, 0x03, 0x29, 0, 0); // removable: tray, ejects, can be locked
        feature(reply, first, which, 0x1E, 0, 0, 0, 0); // reads CDs
        int length = reply.position();
        reply.putInt(0, length - 4);
        return Arrays.copyOf(bytes(reply), length);
    }

    private static void feature(ByteBuffer reply, int first, int which, int number, int flags, int... data) {
        boolean wanted = switch (which) {
            case 2 -> number == first;
            case 1 -> number >= first && (number != 0x1E || reply.getShort(6) != 0);
            default -> number >= first;
        };
        if (!wanted) {
            return;
        }
        if (number == 0) {
            reply.putShort((short) 0).put((byte) flags).put((byte) 4);
            reply.putShort((short) data[1]).put((byte) (data[2] >> 8)).put((byte) 0);
            return;
        }
        int length = (data.length + 3) / 4 * 4;
        reply.putShort((short) number).put((byte) flags).put((byte) length);
        for (int i = 0; i < length; i++) {
            reply.put((byte) (i < data.length ? data[i] : 0));
        }
    }

    /** MMC-3 §5.5, class "media": what happened since it was last asked. */
    static byte[] mediaEvent(int event, boolean disc, boolean open) {
        return new byte[] {0, 6, 4, 0x10, (byte) event, (byte) ((disc ? 2 : 0) | (open ? 1 : 0)), 0, 0};
    }

    /** No class of events that was asked for is known. */
    static byte[] noEvent() {
        return new byte[] {0, 2, (byte) 0x80, 0x10};
    }

    /** MMC-3 §5.19: a finished disc of one track. */
    static byte[] discInformation() {
        byte[] reply = new byte[34];
        reply[1] = 32;
        reply[2] = 0x0E; // complete
        reply[3] = 1;
        reply[4] = 1;
        reply[5] = 1;
        reply[6] = 1;
        reply[7] = 0x20; // unrestricted use
        return reply;
    }

    /**
     * Mode pages (SPC-3 §6.10): error recovery, and capabilities (MMC-3 §6.3.11).
     *
     * @return null if there is no such page
     */
    static byte @org.jspecify.annotations.Nullable [] modePages(int page, boolean disc, boolean locked) {
        ByteBuffer reply = ByteBuffer.allocate(64);
        reply.position(2);
        reply.put((byte) (disc ? 1 : 0x70)); // 120 mm data disc, or no disc
        reply.position(8);
        boolean all = page == 0x3F;
        if (page == 1 || all) {
            reply.put(new byte[] {1, 6, 0, 5, 0, 0, 0, 0});
        }
        if (page == 0x2A || all) {
            byte lockable = (byte) (0x29 | (locked ? 2 : 0));
            reply.put(new byte[] {0x2A, 18, 3, 0, 0x71, 0x60, lockable, 0});
            reply.putShort((short) 706)
                    .putShort((short) 2)
                    .putShort((short) 512)
                    .putShort((short) 706);
            reply.put(new byte[4]);
        }
        int length = reply.position();
        if (length == 8) {
            return null;
        }
        reply.putShort(0, (short) (length - 2));
        return Arrays.copyOf(bytes(reply), length);
    }

    /** MMC-3 §5.8. */
    static byte[] mechanismStatus() {
        return new byte[] {0, 0, 0, 0, 0, 1, 0, 0};
    }

    /** ATA/ATAPI-6 §8.16: 256 little-endian words. */
    static byte[] identify() {
        byte[] reply = new byte[512];
        word(reply, 0, 0x85C0); // ATAPI, CD-ROM, removable, DRQ within 50 µs, packets of 12 bytes
        swapped(reply, 10, text("0000", 20));
        swapped(reply, 23, text("1.0", 8));
        swapped(reply, 27, text("ORIEL CD-ROM", 40));
        word(reply, 48, 1);
        word(reply, 49, 0x0300); // DMA, LBA
        word(reply, 53, 3);
        word(reply, 63, 0x0007); // multiword DMA 0–2
        word(reply, 64, 3); // PIO 3, 4
        for (int timing = 65; timing <= 68; timing++) {
            word(reply, timing, 120);
        }
        word(reply, 80, 0x1E); // ATA-1 to ATA/ATAPI-4
        word(reply, 82, 0x4210);
        word(reply, 83, 0x4000);
        word(reply, 84, 0x4000);
        return reply;
    }

    private static void word(byte[] reply, int number, int value) {
        reply[2 * number] = (byte) value;
        reply[2 * number + 1] = (byte) (value >> 8);
    }

    private static void swapped(byte[] reply, int number, byte[] text) {
        for (int i = 0; i < text.length; i++) {
            reply[2 * number + (i ^ 1)] = text[i];
        }
    }

    private static byte[] bytes(ByteBuffer reply) {
        byte[] bytes = new byte[reply.capacity()];
        reply.get(0, bytes);
        return bytes;
    }
}
