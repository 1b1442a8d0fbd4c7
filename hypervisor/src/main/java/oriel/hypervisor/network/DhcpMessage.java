package oriel.hypervisor.network;

import java.util.Arrays;
import java.util.Optional;

/** Fields of DHCP messages (RFC 2131 §2, RFC 2132). */
final class DhcpMessage {
    static final int FIXED = 236;
    static final int COOKIE = 0x63825363;
    static final int BOOT_REPLY = 2;
    static final int ACK = 5;
    static final int OPTION_TYPE = 53;
    static final int OPTION_END = 255;

    private DhcpMessage() {}

    /** Whether the fields below can be asked for. */
    static boolean valid(byte[] message) {
        return message.length >= FIXED + 4 && BigEndian.get32(message, FIXED) == COOKIE;
    }

    static MacAddress client(byte[] message) {
        return MacAddress.of(message, 28);
    }

    /** The address that a server gives. */
    static Ipv4Address given(byte[] message) {
        return new Ipv4Address(BigEndian.get32(message, 16));
    }

    /** 0 if it says none. */
    static int type(byte[] message) {
        return option(message, OPTION_TYPE).map(value -> (int) value[0]).orElse(0);
    }

    /** The value of an option, at least one byte of it. */
    static Optional<byte[]> option(byte[] message, int wanted) {
        int at = FIXED + 4;
        while (at + 1 < message.length && (message[at] & 0xFF) != OPTION_END) {
            int option = message[at] & 0xFF;
            if (option == 0) { // padding
                at++;
                continue;
            }
            int length = message[at + 1] & 0xFF;
            if (at + 2 + length > message.length) {
                return Optional.empty();
            }
            if (option == wanted && length > 0) {
                return Optional.of(Arrays.copyOfRange(message, at + 2, at + 2 + length));
            }
            at += 2 + length;
        }
        return Optional.empty();
    }
}
