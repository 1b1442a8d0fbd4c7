package oriel.hypervisor.host;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import oriel.hypervisor.guest.GuestIdentity;
import oriel.hypervisor.host.HostException.Reason;
import oriel.hypervisor.network.Bridge;
import oriel.hypervisor.network.MacAddress;
import oriel.hypervisor.network.NetworkCard;
import oriel.hypervisor.network.NetworkException;
import oriel.hypervisor.network.NetworkLink;
import oriel.hypervisor.network.PasstLink;
import oriel.hypervisor.network.Segment;
import oriel.hypervisor.network.SegmentConfig;
import oriel.hypervisor.network.StationConfig;
import oriel.hypervisor.network.TapLink;
import oriel.hypervisor.network.VirtualSwitch;

/** The host's switch, and the cards by which machines are on it. Thread-safe. */
final class MachineNetworks implements AutoCloseable {
    private static final String PASST = "passt";

    private final VirtualSwitch fabric = new VirtualSwitch(System::nanoTime);
    private final Map<String, Bridge> bridges = new HashMap<>(); // by tap device; guarded by itself

    /**
     * A machine's card. Its Ethernet address follows from the machine's name, for ever.
     *
     * @throws HostException {@code UNSUPPORTED} if this computer lacks what the uplink needs: passt, a tap device
     */
    NetworkCard card(String machine, String owner, NetworkSpec spec) throws HostException {
        MacAddress address = MacAddress.of(GuestIdentity.of(machine, owner, 1).mac());
        NetworkLink link = switch (spec.uplink()) {
            case NetworkSpec.Uplink.None _ -> segment(spec).link(address, machine, station(spec));
            case NetworkSpec.Uplink.User _ -> {
                Path passt = passt();
                yield segment(spec).link(address, machine, station(spec), gateway -> PasstLink.behind(passt, gateway));
            }
            case NetworkSpec.Uplink.Bridge bridge ->
                bridge(bridge.device()).link(address, spec.isolated(), spec.bytesPerSecond());
        };
        return new NetworkCard(address, link);
    }

    private Segment segment(NetworkSpec spec) {
        return fabric.segment(SegmentConfig.isolated(spec.vlan()));
    }

    private static StationConfig station(NetworkSpec spec) {
        return new StationConfig(spec.station(), spec.isolated(), spec.bytesPerSecond());
    }

    private Bridge bridge(String device) throws HostException {
        synchronized (bridges) {
            Bridge known = bridges.get(device);
            if (known != null) {
                return known;
            }
            try {
                Bridge made = new Bridge(new TapLink(device, () -> forget(device)), System::nanoTime);
                bridges.put(device, made);
                return made;
            } catch (NetworkException e) {
                throw new HostException(Reason.UNSUPPORTED, String.valueOf(e.getMessage()), e);
            }
        }
    }

    /** The next machine that starts looks for the device anew. */
    private void forget(String device) {
        synchronized (bridges) {
            bridges.remove(device);
        }
    }

    /** Unplugs all tap devices. */
    @Override
    public void close() {
        synchronized (bridges) {
            bridges.values().forEach(Bridge::close);
            bridges.clear();
        }
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
