package oriel.hypervisor.guest;

import java.util.List;

/**
 * A program to run in the guest, as root, without a shell.
 *
 * @param path of the program
 * @param arguments without the program's name
 * @param environment {@code NAME=value} each; empty: the agent's own
 * @param input for its standard input
 */
public record GuestCommand(String path, List<String> arguments, List<String> environment, String input) {
    /** Copies the lists. */
    public GuestCommand {
        arguments = List.copyOf(arguments);
        environment = List.copyOf(environment);
    }

    /** A program and its arguments. */
    public static GuestCommand of(String path, String... arguments) {
        return new GuestCommand(path, List.of(arguments), List.of(), "");
    }
}
