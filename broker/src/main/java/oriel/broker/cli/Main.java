package oriel.broker.cli;

import java.util.List;
import oriel.displayd.cli.DisplaydCommand;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The command {@code oriel}. */
@Command(
        name = "oriel",
        description = "Desktops through a window: a VDI system in one program.",
        synopsisSubcommandLabel = "COMMAND",
        mixinStandardHelpOptions = true,
        versionProvider = Main.Version.class,
        subcommands = {
            Up.class,
            VmCommand.class,
            DisplaydCommand.class,
            UserCommand.class,
            AuditCommand.class,
            CommandLine.HelpCommand.class
        })
public final class Main implements Runnable {
    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec spec;

    /** Runs a command and exits with its code: 0 done, 1 failed, 2 wrong usage or the port is taken. */
    public static void main(String[] arguments) {
        System.exit(run(arguments, List.of()));
    }

    /**
     * Runs a command.
     *
     * @param more commands that other modules add
     * @return the exit code
     */
    public static int run(String[] arguments, List<Object> more) {
        CommandLine command = new CommandLine(new Main());
        more.forEach(command::addSubcommand);
        return command.setParameterExceptionHandler((wrong, given) -> {
                    CommandLine of = wrong.getCommandLine();
                    String name = of.getCommandSpec().qualifiedName();
                    of.getErr().println("%s: %s (%s --help tells more)".formatted(name, wrong.getMessage(), name));
                    return of.getCommandSpec().exitCodeOnInvalidInput();
                })
                .setExecutionExceptionHandler((failure, line, parsed) -> {
                    if (failure instanceof Failure known) {
                        line.getErr().println("oriel: " + known.getMessage());
                        return known.exitCode();
                    }
                    line.getErr().println("oriel: " + failure);
                    failure.printStackTrace(line.getErr());
                    return 1;
                })
                .execute(arguments);
    }

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "Say what to do: a command is missing.");
    }

    /** Something a user can do something about. */
    static final class Failure extends RuntimeException {
        private static final long serialVersionUID = 1L;
        private final int exitCode;

        Failure(int exitCode, String message) {
            super(message, null, false, false);
            this.exitCode = exitCode;
        }

        int exitCode() {
            return exitCode;
        }
    }

    /** What {@code --version} prints. */
    static final class Version implements CommandLine.IVersionProvider {
        @Override
        public String[] getVersion() {
            String version = Main.class.getPackage().getImplementationVersion();
            return new String[] {"oriel " + (version == null ? "development" : version)};
        }
    }
}
