package oriel.hypervisor.host;

import java.util.Properties;
import oriel.hypervisor.network.SegmentConfig;
import oriel.hypervisor.network.TapLink;

/**
 * Where the cable of a machine's network card goes.
 *
 * @param vlan of the host's switch, 1–4094; the machines of one VLAN are on one segment
 * @param station of the machine in its segment, from 2: its IPv4 address is made of it, so that it is the same after a
 *     refresh, a restart of the host, and on another host; 0: any that is free
 * @param isolated whether it reaches the segment's services and the uplink only, and no other machine
 * @param uplink its way out
 * @param bytesPerSecond what it may send
 */
public record NetworkSpec(int vlan, int station, boolean isolated, Uplink uplink, long bytesPerSecond) {
    private static final String NONE = "NONE", USER = "USER", BRIDGE = "BRIDGE ";

    /** VLAN 4094: where templates are prepared, each for itself. No pool's. */
    public static final NetworkSpec QUARANTINE =
            new NetworkSpec(4094, 0, true, Uplink.NONE, SegmentConfig.DEFAULT_RATE);

    /** Ways out of a segment. */
    public sealed interface Uplink {
        /** There is none. */
        Uplink NONE = new None();

        /** Through the host's own connections, by a passt for each machine behind the segment's gateway. */
        Uplink USER = new User();

        /** There is none. */
        record None() implements Uplink {}

        /** Through the host's own connections. */
        record User() implements Uplink {}

        /**
         * Instead of a segment: the network behind a tap device of the host, with that network's addresses.
         *
         * @param device its name, 1 to 15 letters, digits, {@code _ . -}
         */
        record Bridge(String device) implements Uplink {
            /** Whether a device can have this name. */
            public static boolean names(String device) {
                return TapLink.valid(device);
            }

            /** Checks the name. */
            public Bridge {
                if (!names(device)) {
                    throw new IllegalArgumentException("\"" + device + "\" is no network device's name");
                }
            }
        }
    }

    /** Checks the ranges. */
    public NetworkSpec {
        if (vlan < 1 || vlan > 4094) {
            throw new IllegalArgumentException("a VLAN's number is 1 to 4094, not " + vlan);
        }
        if (station < 0 || station == 1) {
            throw new IllegalArgumentException("station " + station + " isn't a machine's");
        }
        if (bytesPerSecond < SegmentConfig.LEAST_RATE) {
            throw new IllegalArgumentException("a machine needs 16 KiB/s at least, not " + bytesPerSecond + " bytes");
        }
    }

    void write(Properties properties) {
        properties.setProperty("network.vlan", Integer.toString(vlan));
        properties.setProperty("network.station", Integer.toString(station));
        properties.setProperty("network.isolated", Boolean.toString(isolated));
        properties.setProperty(
                "network.uplink",
                switch (uplink) {
                    case Uplink.None _ -> NONE;
                    case Uplink.User _ -> USER;
                    case Uplink.Bridge bridge -> BRIDGE + bridge.device();
                });
        properties.setProperty("network.rate", Long.toString(bytesPerSecond));
    }

    static NetworkSpec read(Properties properties) {
        return new NetworkSpec(
                (int) PropertiesFile.number(properties, "network.vlan"),
                (int) PropertiesFile.number(properties, "network.station"),
                Boolean.parseBoolean(PropertiesFile.require(properties, "network.isolated")),
                uplink(PropertiesFile.require(properties, "network.uplink")),
                PropertiesFile.number(properties, "network.rate"));
    }

    private static Uplink uplink(String text) {
        return switch (text) {
            case NONE -> Uplink.NONE;
            case USER -> Uplink.USER;
            default -> {
                if (!text.startsWith(BRIDGE)) {
                    throw new IllegalArgumentException("\"" + text + "\" is no uplink");
                }
                yield new Uplink.Bridge(text.substring(BRIDGE.length()));
            }
        };
    }
}
