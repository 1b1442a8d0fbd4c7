package oriel.hypervisor.network;

import static java.util.Objects.requireNonNull;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * One VLAN of a switch: ports of machines, the segment's own services, and a way out. It learns where addresses are, and
 * keeps isolated machines from all others. Thread-safe: frames are delivered on the thread that sends them.
 */
public final class Segment {
    /** Addresses that are learnt; a way out that invents more forgets the oldest. */
    private static final int MAX_LEARNT = 4096;

    private static final int PARTS_OF_SECOND = 10;

    private final SegmentConfig config;
    private final LongSupplier nanos;
    private final SegmentServices services;

    // All guarded by this.
    private final Map<MacAddress, Ipv4Address> leases = new HashMap<>();
    private final Map<MacAddress, String> names = new HashMap<>();
    private final List<Port> ports = new ArrayList<>();
    private final Map<MacAddress, Port> learnt = new LinkedHashMap<>() {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<MacAddress, Port> eldest) {
            return size() > MAX_LEARNT;
        }
    };

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
            Port port = plug(address, name, station, toCard);
            try {
                port.leadOut(wayOut);
            } catch (RuntimeException e) {
                port.close();
                throw e;
            }
            return port;
        };
    }

    private synchronized Port plug(MacAddress address, String name, StationConfig station, Consumer<byte[]> toCard) {
        Ipv4Address lease = lease(address, station.station());
        names.put(address, name);
        return plug(new Port(
                toCard,
                new SpoofGuard(address, lease),
                station.isolated(),
                new TokenBucket(station.bytesPerSecond(), burst(station), nanos.getAsLong())));
    }

    private static long burst(StationConfig station) {
        return Math.max(station.bytesPerSecond() / PARTS_OF_SECOND, 2L * EthernetFrame.MAX_LENGTH);
    }

    /** A cable for a way out: a tap device, a router. Frames of any address come and go, unlimited. */
    public NetworkLink uplink() {
        return toCard -> plug(new Port(toCard, null, false, null));
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
        if (holder.filter(this::plugged).isPresent()) {
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

    private boolean plugged(MacAddress address) {
        return ports.stream()
                .anyMatch(port -> port.guard != null && port.guard.hardware().equals(address));
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

    private synchronized Port plug(Port port) {
        ports.add(port);
        return port;
    }

    private synchronized void unplug(Port port) {
        ports.remove(port);
        learnt.values().removeIf(p -> p == port);
    }

    /** Who gets a frame that came in by a port. */
    private synchronized List<Port> route(Port from, byte[] frame) {
        if (!ports.contains(from)) {
            return List.of(); // unplugged meanwhile
        }
        MacAddress source = EthernetFrame.source(frame);
        if (!source.group()) {
            learnt.put(source, from);
        }
        MacAddress destination = EthernetFrame.destination(frame);
        if (destination.equals(services.hardware())) {
            return List.of(); // or what goes out would be heard by everybody
        }
        Port known = destination.group() ? null : learnt.get(destination);
        if (known != null) {
            return known != from && mayReach(from, known) ? List.of(known) : List.of();
        }
        return ports.stream()
                .filter(port -> port != from && mayReach(from, port))
                .toList();
    }

    private static boolean mayReach(Port from, Port to) {
        return from.guard == null || to.guard == null || !(from.isolated || to.isolated);
    }

    /** A frame of the segment's own services to one machine. */
    void deliver(MacAddress destination, byte[] frame) {
        Port port;
        synchronized (this) {
            port = learnt.get(destination);
        }
        if (port != null) {
            port.toCard.accept(frame);
        }
    }

    /** Where one cable ends. */
    private final class Port implements NetworkLink.Connection {
        private final Consumer<byte[]> toCard;
        private final @Nullable SpoofGuard guard; // none for a way out
        private final boolean isolated;
        private final @Nullable TokenBucket rate; // guarded by itself
        private volatile NetworkLink.@Nullable Connection wayOut;

        Port(Consumer<byte[]> toCard, @Nullable SpoofGuard guard, boolean isolated, @Nullable TokenBucket rate) {
            this.toCard = toCard;
            this.guard = guard;
            this.isolated = isolated;
            this.rate = rate;
        }

        /** Called once, before the machine sends. */
        void leadOut(WayOut out) {
            SpoofGuard machine = requireNonNull(guard);
            wayOut = out.of(services.gateway(machine.address())).connect(frame -> {
                if (Ipv4.valid(frame) && Ipv4.destination(frame).equals(machine.address())) {
                    toCard.accept(frame);
                }
            });
        }

        @Override
        public void send(byte[] frame) {
            if (frame.length < EthernetFrame.HEADER || frame.length > EthernetFrame.MAX_LENGTH) {
                return;
            }
            if (guard != null && !(withinRate(frame.length) && guard.allows(frame))) {
                return;
            }
            List<Port> receivers = route(this, frame);
            receivers.forEach(port -> port.toCard.accept(frame));
            if (guard != null) {
                services.received(frame, wayOut);
            }
        }

        private boolean withinRate(int length) {
            if (rate == null) {
                return true;
            }
            synchronized (rate) {
                return rate.take(length, nanos.getAsLong());
            }
        }

        @Override
        public void close() {
            unplug(this);
            NetworkLink.Connection out = wayOut;
            if (out != null) {
                out.close();
            }
        }
    }
}
