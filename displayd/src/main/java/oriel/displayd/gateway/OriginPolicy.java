package oriel.displayd.gateway;

import java.net.URI;
import java.util.HashSet;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Which pages may open a display (RFC 6455 §10.2). Without it any page a user visits could use what their browser can
 * reach. A client that sends no origin is no browser and passes: it still needs a ticket.
 */
public final class OriginPolicy {
    private final Set<String> allowed;

    private OriginPolicy(Set<String> allowed) {
        this.allowed = allowed;
    }

    /** Pages from the host that the WebSocket itself was asked of. */
    public static OriginPolicy sameHost() {
        return new OriginPolicy(Set.of());
    }

    /** Pages from the same host, and from these origins, e.g. {@code https://desktops.example.org}. */
    public static OriginPolicy sameHostAnd(Set<String> origins) {
        Set<String> lower = new HashSet<>();
        for (String origin : origins) {
            lower.add(origin.toLowerCase(Locale.ROOT));
        }
        return new OriginPolicy(Set.copyOf(lower));
    }

    /**
     * Decides.
     *
     * @param origin the Origin header, empty if there was none
     * @param host the Host header: with port, unless it is the scheme's own
     * @param forwardedHost the X-Forwarded-Host header. Trustworthy here: the gateway listens on loopback behind the
     *     broker's proxy, and a page can't make a browser send it
     */
    public boolean allows(String origin, String host, String forwardedHost) {
        if (origin.isEmpty()) {
            return true;
        }
        if (allowed.contains(origin.toLowerCase(Locale.ROOT))) {
            return true;
        }
        String authority = authority(origin);
        String asked = forwardedHost.isEmpty() ? host : forwardedHost;
        return authority != null && authority.equalsIgnoreCase(asked.strip());
    }

    private static @Nullable String authority(String origin) {
        try {
            return URI.create(origin).getRawAuthority();
        } catch (IllegalArgumentException e) {
            return null; // "null" of sandboxed pages, or nonsense
        }
    }
}
