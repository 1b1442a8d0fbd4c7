package oriel.hypervisor.host;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Stream;
import oriel.hypervisor.guest.GuestIdentity;
import oriel.hypervisor.host.HostException.Reason;
import oriel.hypervisor.network.MacAddress;
import oriel.hypervisor.network.NetworkCard;
import oriel.hypervisor.network.NetworkLink;
import oriel.hypervisor.network.PasstLink;
import oriel.hypervisor.network.Segment;
import oriel.hypervisor.network.SegmentConfig;
import oriel.hypervisor.network.StationConfig;
import oriel.hypervisor.network.VirtualSwitch;

/** The host's switch, and the cards by which machines are on it. Thread-safe. */
final class MachineNetworks {
    private static final String PASST = "passt";

    private final VirtualSwitch fabric = new VirtualSwitch(System::nanoTime);

    /**
     * A machine's card. Its Ethernet address follows from the machine's name, for ever.
     *
     * @throws HostException {@code UNSUPPORTED} if this computer lacks what the uplink needs
     */
    NetworkCard card(String machine, String owner, NetworkSpec spec) throws HostException {
        MacAddress address = MacAddress.of(GuestIdentity.of(machine, owner, 1).mac());
        Segment segment = fabric.segment(SegmentConfig.isolated(spec.vlan()));
        StationConfig station = new StationConfig(spec.station(), spec.isolated(), spec.bytesPerSecond());
        NetworkLink link = switch (spec.uplink()) {
            case NONE -> segment.link(address, machine, station);
            case USER -> {
                Path passt = passt();
                yield segment.link(address, machine, station, gateway -> PasstLink.behind(passt, gateway));
            }
        };
        return new NetworkCard(address, link);
    }

    private static Path passt() throws HostException {
        Optional<Path> found = Stream.of(
                        System.getenv().getOrDefault("PATH", "").split(File.pathSeparator))
                .filter(folder -> !folder.isEmpty())
                .map(folder -> Path.of(folder, PASST))
                .filter(Files::isExecutable)
                .findFirst();
        return found.orElseThrow(
                () -> new HostException(
                        Reason.UNSUPPORTED,
                        "this host has no passt for machines' way out: install Debian's package passt, or set the pool's uplink to none"));
    }
}
