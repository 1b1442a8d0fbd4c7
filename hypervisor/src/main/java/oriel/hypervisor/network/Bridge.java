package oriel.hypervisor.network;

import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/**
 * Machines on a network that somebody else runs: the office's, by a tap device that the host's administrator has plugged
 * into a bridge. Its DHCP server gives them addresses, which are watched: a machine sends from its own Ethernet address and
 * the IPv4 address that it was given only (DHCP snooping), no IPv6, at its rate. Isolated machines reach that network, and
 * no other machine of this bridge. Thread-safe.
 */
public final class Bridge implements AutoCloseable {
    private static final int DHCP_SERVER = 67;
    private static final int DHCP_CLIENT = 68;

    private final LongSupplier nanos;
    private final Ports ports = new Ports();
    private final Lan lan = new Lan();
    private final NetworkLink.Connection toLan;

    // Both guarded by this. Leases outlive cables: a machine that goes on from a snapshot asks for none.
    private final Map<MacAddress, Ipv4Address> leases = new HashMap<>();
    private final Map<MacAddress, MachinePort> machines = new HashMap<>();

    /**
     * Machines on what is at the other end of a cable.
     *
     * @param nanos a monotonic clock, for rate limits
     * @throws NetworkException if the network can't be reached
     */
    public Bridge(NetworkLink network, LongSupplier nanos) {
        this.nanos = nanos;
        this.ports.plug(lan);
        this.toLan = network.connect(this::fromLan);
    }

    /**
     * A cable for a machine.
     *
     * @param isolated whether it reaches no other machine of this bridge
     * @param bytesPerSecond what it may send
     */
    public NetworkLink link(MacAddress address, boolean isolated, long bytesPerSecond) {
        return toCard -> {
            MachinePort port = new MachinePort(
                    toCard, address, Ports.Kind.machine(isolated), new RateLimit(bytesPerSecond, nanos));
            synchronized (this) {
                Optional.ofNullable(leases.get(address)).ifPresent(port::leased);
                machines.put(address, port);
            }
            ports.plug(port);
            return port;
        };
    }

    /** The address that a machine was given. */
    public synchronized Optional<Ipv4Address> addressOf(MacAddress machine) {
        return Optional.ofNullable(leases.get(machine));
    }

    private void fromLan(byte[] frame) {
        // Neither a VLAN's nor a giant; nor a router's offer of IPv6, which a machine would take and then wait in vain.
        if (EthernetFrame.valid(frame) && EthernetFrame.type(frame) != EthernetFrame.IPV6) {
            snoop(frame);
            ports.route(lan, frame).forEach(port -> port.deliver(frame));
        }
    }

    private void snoop(byte[] frame) {
        if (!Ipv4.valid(frame)
                || !Udp.valid(frame)
                || Udp.sourcePort(frame) != DHCP_SERVER
                || Udp.destinationPort(frame) != DHCP_CLIENT) {
            return;
        }
        byte[] message = Udp.data(frame);
        if (!DhcpMessage.valid(message)
                || message[0] != DhcpMessage.BOOT_REPLY
                || DhcpMessage.type(message) != DhcpMessage.ACK
                || DhcpMessage.given(message).equals(Ipv4Address.ANY)) {
            return;
        }
        synchronized (this) {
            MachinePort machine = machines.get(DhcpMessage.client(message));
            if (machine != null) {
                leases.put(DhcpMessage.client(message), DhcpMessage.given(message));
                machine.leased(DhcpMessage.given(message));
            }
        }
    }

    @Override
    public void close() {
        toLan.close();
    }

    /** The network. */
    private final class Lan implements Ports.Port {
        @Override
        public Ports.Kind kind() {
            return Ports.Kind.WAY_OUT;
        }

        @Override
        public void deliver(byte[] frame) {
            toLan.send(frame);
        }
    }

    /** Where a machine's cable ends. */
    private final class MachinePort implements Ports.Port, NetworkLink.Connection {
        private final Consumer<byte[]> toCard;
        private final MacAddress address;
        private final Ports.Kind kind;
        private final RateLimit rate;
        private volatile SpoofGuard guard;

        MachinePort(Consumer<byte[]> toCard, MacAddress address, Ports.Kind kind, RateLimit rate) {
            this.toCard = toCard;
            this.address = address;
            this.kind = kind;
            this.rate = rate;
            this.guard = new SpoofGuard(address, Ipv4Address.ANY); // it may ask for a lease, and nothing else
        }

        void leased(Ipv4Address lease) {
            guard = new SpoofGuard(address, lease);
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
            if (EthernetFrame.valid(frame) && rate.allows(frame) && guard.allows(frame)) {
                ports.route(this, frame).forEach(port -> port.deliver(frame));
            }
        }

        @Override
        public void close() {
            ports.unplug(this);
            synchronized (Bridge.this) {
                machines.remove(address, this);
            }
        }
    }
}
