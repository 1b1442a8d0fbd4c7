package oriel.hypervisor.network;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class BridgeTest {
    private static final MacAddress ROUTER = MacAddress.of("02:00:00:00:00:01");
    private static final Ipv4Address ROUTER_ADDRESS = Ipv4Address.of(192, 168, 1, 1);
    private static final Ipv4Address BROADCAST = new Ipv4Address(-1);
    private static final byte[] TEXT = "data".getBytes(US_ASCII);

    private final AtomicLong now = new AtomicLong();
    private final List<byte[]> onLan = new ArrayList<>();
    private @Nullable Consumer<byte[]> fromLan;
    private final Bridge bridge = new Bridge(this::lan, now::get);

    private NetworkLink.Connection lan(Consumer<byte[]> toCard) {
        fromLan = toCard;
        return new NetworkLink.Connection() {
            @Override
            public void send(byte[] frame) {
                onLan.add(frame);
            }

            @Override
            public void close() {}
        };
    }

    private void lanSends(byte[] frame) {
        if (fromLan != null) {
            fromLan.accept(frame);
        }
    }

    /** A machine's card and what it received. */
    private final class Station {
        final MacAddress hardware;
        final List<byte[]> received = new ArrayList<>();
        final NetworkLink.Connection cable;

        Station(String name, boolean isolated) {
            hardware = MacAddress.forName(name);
            cable = bridge.link(hardware, isolated, SegmentConfig.DEFAULT_RATE).connect(received::add);
        }

        Station leased(int last) {
            lanSends(dhcp(5, hardware, address(last), 67));
            return this;
        }

        byte[] udp(MacAddress to, Ipv4Address toAddress, Ipv4Address from) {
            return Udp.create(to, hardware, toAddress, 9, from, 4000, TEXT);
        }

        byte[] dhcpRequest() {
            return Udp.create(MacAddress.BROADCAST, hardware, BROADCAST, 67, Ipv4Address.ANY, 68, new byte[300]);
        }
    }

    private static Ipv4Address address(int last) {
        return Ipv4Address.of(192, 168, 1, last);
    }

    private static byte[] dhcp(int type, MacAddress client, Ipv4Address given, int fromPort) {
        byte[] message = new byte[300];
        message[0] = 2;
        BigEndian.put32(message, 16, given.value());
        System.arraycopy(client.bytes(), 0, message, 28, 6);
        BigEndian.put32(message, 236, 0x63825363);
        message[240] = 53;
        message[241] = 1;
        message[242] = (byte) type;
        message[243] = (byte) 255;
        return Udp.create(client, ROUTER, given, 68, ROUTER_ADDRESS, fromPort, message);
    }

    @Test
    void aMachineSpeaksFromTheAddressThatItWasGivenOnly() {
        Station a = new Station("a", true);
        a.cable.send(a.udp(ROUTER, ROUTER_ADDRESS, address(50)));
        assertThat(onLan).as("without a lease").isEmpty();
        a.cable.send(a.dhcpRequest());
        assertThat(onLan).hasSize(1);
        a.leased(50);
        assertThat(a.received).as("it hears of it, too").hasSize(1);
        a.cable.send(a.udp(ROUTER, ROUTER_ADDRESS, address(50)));
        assertThat(onLan).hasSize(2);
        a.cable.send(a.udp(ROUTER, ROUTER_ADDRESS, address(51)));
        a.cable.send(Udp.create(ROUTER, MacAddress.forName("x"), ROUTER_ADDRESS, 9, address(50), 9, TEXT));
        a.cable.send(Udp.create(ROUTER, a.hardware, ROUTER_ADDRESS, 68, address(50), 67, TEXT));
        a.cable.send(Arp.reply(a.hardware, ROUTER_ADDRESS, ROUTER, ROUTER_ADDRESS));
        a.cable.send(EthernetFrame.create(ROUTER, a.hardware, 0x86DD, 60));
        assertThat(onLan).hasSize(2);
        a.cable.send(a.dhcpRequest());
        assertThat(onLan).as("it may ask anew").hasSize(3);
        assertThat(bridge.addressOf(a.hardware)).contains(address(50));
    }

    @Test
    void onlyAnAcknowledgementOfTheNetworksServerCounts() {
        Station a = new Station("a", false);
        Station liar = new Station("liar", false).leased(9);
        byte[] forged = dhcp(5, a.hardware, address(77), 67);
        System.arraycopy(liar.hardware.bytes(), 0, forged, 6, 6);
        liar.cable.send(forged);
        lanSends(dhcp(2, a.hardware, address(77), 67)); // an offer
        lanSends(dhcp(5, a.hardware, address(77), 6767)); // of somebody else
        lanSends(dhcp(5, a.hardware, Ipv4Address.ANY, 67)); // an answer to INFORM
        lanSends(dhcp(5, MacAddress.forName("nobody"), address(78), 67));
        assertThat(bridge.addressOf(a.hardware)).isEmpty();
        assertThat(bridge.addressOf(MacAddress.forName("nobody"))).isEmpty();
    }

    @Test
    void isolatedMachinesMeetTheNetworkAndNobodyElse() {
        Station alone = new Station("alone", true).leased(2);
        Station open = new Station("open", false).leased(3);
        Station friend = new Station("friend", false).leased(4);
        alone.received.clear();
        open.received.clear();
        friend.received.clear();
        open.cable.send(open.udp(alone.hardware, address(2), address(3)));
        open.cable.send(Arp.reply(open.hardware, address(3), MacAddress.BROADCAST, address(2)));
        alone.cable.send(alone.udp(open.hardware, address(3), address(2)));
        assertThat(alone.received).isEmpty();
        assertThat(open.received).isEmpty();
        friend.received.clear();
        friend.cable.send(friend.udp(open.hardware, address(3), address(4)));
        assertThat(open.received).hasSize(1);
        lanSends(Udp.create(alone.hardware, ROUTER, address(2), 9, ROUTER_ADDRESS, 9, TEXT));
        assertThat(alone.received).hasSize(1);
        assertThat(open.received).as("for one, not for all").hasSize(1);
    }

    @Test
    void whatIsNotForAMachineOfOursIsHeardByNone() {
        Station a = new Station("a", false).leased(2);
        a.received.clear();
        a.cable.send(Arp.reply(a.hardware, address(2), ROUTER, ROUTER_ADDRESS));
        byte[] giant = new byte[EthernetFrame.MAX_LENGTH + 4];
        System.arraycopy(a.hardware.bytes(), 0, giant, 0, 6);
        lanSends(giant);
        lanSends(new byte[5]);
        assertThat(a.received).isEmpty();
    }

    @Test
    void aMachineIsOfferedNoIpv6() {
        Station a = new Station("a", true).leased(50);
        a.received.clear();
        lanSends(EthernetFrame.create(MacAddress.of("33:33:00:00:00:01"), ROUTER, 0x86DD, 96)); // to all nodes
        lanSends(EthernetFrame.create(a.hardware, ROUTER, 0x86DD, 60));
        assertThat(a.received).isEmpty();
        lanSends(Arp.reply(ROUTER, ROUTER_ADDRESS, MacAddress.BROADCAST, ROUTER_ADDRESS));
        assertThat(a.received).as("what else there is for all").hasSize(1);
    }

    @Test
    void aMachineThatComesBackHasItsLeaseStill() {
        Station before = new Station("a", true).leased(50);
        before.cable.close();
        before.cable.send(before.udp(ROUTER, ROUTER_ADDRESS, address(50)));
        assertThat(onLan).isEmpty();
        Station after = new Station("a", true);
        after.cable.send(after.udp(ROUTER, ROUTER_ADDRESS, address(50)));
        assertThat(onLan).hasSize(1);
    }

    @Test
    void garbageIsSurvived() {
        Station a = new Station("a", false).leased(2);
        Random random = new Random(7);
        for (int i = 0; i < 100_000; i++) {
            now.addAndGet(1_000_000);
            byte[] frame = random.nextBoolean() ? dhcp(5, a.hardware, address(2), 67) : a.dhcpRequest();
            for (int flips = random.nextInt(6); flips > 0; flips--) {
                frame[12 + random.nextInt(frame.length - 12)] = (byte) random.nextInt();
            }
            if (random.nextInt(4) == 0) {
                frame = Arrays.copyOf(frame, random.nextInt(1600));
            }
            if (random.nextBoolean()) {
                lanSends(frame);
            } else {
                a.cable.send(frame);
            }
            a.received.clear();
        }
        a.leased(2);
        onLan.clear();
        a.cable.send(a.udp(ROUTER, ROUTER_ADDRESS, address(2)));
        assertThat(onLan).hasSize(1);
    }
}
