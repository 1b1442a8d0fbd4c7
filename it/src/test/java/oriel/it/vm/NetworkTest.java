package oriel.it.vm;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import oriel.hypervisor.network.Ipv4Address;
import oriel.hypervisor.network.Ipv4Subnet;
import oriel.hypervisor.network.MacAddress;
import oriel.hypervisor.network.NetworkCard;
import oriel.hypervisor.network.Segment;
import oriel.hypervisor.network.SegmentConfig;
import oriel.hypervisor.network.VirtualSwitch;
import oriel.it.guest.GoldenImage;

/** Stock Linux guests on the virtual switch: DHCP by busybox, DNS, and pings that arrive or don't. */
@Tag("guest")
@Timeout(value = 20, unit = TimeUnit.MINUTES)
class NetworkTest {
    private static final String SCRIPT = """
            ping -c 1 -W 5 $(ip route | /bin/busybox awk '/default/ { print $3 }') && echo "gateway answers"
            nslookup first.pool.internal
            peer=$(/bin/busybox sed 's/.*peer=//' /proc/cmdline)
            ping -c 3 -W 5 $peer && echo "peer answers" || echo "peer is silent"
            """;

    @TempDir
    private Path folder;

    private GoldenImage image;
    private final VirtualSwitch fabric = new VirtualSwitch(System::nanoTime);

    @BeforeEach
    void prepare() throws Exception {
        image = GoldenImage.get();
        NetworkGuest.prepare(image, folder, SCRIPT);
    }

    private Segment segment(int vlan, boolean isolated) {
        Ipv4Subnet subnet = new Ipv4Subnet(Ipv4Address.of(10, 20, 30, 0), 24);
        return fabric.segment(new SegmentConfig(vlan, subnet, isolated, SegmentConfig.DEFAULT_RATE, "pool.internal"));
    }

    private NetworkGuest guest(String name, Segment segment, String peer) throws Exception {
        MacAddress address = MacAddress.forName(name);
        return new NetworkGuest(
                image, folder, name, "peer=" + peer, new NetworkCard(address, segment.link(address, name)));
    }

    @Test
    void guestsOfOneSegmentReachEachOther() throws Exception {
        try (NetworkGuest first = guest("first", segment(1, false), "10.20.30.1")) {
            first.await("peer answers", "peer is silent");
            try (NetworkGuest second = guest("second", segment(1, false), "10.20.30.2")) {
                second.await("address 10.20.30.3/24", "peer is silent");
                second.await("gateway answers", "peer is silent");
                second.await("peer answers", "peer is silent");
                assertThat(second.said()).contains("10.20.30.2"); // by name, too
            }
        }
    }

    @Test
    void guestsOfDifferentVlansAndOfAnIsolatedSegmentDoNot() throws Exception {
        // Both get the same kind of address, so that nothing but the switch keeps them apart.
        try (NetworkGuest first = guest("first", segment(1, true), "10.20.30.1")) {
            first.await("peer answers", "peer is silent");
            try (NetworkGuest isolated = guest("isolated", segment(1, true), "10.20.30.2");
                    NetworkGuest elsewhere = guest("elsewhere", segment(2, false), "10.20.30.9")) {
                isolated.await("gateway answers", "peer is silent");
                isolated.await("peer is silent", "peer answers");
                elsewhere.await("gateway answers", "peer is silent");
                elsewhere.await("peer is silent", "peer answers");
            }
        }
    }
}
