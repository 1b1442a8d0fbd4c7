package oriel.it.vm;

import java.nio.file.Path;
import oriel.hypervisor.network.Bridge;
import oriel.hypervisor.network.MacAddress;
import oriel.hypervisor.network.NetworkCard;
import oriel.hypervisor.network.SegmentConfig;
import oriel.hypervisor.network.TapLink;
import oriel.it.guest.GoldenImage;

/** Guests behind the tap device {@code oriel0}: two that reach each other, and one that is isolated. */
final class BridgedGuests {
    static final String DEVICE = "oriel0";

    private static final String SCRIPT = """
            page 192.0.2.1
            peer=$(/bin/busybox sed 's/.*peer=//' /proc/cmdline)
            ping -c 3 -W 3 $peer && echo "peer answers" || echo "peer is silent"
            ip addr add 192.0.2.77/24 dev eth0
            ping -c 2 -W 2 -I 192.0.2.77 192.0.2.1 && echo "a lie is believed" || echo "a lie is dropped"
            echo "that was all"
            """;
    private static final String END = "that was all";

    private final GoldenImage image;
    private final Path folder;
    private final Bridge bridge = new Bridge(new TapLink(DEVICE, () -> {}), System::nanoTime);

    private BridgedGuests(GoldenImage image, Path folder) {
        this.image = image;
        this.folder = folder;
    }

    /** Argument: a folder. Prints what the guests say. */
    public static void main(String[] arguments) throws Exception {
        Path folder = Path.of(arguments[0]);
        GoldenImage image = GoldenImage.get();
        NetworkGuest.prepare(image, folder, SCRIPT);
        new BridgedGuests(image, folder).run();
    }

    private void run() throws Exception {
        try (bridge;
                NetworkGuest first = guest("first", false, "192.0.2.1")) {
            first.await(END, END);
            String peer =
                    bridge.addressOf(MacAddress.forName("first")).orElseThrow().toString();
            try (NetworkGuest second = guest("second", false, peer);
                    NetworkGuest alone = guest("alone", true, peer)) {
                second.await(END, END);
                alone.await(END, END);
                print("first", first);
                print("second", second);
                print("alone", alone);
            }
        }
    }

    private NetworkGuest guest(String name, boolean isolated, String peer) throws Exception {
        MacAddress address = MacAddress.forName(name);
        return new NetworkGuest(
                image,
                folder,
                name,
                "peer=" + peer,
                new NetworkCard(address, bridge.link(address, isolated, SegmentConfig.DEFAULT_RATE)));
    }

    private static void print(String name, NetworkGuest guest) {
        System.out.println("=== " + name + "\n" + guest.said());
    }
}
