package oriel.hypervisor.cpu.emulated;

/** CRC-32C of up to 8 bytes, reflected, as the CRC32 instruction computes it (Intel SDM 2A "CRC32"), by tables. */
final class Crc32c {
    private static final int POLYNOMIAL = 0x82F6_3B78;

    /** [k][byte]: what a byte contributes that k more bytes follow. */
    private static final int[][] TABLES = tables();

    private Crc32c() {}

    private static int[][] tables() {
        int[][] tables = new int[8][256];
        for (int i = 0; i < 256; i++) {
            int crc = i;
            for (int bit = 0; bit < 8; bit++) {
                crc = (crc & 1) != 0 ? crc >>> 1 ^ POLYNOMIAL : crc >>> 1;
            }
            tables[0][i] = crc;
        }
        for (int i = 0; i < 256; i++) {
            for (int k = 1; k < 8; k++) {
                int before = tables[k - 1][i];
                tables[k][i] = tables[0][before & 0xFF] ^ before >>> 8;
            }
        }
        return tables;
    }

    /** Carries a CRC on over the low {@code bytes} bytes of {@code data}. */
    static int update(int crc, long data, int bytes) {
        long value = bytes == 8 ? data : data & (1L << bytes * 8) - 1;
        value ^= crc & 0xFFFF_FFFFL;
        if (bytes == 8) {
            return TABLES[7][(int) value & 0xFF]
                    ^ TABLES[6][(int) (value >>> 8) & 0xFF]
                    ^ TABLES[5][(int) (value >>> 16) & 0xFF]
                    ^ TABLES[4][(int) (value >>> 24) & 0xFF]
                    ^ TABLES[3][(int) (value >>> 32) & 0xFF]
                    ^ TABLES[2][(int) (value >>> 40) & 0xFF]
                    ^ TABLES[1][(int) (value >>> 48) & 0xFF]
                    ^ TABLES[0][(int) (value >>> 56)];
        }
        int result = (int) value;
        for (int i = 0; i < bytes; i++) {
            result = TABLES[0][result & 0xFF] ^ result >>> 8;
        }
        return result;
    }
}
