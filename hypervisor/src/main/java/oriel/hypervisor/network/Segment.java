package oriel.hypervisor.network;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * One VLAN of a switch: ports of machines, and the segment's own services. Thread-safe: frames are delivered on the thread
 * that sends them.
 */
public final class Segment {
    private final SegmentConfig config;
    private final LongSupplier nanos;
    private final SegmentServices services;

    private final Ports ports = new Ports();

    // All guarded by this.
    private final Map<MacAddress, Ipv4Address> leases = new HashMap<>();
    private final Map<MacAddress, String> names = new HashMap<>();
    private final Set<MacAddress> plugged = new HashSet<>();

    Segment(SegmentConfig config, LongSupplier nanos) {
        this.config = config;
        this.nanos = nanos;
        this.services = new SegmentServices(this);
    }

    /** What it was made from. */
    public SegmentConfig config() {
        return config;
    }

    /**
     * A cable for a machine. It has one Ethernet address and one IPv4 address, and sends from no others.
     *
     * @param address of its card; the machine keeps its IPv4 address while the segment is there
     * @param name of the machine, for DNS
     * @throws NetworkException when it is plugged in, if the segment has no address left
     */
    public NetworkLink link(MacAddress address, String name) {
        return link(address, name, new StationConfig(0, config.isolated(), config.bytesPerSecond()));
    }

    /**
     * The same with what holds for one machine: two of a segment can differ, as when what holds for all is being changed.
     *
     * @throws NetworkException when it is plugged in, if the station's number is another machine's that is plugged in
     */
    public NetworkLink link(MacAddress address, String name, StationConfig station) {
        return toCard -> plug(address, name, station, toCard);
    }

    /**
     * The same for a machine that has a way out of its own: the segment's services are its gateway, and ask by it for
     * names that they don't know.
     *
     * @throws NetworkException when it is plugged in, if the way out isn't there
     */
    public NetworkLink link(MacAddress address, String name, StationConfig station, WayOut wayOut) {
        return toCard -> {
            MachinePort port = plug(address, name, station, toCard);
            try {
                port.leadOut(wayOut);
            } catch (RuntimeException e) {
                port.close();
                throw e;
            }
            return port;
        };
    }

    private synchronized MachinePort plug(
            MacAddress address, String name, StationConfig station, Consumer<byte[]> toCard) {
        Ipv4Address lease = lease(address, station.station());
        names.put(address, name);
        MachinePort port = new MachinePort(
                toCard,
                new SpoofGuard(address, lease),
                Ports.Kind.machine(station.isolated()),
                new RateLimit(station.bytesPerSecond(), nanos));
        ports.plug(port);
        plugged.add(address);
        return port;
    }

    private Ipv4Address lease(MacAddress address, int station) {
        Ipv4Address present = leases.get(address);
        if (station == 0) {
            return present != null ? present : give(address, free());
        }
        if (station > config.subnet().stations()) {
            throw new NetworkException("the segment of VLAN %d has %d addresses in %s: there is none for station %d"
                    .formatted(config.vlan(), config.subnet().stations(), config.subnet(), station));
        }
        Ipv4Address wanted = config.subnet().station(station);
        if (wanted.equals(present)) {
            return wanted;
        }
        // Whoever had it and isn't there any more was of a pool that is gone.
        Optional<MacAddress> holder = leases.entrySet().stream()
                .filter(entry -> entry.getValue().equals(wanted))
                .map(Map.Entry::getKey)
                .findFirst();
        if (holder.filter(plugged::contains).isPresent()) {
            throw new NetworkException("address %s of VLAN %d is %s's: give the segment another number"
                    .formatted(wanted, config.vlan(), names.get(holder.get())));
        }
        holder.ifPresent(gone -> {
            leases.remove(gone);
            names.remove(gone);
        });
        return give(address, wanted);
    }

    private Ipv4Address give(MacAddress address, Ipv4Address lease) {
        leases.put(address, lease);
        return lease;
    }

    /** Station 1 is the services. An address is its machine's while the segment is there. */
    private Ipv4Address free() {
        Set<Ipv4Address> taken = Set.copyOf(leases.values());
        return IntStream.rangeClosed(2, config.subnet().stations())
                .mapToObj(config.subnet()::station)
                .filter(candidate -> !taken.contains(candidate))
                .findFirst()
                .orElseThrow(() -> new NetworkException(
                        "the segment of VLAN %d has no address left in %s".formatted(config.vlan(), config.subnet())));
    }

    /** The address that a machine was given. */
    public synchronized Optional<Ipv4Address> addressOf(MacAddress machine) {
        return Optional.ofNullable(leases.get(machine));
    }

    /** The address of a machine by its name. */
    synchronized Optional<Ipv4Address> addressOf(String name) {
        return names.entrySet().stream()
                .filter(entry -> entry.getValue().equalsIgnoreCase(name))
                .findFirst()
                .map(entry -> leases.get(entry.getKey()));
    }

    /** A frame of the segment's own services to one machine. */
    void deliver(MacAddress destination, byte[] frame) {
        ports.of(destination).ifPresent(port -> port.deliver(frame));
    }

    /** Where a machine's cable ends. */
    private final class MachinePort implements Ports.Port, NetworkLink.Connection {
        private final Consumer<byte[]> toCard;
        private final SpoofGuard guard;
        private final Ports.Kind kind;
        private final RateLimit rate;
        private volatile NetworkLink.@Nullable Connection wayOut;

        MachinePort(Consumer<byte[]> toCard, SpoofGuard guard, Ports.Kind kind, RateLimit rate) {
            this.toCard = toCard;
            this.guard = guard;
            this.kind = kind;
            this.rate = rate;
        }

        /** Called once, before the machine sends. */
        void leadOut(WayOut out) {
            wayOut = out.of(services.gateway(guard.address())).connect(frame -> {
                if (Ipv4.valid(frame) && Ipv4.destination(frame).equals(guard.address())) {
                    toCard.accept(frame);
                }
            });
        }

        @Override
        public Ports.Kind kind() {
            return kind;
        }

        @Override
        public void deliver(byte[] frame) {
            toCard.accept(frame);
        }

        @Override
        public void send(byte[] frame) {
            if (!EthernetFrame.valid(frame) || !rate.allows(frame) || !guard.allows(frame)) {
                return;
            }
            if (EthernetFrame.destination(frame).equals(services.hardware())) {
                ports.learn(this, frame); // and nobody else hears what goes out
            } else {
                ports.route(this, frame).forEach(port -> port.deliver(frame));
            }
            services.received(frame, wayOut);
        }

        @Override
        public void close() {
            ports.unplug(this);
            synchronized (Segment.this) {
                plugged.remove(guard.hardware());
            }
            NetworkLink.Connection out = wayOut;
            if (out != null) {
                out.close();
            }
        }
    }
}
