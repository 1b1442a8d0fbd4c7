package oriel.broker.cli;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import oriel.hypervisor.network.Bridge;
import oriel.hypervisor.network.MacAddress;
import oriel.hypervisor.network.NetworkCard;
import oriel.hypervisor.network.NetworkLink;
import oriel.hypervisor.network.PasstLink;
import oriel.hypervisor.network.SegmentConfig;
import oriel.hypervisor.network.TapLink;
import oriel.hypervisor.network.VirtualSwitch;

/** What {@code oriel vm --net} can mean. */
final class VmNetwork {
    private static final String MACHINE = "vm";
    private static final String TAP = "tap:";

    private VmNetwork() {}

    /**
     * The cards of a machine; empty if the text means nothing.
     *
     * @throws oriel.hypervisor.network.NetworkException if there is no such tap device
     */
    static Optional<List<NetworkCard>> cards(String text) {
        return switch (text) {
            case "none" -> Optional.of(List.of());
            case "user" -> Optional.of(card(new PasstLink(Path.of("passt"))));
            case "switch" ->
                Optional.of(card(new VirtualSwitch(System::nanoTime)
                        .segment(SegmentConfig.isolated(1))
                        .link(MacAddress.forName(MACHINE), MACHINE)));
            default ->
                text.startsWith(TAP) ? Optional.of(card(bridged(text.substring(TAP.length())))) : Optional.empty();
        };
    }

    private static NetworkLink bridged(String device) {
        return new Bridge(new TapLink(device, () -> {}), System::nanoTime)
                .link(MacAddress.forName(MACHINE), true, SegmentConfig.DEFAULT_RATE);
    }

    private static List<NetworkCard> card(NetworkLink link) {
        return List.of(new NetworkCard(MacAddress.forName(MACHINE), link));
    }
}
