package oriel.broker.cli;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import oriel.hypervisor.network.MacAddress;
import oriel.hypervisor.network.NetworkCard;
import oriel.hypervisor.network.NetworkLink;
import oriel.hypervisor.network.PasstLink;
import oriel.hypervisor.network.SegmentConfig;
import oriel.hypervisor.network.VirtualSwitch;

/** What {@code oriel vm --net} can mean. */
final class VmNetwork {
    private static final String MACHINE = "vm";

    private VmNetwork() {}

    /** The cards of a machine; empty if the text means nothing. */
    static Optional<List<NetworkCard>> cards(String text) {
        return switch (text) {
            case "none" -> Optional.of(List.of());
            case "user" -> Optional.of(card(new PasstLink(Path.of("passt"))));
            case "switch" ->
                Optional.of(card(new VirtualSwitch(System::nanoTime)
                        .segment(SegmentConfig.isolated(1))
                        .link(MacAddress.forName(MACHINE), MACHINE)));
            default -> Optional.empty();
        };
    }

    private static List<NetworkCard> card(NetworkLink link) {
        return List.of(new NetworkCard(MacAddress.forName(MACHINE), link));
    }
}
