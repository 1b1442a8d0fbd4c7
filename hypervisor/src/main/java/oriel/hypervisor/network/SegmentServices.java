package oriel.hypervisor.network;

import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The first station of a segment: answers to ARP, echo requests, DHCP and DNS, and the gateway of machines that have a way
 * out. Has no state of its own.
 */
final class SegmentServices {
    private static final int DHCP_SERVER = 67;
    private static final int DHCP_CLIENT = 68;
    private static final int DNS = 53;
    private static final int ECHO_REQUEST = 8;

    private final Segment segment;
    private final Ipv4Address address;
    private final MacAddress hardware;
    private final DhcpServer dhcp;
    private final DnsServer dns;

    SegmentServices(Segment segment) {
        this.segment = segment;
        this.address = segment.config().subnet().station(1);
        this.hardware = new MacAddress(0x5256_0000_0000L | segment.config().vlan());
        this.dhcp = new DhcpServer(segment.config(), address);
        this.dns = new DnsServer(segment.config().domain(), segment::addressOf);
    }

    MacAddress hardware() {
        return hardware;
    }

    /** What a machine's way out must know. */
    WayOut.Gateway gateway(Ipv4Address machine) {
        return new WayOut.Gateway(hardware, address, segment.config().subnet(), machine);
    }

    /**
     * A frame of a machine, which may be for anybody.
     *
     * @param wayOut of this machine
     */
    void received(byte[] frame, NetworkLink.@Nullable Connection wayOut) {
        MacAddress destination = EthernetFrame.destination(frame);
        if (!destination.equals(hardware) && !destination.equals(MacAddress.BROADCAST)) {
            return;
        }
        MacAddress from = EthernetFrame.source(frame);
        if (Arp.valid(frame)) {
            if (Arp.operation(frame) == Arp.REQUEST && Arp.target(frame).equals(address)) {
                segment.deliver(from, Arp.reply(hardware, address, from, Arp.sender(frame)));
            }
        } else if (Ipv4.valid(frame)) {
            packet(from, frame, wayOut);
        }
    }

    private void packet(MacAddress from, byte[] frame, NetworkLink.@Nullable Connection wayOut) {
        if (Udp.valid(frame) && Udp.destinationPort(frame) == DHCP_SERVER) {
            segment.addressOf(from)
                    .flatMap(lease -> dhcp.answer(Udp.data(frame), from, lease))
                    .ifPresent(answer -> segment.deliver(
                            from,
                            Udp.create(
                                    answer.broadcast() ? MacAddress.BROADCAST : from,
                                    hardware,
                                    answer.broadcast() ? new Ipv4Address(-1) : answer.to(),
                                    DHCP_CLIENT,
                                    address,
                                    DHCP_SERVER,
                                    answer.message())));
        } else if (!Ipv4.destination(frame).equals(address)) {
            if (wayOut != null && outside(Ipv4.destination(frame))) {
                wayOut.send(frame);
            }
        } else if (Udp.valid(frame) && Udp.destinationPort(frame) == DNS) {
            if (wayOut != null && dns.foreign(Udp.data(frame))) {
                wayOut.send(frame);
                return;
            }
            Optional<byte[]> answer = dns.answer(Udp.data(frame));
            answer.ifPresent(data -> segment.deliver(
                    from, Udp.create(from, hardware, Ipv4.source(frame), Udp.sourcePort(frame), address, DNS, data)));
        } else if (Ipv4.protocol(frame) == Ipv4.ICMP && !Ipv4.fragment(frame)) {
            echo(from, frame);
        }
    }

    /** Neither a neighbour, who is reached by the switch or not at all, nor many at once (RFC 1112 §4, RFC 919). */
    private boolean outside(Ipv4Address to) {
        return !segment.config().subnet().contains(to) && to.value() >>> 28 < 0xE && !to.equals(Ipv4Address.ANY);
    }

    private void echo(MacAddress from, byte[] frame) {
        int at = Ipv4.payload(frame);
        int length = Ipv4.end(frame) - at;
        if (length < 8 || frame[at] != ECHO_REQUEST) {
            return;
        }
        byte[] reply = Ipv4.create(from, hardware, Ipv4.source(frame), address, Ipv4.ICMP, length);
        int to = EthernetFrame.HEADER + Ipv4.HEADER;
        System.arraycopy(frame, at, reply, to, length);
        reply[to] = 0; // echo reply
        BigEndian.put16(reply, to + 2, 0);
        BigEndian.put16(reply, to + 2, Ipv4.checksum(reply, to, to + length, 0));
        segment.deliver(from, reply);
    }
}
