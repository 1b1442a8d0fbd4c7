package oriel.hypervisor.network;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

class SegmentTest {
    private static final Ipv4Subnet SUBNET = new Ipv4Subnet(Ipv4Address.of(10, 1, 0, 0), 24);
    private static final Ipv4Address SERVICES = Ipv4Address.of(10, 1, 0, 1);
    private static final byte[] TEXT = "data".getBytes(US_ASCII);

    private final AtomicLong now = new AtomicLong();
    private final VirtualSwitch fabric = new VirtualSwitch(now::get);

    /** A machine's card and what it received. */
    private static final class Station {
        final MacAddress hardware;
        final List<byte[]> received = new ArrayList<>();
        final NetworkLink.Connection cable;
        final Ipv4Address address;

        Station(Segment segment, String name) {
            this(segment, name, segment.link(MacAddress.forName(name), name));
        }

        Station(Segment segment, String name, StationConfig config) {
            this(segment, name, segment.link(MacAddress.forName(name), name, config));
        }

        private Station(Segment segment, String name, NetworkLink link) {
            hardware = MacAddress.forName(name);
            cable = link.connect(received::add);
            address = segment.addressOf(hardware).orElseThrow();
        }

        byte[] udp(MacAddress toHardware, Ipv4Address to, int port, byte[] data) {
            return Udp.create(toHardware, hardware, to, port, address, 4000, data);
        }

        void send(Station to) {
            cable.send(udp(to.hardware, to.address, 9, TEXT));
        }

        byte[] last() {
            return received.getLast();
        }
    }

    private Segment segment(int vlan, boolean isolated) {
        return fabric.segment(new SegmentConfig(vlan, SUBNET, isolated, SegmentConfig.DEFAULT_RATE, "pool.internal"));
    }

    private static byte[] arp(Station from, Ipv4Address target) {
        byte[] frame = Arp.reply(from.hardware, from.address, MacAddress.BROADCAST, target);
        BigEndian.put16(frame, EthernetFrame.HEADER + 6, Arp.REQUEST);
        return frame;
    }

    @Test
    void stationsOfAnOpenSegmentReachEachOther() {
        Segment segment = segment(1, false);
        Station a = new Station(segment, "a");
        Station b = new Station(segment, "b");
        Station c = new Station(segment, "c");
        a.send(b);
        assertThat(Udp.data(b.last())).isEqualTo(TEXT);
        assertThat(c.received).as("not known yet where b is: everybody gets it").hasSize(1);
        b.send(a);
        a.send(b);
        assertThat(c.received).as("known now").hasSize(1);
        a.cable.send(arp(a, c.address));
        assertThat(b.received).hasSize(3);
        assertThat(a.received).as("nobody hears himself").hasSize(1);
    }

    @Test
    void vlansNeverMeet() {
        Station a = new Station(segment(1, false), "a");
        Station b = new Station(segment(2, false), "b");
        a.send(b);
        a.cable.send(arp(a, b.address));
        byte[] tagged = new byte[64];
        System.arraycopy(a.udp(b.hardware, b.address, 9, TEXT), 0, tagged, 0, 12);
        BigEndian.put16(tagged, 12, 0x8100);
        BigEndian.put16(tagged, 14, 2);
        a.cable.send(tagged);
        assertThat(b.received).isEmpty();
    }

    @Test
    void isolatedStationsReachTheServicesOnly() {
        Segment segment = segment(1, true);
        Station a = new Station(segment, "a");
        Station b = new Station(segment, "b");
        b.cable.send(arp(b, SERVICES));
        assertThat(b.received).hasSize(1);
        a.send(b);
        a.cable.send(arp(a, b.address));
        assertThat(b.received).hasSize(1);
        assertThat(a.received).isEmpty();
    }

    @Test
    void anIsolatedStationMeetsNobodyOnASegmentOfOpenOnes() {
        Segment segment = segment(1, false);
        Station open = new Station(segment, "open", new StationConfig(5, false, SegmentConfig.DEFAULT_RATE));
        Station alone = new Station(segment, "alone", new StationConfig(6, true, SegmentConfig.DEFAULT_RATE));
        Station friend = new Station(segment, "friend", new StationConfig(7, false, SegmentConfig.DEFAULT_RATE));
        open.send(alone);
        alone.send(open);
        open.cable.send(arp(open, alone.address));
        alone.cable.send(arp(alone, open.address));
        assertThat(alone.received).isEmpty();
        assertThat(open.received).isEmpty();
        open.send(friend);
        assertThat(Udp.data(friend.last())).isEqualTo(TEXT);
        alone.cable.send(arp(alone, SERVICES));
        assertThat(alone.received).hasSize(1);
    }

