package oriel.broker.pool;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import oriel.broker.problem.Check;
import oriel.broker.problem.RefusedException;
import oriel.hypervisor.host.NetworkSpec;

/**
 * The network of a pool's machines; each pool has a segment of its own. Absent fields have defaults. What is changed
 * holds for a machine from its next start.
 *
 * @param access whom they reach; isolated by default
 * @param uplink their way out; none by default
 * @param device with {@link Uplink#BRIDGE}: the tap device of each host that leads to that network
 * @param megabits a second that a machine may send; 100 by default
 */
public record PoolNetwork(
        @Nullable Access access,
        @Nullable Uplink uplink,
        @Nullable String device,
        @Nullable Integer megabits) {
    /** The segment's services and nobody else. */
    public static final PoolNetwork DEFAULT = new PoolNetwork(null, null, null, null);

    private static final int BYTES_PER_MEGABIT = 125_000;

    /** Checks what fits together. */
    public PoolNetwork {
        access = access == null ? Access.ISOLATED : access;
        uplink = uplink == null ? Uplink.NONE : uplink;
        megabits = megabits == null ? 100 : Check.within("policy.network.megabits", megabits, 1, 10_000);
        if (uplink != Uplink.NONE && access == Access.NONE) {
            throw RefusedException.field(
                    "policy.network.uplink", "must be none with access none: a machine without a card has no way out");
        }
        if (uplink == Uplink.BRIDGE && (device == null || !NetworkSpec.Uplink.Bridge.names(device))) {
            throw RefusedException.field(
                    "policy.network.device",
                    "must name the hosts' tap device that leads to the network: 1 to 15 letters, digits, _ . -");
        }
        if (uplink != Uplink.BRIDGE && device != null) {
            throw RefusedException.field("policy.network.device", "is for uplink bridge only");
        }
    }

    /** Whom a machine reaches. */
    public enum Access {
        /** It has no network card. */
        NONE,
        /** The segment's services and the way out. */
        ISOLATED,
        /** The pool's other machines, too. */
        OPEN;

        /** The name in the API's contract. */
        @JsonValue
        public String wireName() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** A way out. */
    public enum Uplink {
        /** There is none. */
        NONE,
        /** The host's own connections, by the program passt. */
        USER,
        /** Machines are on the network behind a tap device of the host, and have its addresses. */
        BRIDGE;

        /** The name in the API's contract. */
        @JsonValue
        public String wireName() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** Whether machines have a card. */
    public boolean card() {
        return access != Access.NONE;
    }

    /** Whether machines meet nobody. */
    public boolean isolated() {
        return access != Access.OPEN;
    }

    /** The way out, as hosts know it. */
    public NetworkSpec.Uplink onHost() {
        return switch (requireNonNull(uplink)) {
            case NONE -> NetworkSpec.Uplink.NONE;
            case USER -> NetworkSpec.Uplink.USER;
            case BRIDGE -> new NetworkSpec.Uplink.Bridge(requireNonNull(device));
        };
    }

    /** What a machine may send. */
    public long bytesPerSecond() {
        return megabits == null ? 0 : (long) megabits * BYTES_PER_MEGABIT;
    }
}
