package oriel.hypervisor.host;

import java.util.Optional;

/**
 * A machine as its host sees it now.
 *
 * @param name its name
 * @param owner the label it was made with
 * @param generation of its disk, see {@link MachineSpec#generation()}
 * @param power whether it runs
 * @param guestReady the guest has said since power-on that its desktop is drawn
 * @param failure why it stopped, if not by itself or by request: for people
 */
public record MachineStatus(
        String name, String owner, long generation, PowerState power, boolean guestReady, Optional<String> failure) {}
