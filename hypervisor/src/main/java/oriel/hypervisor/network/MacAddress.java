package oriel.hypervisor.network;

import java.util.HexFormat;
import java.util.regex.Pattern;

/**
 * An Ethernet address.
 *
 * @param value its 48 bits, the first byte sent being the highest
 */
public record MacAddress(long value) {
    /** Everybody. */
    static final MacAddress BROADCAST = new MacAddress(0xFFFF_FFFF_FFFFL);

    private static final Pattern TEXT = Pattern.compile("([0-9a-fA-F]{2}:){5}[0-9a-fA-F]{2}");
    private static final HexFormat HEX = HexFormat.ofDelimiter(":");

    /** Checks the range. */
    public MacAddress {
        if (value >>> 48 != 0) {
            throw new IllegalArgumentException("an Ethernet address has 48 bits");
        }
    }

    /**
     * From text.
     *
     * @param text "52:54:00:12:34:56"
     * @throws IllegalArgumentException if it has another form
     */
    public static MacAddress of(String text) {
        if (!TEXT.matcher(text).matches()) {
            throw new IllegalArgumentException("\"" + text + "\" is no Ethernet address");
        }
        return of(HEX.parseHex(text), 0);
    }

    /** A locally administered address that is always the same for a name: machines need no list of given ones. */
    public static MacAddress forName(String name) {
        long hash = 0xCBF2_9CE4_8422_2325L; // FNV-1a
        for (int i = 0; i < name.length(); i++) {
            hash = (hash ^ name.charAt(i)) * 0x100_0000_01B3L;
        }
        return new MacAddress(0x5254_0000_0000L | (hash ^ hash >>> 32) & 0xFFFF_FFFFL);
    }

    static MacAddress of(byte[] bytes, int at) {
        long value = 0;
        for (int i = 0; i < 6; i++) {
            value = value << 8 | bytes[at + i] & 0xFF;
        }
        return new MacAddress(value);
    }

    /** Whether it is of a group, the broadcast among them, and not of one station. */
    boolean group() {
        return (value >>> 40 & 1) != 0;
    }

    /** Its six bytes, in the order in which they are sent. */
    public byte[] bytes() {
        byte[] bytes = new byte[6];
        for (int i = 0; i < 6; i++) {
            bytes[i] = (byte) (value >>> 8 * (5 - i));
        }
        return bytes;
    }

    @Override
    public String toString() {
        return HEX.formatHex(bytes());
    }
}