    @Test
    void aStationsNumberIsItsAddressAndNobodyElsesWhileItIsThere() {
        Segment segment = segment(1, true);
        StationConfig seven = new StationConfig(7, true, SegmentConfig.DEFAULT_RATE);
        Station first = new Station(segment, "first", seven);
        assertThat(first.address).hasToString("10.1.0.7");
        assertThatThrownBy(() -> new Station(segment, "second", seven))
                .isInstanceOf(NetworkException.class)
                .hasMessageContaining("first");
        first.cable.close();
        assertThat(new Station(segment, "second", seven).address).hasToString("10.1.0.7");
        assertThat(new Station(segment, "any").address).hasToString("10.1.0.2");
        assertThatThrownBy(() -> new Station(segment, "x", new StationConfig(255, true, SegmentConfig.DEFAULT_RATE)))
                .isInstanceOf(NetworkException.class)
                .hasMessageContaining("254 addresses");
    }

    @Test
    void nobodySpeaksForAnother() {
        Segment segment = segment(1, false);
        Station a = new Station(segment, "a");
        Station b = new Station(segment, "b");
        Ipv4Address foreign = Ipv4Address.of(10, 1, 0, 77);
        a.cable.send(Udp.create(b.hardware, MacAddress.forName("x"), b.address, 9, a.address, 9, TEXT));
        a.cable.send(Udp.create(b.hardware, a.hardware, b.address, 9, foreign, 9, TEXT));
        a.cable.send(Udp.create(b.hardware, a.hardware, b.address, 9, Ipv4Address.ANY, 9, TEXT));
        a.cable.send(Udp.create(b.hardware, a.hardware, b.address, 68, a.address, 67, TEXT));
        a.cable.send(Arp.reply(a.hardware, SERVICES, b.hardware, b.address));
        a.cable.send(Arp.reply(MacAddress.forName("x"), a.address, b.hardware, b.address));
        a.cable.send(EthernetFrame.create(b.hardware, a.hardware, 0x86DD, 60));
        assertThat(b.received).isEmpty();
        a.cable.send(Arp.reply(a.hardware, a.address, b.hardware, b.address));
        assertThat(b.received).hasSize(1);
    }

    @Test
    void aFloodIsCutToTheRate() {
        Segment segment = fabric.segment(new SegmentConfig(3, SUBNET, false, 100_000, "x"));
        Station a = new Station(segment, "a");
        Station b = new Station(segment, "b");
        byte[] frame = a.udp(b.hardware, b.address, 9, new byte[958]); // 1000 bytes in all
        for (int i = 0; i < 10_000; i++) {
            now.addAndGet(100_000);
            a.cable.send(frame);
        }
        assertThat(b.received).hasSizeBetween(95, 112);
    }

    @Test
    void aMachineThatIsGoneGetsNothing() {
        Segment segment = segment(1, false);
        Station a = new Station(segment, "a");
        Station b = new Station(segment, "b");
        b.send(a);
        b.cable.close();
        a.send(b);
        b.send(a);
        assertThat(b.received).isEmpty();
        assertThat(a.received).hasSize(1);
        assertThat(new Station(segment, "b").address)
                .as("the address stays the machine's")
                .isEqualTo(b.address);
    }

    @Test
    void theServicesAnswerArpAndEcho() {
        Station a = new Station(segment(1, true), "a");
        a.cable.send(arp(a, SERVICES));
        assertThat(Arp.operation(a.last())).isEqualTo(Arp.REPLY);
        assertThat(Arp.sender(a.last())).isEqualTo(SERVICES);
        MacAddress gateway = Arp.senderHardware(a.last());
        byte[] ping = Ipv4.create(gateway, a.hardware, SERVICES, a.address, Ipv4.ICMP, 16);
        ping[34] = 8;
        ping[45] = 42;
        a.cable.send(ping);
        assertThat(a.received).hasSize(2);
        assertThat(a.last()[34]).isZero();
        assertThat(a.last()[45]).isEqualTo((byte) 42);
        assertThat(Ipv4.checksum(a.last(), 34, 50, 0)).as("sums up").isZero();
        assertThat(Ipv4.checksum(a.last(), 14, 34, 0)).as("header sums up").isZero();
    }

    private static byte[] dhcp(Station station, int type, int... requested) {
        byte[] message = new byte[300];
        message[0] = 1;
        message[1] = 1;
        message[2] = 6;
        BigEndian.put32(message, 4, 0x1234);
        System.arraycopy(station.hardware.bytes(), 0, message, 28, 6);
        BigEndian.put32(message, 236, 0x63825363);
        message[240] = 53;
        message[241] = 1;
        message[242] = (byte) type;
        message[243] = (byte) 255;
        if (requested.length > 0) {
            message[243] = 50;
            message[244] = 4;
            BigEndian.put32(message, 245, requested[0]);
            message[249] = (byte) 255;
        }
        return Udp.create(
                MacAddress.BROADCAST, station.hardware, new Ipv4Address(-1), 67, Ipv4Address.ANY, 68, message);
    }

