package oriel.displayd.rfb;

import static java.nio.charset.StandardCharsets.US_ASCII;

/** Protocol versions spoken (RFC 6143 §7.1.1). */
public enum RfbVersion {
    V3_3("RFB 003.003\n"),
    V3_7("RFB 003.007\n"),
    V3_8("RFB 003.008\n");

    /** Length of a version message. */
    public static final int LENGTH = 12;

    private final String banner;

    RfbVersion(String banner) {
        this.banner = banner;
    }

    /** The twelve bytes that announce it. */
    public byte[] banner() {
        return banner.getBytes(US_ASCII);
    }

    /**
     * What a client chose. Unknown minor versions mean 3.3 (RFC 6143 §7.1.1), newer ones of our family 3.8: Apple's
     * viewer says 003.889.
     */
    public static RfbVersion parse(byte[] banner) throws RfbProtocolException {
        String text = new String(banner, US_ASCII);
        if (!text.matches("RFB \\d{3}\\.\\d{3}\n")) {
            throw new RfbProtocolException("not an RFB client: its first bytes are no protocol version");
        }
        int major = Integer.parseInt(text.substring(4, 7));
        int minor = Integer.parseInt(text.substring(8, 11));
        if (major < 3) {
            throw new RfbProtocolException("RFB version " + major + "." + minor + " is older than 3.3");
        }
        if (major > 3 || minor >= 8) {
            return V3_8;
        }
        return minor == 7 ? V3_7 : V3_3;
    }
}
