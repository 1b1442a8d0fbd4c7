package oriel.hypervisor.network;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static oriel.hypervisor.network.DhcpMessage.ACK;
import static oriel.hypervisor.network.DhcpMessage.BOOT_REPLY;
import static oriel.hypervisor.network.DhcpMessage.COOKIE;
import static oriel.hypervisor.network.DhcpMessage.FIXED;
import static oriel.hypervisor.network.DhcpMessage.OPTION_END;
import static oriel.hypervisor.network.DhcpMessage.OPTION_TYPE;

import java.nio.ByteBuffer;
import java.util.Optional;

/** Tells each machine the address that it has (RFC 2131, 2132). The addresses were given out before: there is no state. */
final class DhcpServer {
    private static final int BOOT_REQUEST = 1;
    private static final int FLAG_BROADCAST = 0x8000;

    private static final int DISCOVER = 1;
    private static final int OFFER = 2;
    private static final int REQUEST = 3;
    private static final int NAK = 6;
    private static final int INFORM = 8;

    private static final int OPTION_MASK = 1;
    private static final int OPTION_ROUTER = 3;
    private static final int OPTION_DNS = 6;
    private static final int OPTION_DOMAIN = 15;
    private static final int OPTION_REQUESTED = 50;
    private static final int OPTION_LEASE = 51;
    private static final int OPTION_SERVER = 54;

    private static final int LEASE_SECONDS = 24 * 3600;
    private static final int SHORTEST_REPLY = 300; // BOOTP's length, which some clients insist on

    private final SegmentConfig segment;
    private final Ipv4Address address;

    DhcpServer(SegmentConfig segment, Ipv4Address address) {
        this.segment = segment;
        this.address = address;
    }

    /**
     * An answer.
     *
     * @param to the client's address
     * @param broadcast whether the client can't take a packet to that address yet
     */
    @SuppressWarnings("ArrayRecordComponent") // a message on its way, never compared
    record Answer(byte[] message, Ipv4Address to, boolean broadcast) {}

    /** The answer to a message of a client whose address is {@code lease}; empty if none is due. */
    Optional<Answer> answer(byte[] message, MacAddress client, Ipv4Address lease) {
        if (!DhcpMessage.valid(message)
                || message[0] != BOOT_REQUEST
                || !DhcpMessage.client(message).equals(client)) {
            return Optional.empty();
        }
        int type = DhcpMessage.type(message);
        boolean ours = DhcpMessage.option(message, OPTION_SERVER)
                .filter(value -> value.length == 4)
                .map(value -> BigEndian.get32(value, 0) == address.value())
                .orElse(true);
        Ipv4Address has = new Ipv4Address(BigEndian.get32(message, 12));
        Ipv4Address wants = DhcpMessage.option(message, OPTION_REQUESTED)
                .filter(value -> value.length == 4)
                .map(value -> new Ipv4Address(BigEndian.get32(value, 0)))
                .orElse(has);
        return switch (type) {
            case DISCOVER -> Optional.of(reply(message, OFFER, lease));
            case REQUEST -> {
                if (!ours) {
                    yield Optional.empty();
                }
                yield Optional.of(reply(message, wants.equals(lease) ? ACK : NAK, lease));
            }
            case INFORM -> Optional.of(reply(message, ACK, Ipv4Address.ANY));
            default -> Optional.empty();
        };
    }

    private Answer reply(byte[] request, int type, Ipv4Address lease) {
        ByteBuffer reply = ByteBuffer.allocate(576);
        reply.put((byte) BOOT_REPLY).put(request, 1, 2).put((byte) 0);
        reply.put(request, 4, 4); // transaction
        reply.putShort((short) 0).put(request, 10, 2); // flags
        boolean refused = type == NAK;
        reply.put(request, 12, 4); // what the client has
        reply.putInt(refused ? 0 : lease.value()).putInt(0).putInt(0);
        reply.put(request, 28, 16); // hardware address
        reply.position(FIXED);
        reply.putInt(COOKIE);
        option(reply, OPTION_TYPE, type, 1);
        option(reply, OPTION_SERVER, address.value(), 4);
        if (!refused) {
            option(reply, OPTION_MASK, segment.subnet().mask(), 4);
            option(reply, OPTION_ROUTER, address.value(), 4);
            option(reply, OPTION_DNS, address.value(), 4);
            byte[] domain = segment.domain().getBytes(US_ASCII);
            reply.put((byte) OPTION_DOMAIN).put((byte) domain.length).put(domain);
            if (!lease.equals(Ipv4Address.ANY)) {
                option(reply, OPTION_LEASE, LEASE_SECONDS, 4);
            }
        }
        reply.put((byte) OPTION_END);
        byte[] message = new byte[Math.max(reply.position(), SHORTEST_REPLY)];
        reply.get(0, message);
        boolean broadcast = refused || (BigEndian.get16(request, 10) & FLAG_BROADCAST) != 0;
        Ipv4Address has = new Ipv4Address(BigEndian.get32(request, 12));
        return new Answer(message, has.equals(Ipv4Address.ANY) ? lease : has, broadcast);
    }

    private static void option(ByteBuffer reply, int option, int value, int length) {
        reply.put((byte) option).put((byte) length);
        if (length == 1) {
            reply.put((byte) value);
        } else {
            reply.putInt(value);
        }
    }
}