    @Test
    void dhcpGivesEachMachineItsAddress() {
        Segment segment = segment(1, true);
        new Station(segment, "first");
        Station a = new Station(segment, "a");
        assertThat(a.address).hasToString("10.1.0.3");
        a.cable.send(dhcp(a, 1));
        byte[] offer = Udp.data(a.last());
        assertThat(offer[242]).isEqualTo((byte) 2);
        assertThat(BigEndian.get32(offer, 16)).isEqualTo(a.address.value());
        assertThat(BigEndian.get32(offer, 4)).isEqualTo(0x1234);
        a.cable.send(dhcp(a, 3, a.address.value()));
        assertThat(Udp.data(a.last())[242]).isEqualTo((byte) 5);
        a.cable.send(dhcp(a, 3, Ipv4Address.of(10, 1, 0, 9).value()));
        assertThat(Udp.data(a.last())[242]).as("not that one").isEqualTo((byte) 6);
    }

    private static byte[] question(String name) {
        ByteArrayOutputStream query = new ByteArrayOutputStream();
        query.writeBytes(new byte[] {7, 7, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0});
        for (String label : name.split("\\.", -1)) {
            query.write(label.length());
            query.writeBytes(label.getBytes(US_ASCII));
        }
        query.writeBytes(new byte[] {0, 0, 1, 0, 1});
        return query.toByteArray();
    }

    @Test
    void dnsKnowsTheSegmentsMachines() {
        Segment segment = segment(1, true);
        Station a = new Station(segment, "a");
        Station b = new Station(segment, "desk-7");
        a.cable.send(arp(a, SERVICES));
        MacAddress gateway = Arp.senderHardware(a.last());
        for (String name : List.of("desk-7", "DESK-7.pool.internal")) {
            a.cable.send(a.udp(gateway, SERVICES, 53, question(name)));
            byte[] answer = Udp.data(a.last());
            assertThat(answer[3] & 15).isZero();
            assertThat(BigEndian.get32(answer, answer.length - 4)).isEqualTo(b.address.value());
        }
        a.cable.send(a.udp(gateway, SERVICES, 53, question("example.org")));
        assertThat(Udp.data(a.last())[3] & 15).as("no such name").isEqualTo(3);
    }

    /** A way out that keeps what it is given. */
    private static final class Outside implements WayOut {
        final List<byte[]> sent = new ArrayList<>();
        Gateway gateway;
        Consumer<byte[]> toMachine;
        boolean closed;

        @Override
        public NetworkLink of(Gateway of) {
            gateway = of;
            return toCard -> {
                toMachine = toCard;
                return new NetworkLink.Connection() {
                    @Override
                    public void send(byte[] frame) {
                        sent.add(frame);
                    }

                    @Override
                    public void close() {
                        closed = true;
                    }
                };
            };
        }
    }

    private static final Ipv4Address FAR = Ipv4Address.of(192, 0, 2, 1);

    private Station stationWith(WayOut wayOut, Segment segment, String name) {
        StationConfig open = new StationConfig(0, false, SegmentConfig.DEFAULT_RATE);
        return new Station(segment, name, segment.link(MacAddress.forName(name), name, open, wayOut));
    }

    @Test
    void aMachineGoesOutByItsOwnWayOnly() {
        Segment segment = segment(1, false);
        Outside ours = new Outside();
        Outside theirs = new Outside();
        Station a = stationWith(ours, segment, "a");
        Station b = stationWith(theirs, segment, "b");
        Station without = new Station(segment, "without");
        byte[] packet = a.udp(ours.gateway.hardware(), FAR, 9, TEXT);
        a.cable.send(packet);
        without.cable.send(without.udp(ours.gateway.hardware(), FAR, 9, TEXT));
        assertThat(ours.sent).containsExactly(packet);
        assertThat(theirs.sent).isEmpty();
        assertThat(b.received).as("what goes out isn't heard by others").isEmpty();
        assertThat(ours.gateway.address()).isEqualTo(SERVICES);
        assertThat(ours.gateway.machine()).isEqualTo(a.address);
        a.send(b);
        assertThat(Udp.data(b.last())).as("neighbours still meet").isEqualTo(TEXT);
    }

