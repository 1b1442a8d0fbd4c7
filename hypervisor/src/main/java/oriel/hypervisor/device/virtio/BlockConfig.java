package oriel.hypervisor.device.virtio;

import oriel.hypervisor.disk.DiskImage;

/** Features and configuration of a block device (virtio 1.2 §5.2.3, §5.2.4). */
final class BlockConfig {
    static final int QUEUE_SIZE = 256;
    /** A request of the longest chain: header, status and these. */
    static final int SEG_MAX = QUEUE_SIZE - 2;
    /** Keeps SEG_MAX × SIZE_MAX, the largest request, below {@link BlockRequest#MAX_BYTES}. */
    static final int SIZE_MAX = 128 << 10;

    static final int MAX_RANGES = 16;
    static final int MAX_RANGE_SECTORS = 1 << 22; // 2 GiB

    private static final int LENGTH = 60;
    private static final long F_SIZE_MAX = 1L << 1;
    private static final long F_SEG_MAX = 1L << 2;
    private static final long F_RO = 1L << 5;
    private static final long F_BLK_SIZE = 1L << 6;
    private static final long F_FLUSH = 1L << 9;
    private static final long F_DISCARD = 1L << 13;
    private static final long F_WRITE_ZEROES = 1L << 14;

    private BlockConfig() {}

    static long features(DiskImage image) {
        long both = F_SIZE_MAX | F_SEG_MAX | F_BLK_SIZE | F_FLUSH;
        return both | (image.readOnly() ? F_RO : F_DISCARD | F_WRITE_ZEROES);
    }

    static byte[] bytes(DiskImage image) {
        byte[] config = new byte[LENGTH];
        LittleEndian.put64(config, 0, image.size() / BlockRequest.SECTOR);
        LittleEndian.put32(config, 8, SIZE_MAX);
        LittleEndian.put32(config, 12, SEG_MAX);
        LittleEndian.put32(config, 20, BlockRequest.SECTOR); // blk_size
        if (!image.readOnly()) {
            LittleEndian.put32(config, 36, MAX_RANGE_SECTORS); // max_discard_sectors
            LittleEndian.put32(config, 40, MAX_RANGES);
            LittleEndian.put32(config, 44, 4096 / BlockRequest.SECTOR); // discard_sector_alignment
            LittleEndian.put32(config, 48, MAX_RANGE_SECTORS); // max_write_zeroes_sectors
            LittleEndian.put32(config, 52, MAX_RANGES);
            config[56] = 1; // write_zeroes_may_unmap
        }
        return config;
    }
}
