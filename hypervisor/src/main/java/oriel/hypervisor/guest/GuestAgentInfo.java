package oriel.hypervisor.guest;

import java.util.Set;

/**
 * The guest's agent.
 *
 * @param version of the program, as it says
 * @param commands names of the commands that it has and allows
 */
public record GuestAgentInfo(String version, Set<String> commands) {
    /** Copies the set. */
    public GuestAgentInfo {
        commands = Set.copyOf(commands);
    }
}
