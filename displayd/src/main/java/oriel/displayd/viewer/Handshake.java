package oriel.displayd.viewer;

import oriel.displayd.rfb.ClientMessageReader;
import oriel.displayd.rfb.RfbProtocolException;
import oriel.displayd.rfb.RfbVersion;
import oriel.displayd.rfb.WireBuffer;

/**
 * Version, security and ClientInit (RFC 6143 §7.1–7.3). Security type is None: who may see the display was settled before,
 * by a ticket or by reaching a loopback port. Not thread-safe.
 */
final class Handshake {
    private static final int SECURITY_NONE = 1;

    private enum Step {
        VERSION,
        SECURITY,
        CLIENT_INIT,
        DONE
    }

    private Step step = Step.VERSION;
    private RfbVersion version = RfbVersion.V3_8;

    /** What the server says first. */
    void begin(WireBuffer out) {
        out.bytes(RfbVersion.V3_8.banner());
    }

    /** Version and security are settled already. */
    void skipToInit() {
        step = Step.CLIENT_INIT;
    }

    /**
     * Goes as far as the bytes allow.
     *
     * @param out answers
     * @return true once ServerInit is due
     */
    boolean proceed(ClientMessageReader in, WireBuffer out) throws RfbProtocolException {
        if (step == Step.VERSION) {
            byte[] banner = in.handshake(RfbVersion.LENGTH);
            if (banner == null) {
                return false;
            }
            version = RfbVersion.parse(banner);
            if (version == RfbVersion.V3_3) {
                out.u32(SECURITY_NONE);
                step = Step.CLIENT_INIT;
            } else {
                out.u8(1).u8(SECURITY_NONE);
                step = Step.SECURITY;
            }
        }
        if (step == Step.SECURITY) {
            byte[] chosen = in.handshake(1);
            if (chosen == null) {
                return false;
            }
            if (chosen[0] != SECURITY_NONE) {
                throw new RfbProtocolException("security type " + (chosen[0] & 0xFF) + " was not offered");
            }
            if (version == RfbVersion.V3_8) {
                out.u32(0);
            }
            step = Step.CLIENT_INIT;
        }
        if (step == Step.CLIENT_INIT) {
            // The "shared" flag is not heeded: who may watch is the grant's business, not a client's.
            if (in.handshake(1) == null) {
                return false;
            }
            step = Step.DONE;
        }
        return true;
    }
}