    @Test
    void onlyPacketsToOtherNetworksGoOut() {
        Outside outside = new Outside();
        Segment segment = segment(1, false);
        Station a = stationWith(outside, segment, "a");
        Station b = new Station(segment, "b");
        MacAddress gateway = outside.gateway.hardware();
        a.cable.send(arp(a, SERVICES));
        a.cable.send(a.udp(gateway, SERVICES, 9, TEXT));
        a.cable.send(a.udp(gateway, b.address, 9, TEXT));
        a.cable.send(a.udp(gateway, Ipv4Address.of(10, 1, 0, 255), 9, TEXT));
        a.cable.send(a.udp(gateway, Ipv4Address.of(224, 0, 0, 251), 5353, TEXT));
        a.cable.send(a.udp(gateway, new Ipv4Address(-1), 9, TEXT));
        a.cable.send(a.udp(gateway, Ipv4Address.ANY, 9, TEXT));
        a.cable.send(Udp.create(gateway, a.hardware, FAR, 9, b.address, 9, TEXT));
        a.cable.send(EthernetFrame.create(gateway, a.hardware, 0x86DD, 60));
        assertThat(outside.sent).isEmpty();
    }

    @Test
    void onlyPacketsToTheMachineComeIn() {
        Outside outside = new Outside();
        Station a = stationWith(outside, segment(1, false), "a");
        MacAddress gateway = outside.gateway.hardware();
        outside.toMachine.accept(Udp.create(a.hardware, gateway, Ipv4Address.of(10, 1, 0, 99), 9, FAR, 9, TEXT));
        outside.toMachine.accept(Arp.reply(gateway, FAR, a.hardware, a.address));
        assertThat(a.received).isEmpty();
        outside.toMachine.accept(Udp.create(a.hardware, gateway, a.address, 9, FAR, 9, TEXT));
        assertThat(Udp.data(a.last())).isEqualTo(TEXT);
        a.cable.close();
        assertThat(outside.closed).isTrue();
    }

    @Test
    void foreignNamesAreAskedForOutside() {
        Outside outside = new Outside();
        Segment segment = segment(1, true);
        Station a = stationWith(outside, segment, "a");
        new Station(segment, "desk-7");
        a.cable.send(arp(a, SERVICES));
        for (String ours : List.of("desk-7", "desk-7.pool.internal", "nobody.pool.internal")) {
            a.received.clear();
            a.cable.send(a.udp(outside.gateway.hardware(), SERVICES, 53, question(ours)));
            assertThat(a.received).as(ours).hasSize(1);
        }
        assertThat(outside.sent).isEmpty();
        a.received.clear();
        a.cable.send(a.udp(outside.gateway.hardware(), SERVICES, 53, question("example.org")));
        assertThat(outside.sent).hasSize(1);
        assertThat(a.received).isEmpty();
    }

    @Test
    void aWayOutThatFailsPlugsNothingIn() {
        Segment segment = segment(1, false);
        WayOut broken = _ -> _ -> {
            throw new NetworkException("there is no way");
        };
        StationConfig seven = new StationConfig(7, false, SegmentConfig.DEFAULT_RATE);
        NetworkLink link = segment.link(MacAddress.forName("a"), "a", seven, broken);
        assertThatThrownBy(() -> link.connect(_ -> {})).hasMessage("there is no way");
        assertThat(new Station(segment, "b", seven).address).hasToString("10.1.0.7");
    }

    @Test
    void aFullSegmentSaysSo() {
        Segment small = fabric.segment(new SegmentConfig(
                9, new Ipv4Subnet(Ipv4Address.of(10, 9, 0, 0), 29), true, SegmentConfig.DEFAULT_RATE, "x"));
        for (int i = 0; i < 5; i++) {
            assertThat(new Station(small, "m" + i).address).hasToString("10.9.0." + (i + 2));
        }
        assertThatThrownBy(() -> new Station(small, "m5")).isInstanceOf(NetworkException.class);
    }

    @Test
    void garbageIsSurvived() {
        Segment segment = segment(1, false);
        Station a = new Station(segment, "a");
        Station b = new Station(segment, "b");
        a.cable.send(arp(a, SERVICES));
        MacAddress gateway = Arp.senderHardware(a.last());
        Random random = new Random(9);
        List<byte[]> seeds = List.of(
                dhcp(a, 1),
                arp(a, SERVICES),
                a.udp(gateway, SERVICES, 53, question("a.b.c")),
                a.udp(b.hardware, b.address, 9, TEXT));
        for (int i = 0; i < 200_000; i++) {
            now.addAndGet(1_000_000);
            byte[] frame = seeds.get(random.nextInt(seeds.size())).clone();
            for (int flips = random.nextInt(6); flips > 0; flips--) {
                frame[12 + random.nextInt(frame.length - 12)] = (byte) random.nextInt();
            }
            if (random.nextInt(4) == 0) {
                frame = Arrays.copyOf(frame, random.nextInt(1600));
            }
            a.cable.send(frame);
            a.received.clear();
        }
        b.received.forEach(frame -> assertThat(EthernetFrame.source(frame)).isEqualTo(a.hardware));
        a.cable.send(arp(a, SERVICES));
        assertThat(a.received).hasSize(1);
    }
}
