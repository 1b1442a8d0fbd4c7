package oriel.hypervisor.network;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The ports of one broadcast domain: learns where addresses are, and keeps isolated machines from all others. Thread-safe. */
final class Ports {
    /** Addresses that are learnt; a way out that invents more forgets the oldest. */
    private static final int MAX_LEARNT = 4096;

    // Both guarded by this.
    private final List<Port> ports = new ArrayList<>();
    private final Map<MacAddress, Port> learnt = new LinkedHashMap<>() {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<MacAddress, Port> eldest) {
            return size() > MAX_LEARNT;
        }
    };

    /** Where a cable ends. */
    interface Port {
        /** The station at the other end. */
        Kind kind();

        /** Takes a frame for it, and drops what there is no room for. */
        void deliver(byte[] frame);
    }

    /** Who may meet whom. */
    enum Kind {
        /** A machine that reaches others. */
        OPEN,
        /** A machine that reaches ways out only. */
        ISOLATED,
        /** Reaches everybody. */
        WAY_OUT;

        static Kind machine(boolean isolated) {
            return isolated ? ISOLATED : OPEN;
        }

        private boolean meets(Kind other) {
            return this == WAY_OUT || other == WAY_OUT || this == OPEN && other == OPEN;
        }
    }

    synchronized void plug(Port port) {
        ports.add(port);
    }

    synchronized void unplug(Port port) {
        ports.remove(port);
        learnt.values().removeIf(known -> known == port);
    }

    /** Learns where the sender of a frame is, and tells who gets the frame. */
    synchronized List<Port> route(Port from, byte[] frame) {
        if (!ports.contains(from)) {
            return List.of(); // unplugged meanwhile
        }
        learn(from, frame);
        MacAddress destination = EthernetFrame.destination(frame);
        Port known = destination.group() ? null : learnt.get(destination);
        if (known != null) {
            return known != from && from.kind().meets(known.kind()) ? List.of(known) : List.of();
        }
        return ports.stream()
                .filter(port -> port != from && from.kind().meets(port.kind()))
                .toList();
    }

    /** Learns where the sender of a frame is that goes nowhere else. */
    synchronized void learn(Port from, byte[] frame) {
        MacAddress source = EthernetFrame.source(frame);
        if (!source.group() && ports.contains(from)) {
            learnt.put(source, from);
        }
    }

    /** Where an address is. */
    synchronized Optional<Port> of(MacAddress address) {
        return Optional.ofNullable(learnt.get(address));
    }
}
