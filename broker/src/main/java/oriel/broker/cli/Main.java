package oriel.broker.cli;

import java.io.PrintWriter;
import java.util.List;
import oriel.displayd.cli.DisplaydCommand;
import picocli.AutoComplete;
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
            DrainCommand.class,
            CommandLine.HelpCommand.class,
            AutoComplete.GenerateCompletion.class
        })
public final class Main implements Runnable {
    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec spec;

    /**
     * Runs a command and exits with its code: 0 done, 1 failed, 2 wrong usage or the port is taken, 3 no such object, 4 not
     * allowed or not signed in, 5 refused because of the object's state, 6 no broker or database answers.
     */
    public static void main(String[] arguments) {
        // Before anybody logs: "text" for people, "json" for collectors.
        if ("json".equals(System.getenv("ORIEL_LOG_FORMAT"))
                && System.getProperty("logback.configurationFile") == null) {
            System.setProperty("logback.configurationFile", "logback-json.xml");
        }
        System.exit(run(arguments, List.of()));
    }

    /**
     * Runs a command.
     *
     * @param more commands that other modules add
     * @return the exit code
     */
    public static int run(String[] arguments, List<Object> more) {
        return run(
                arguments,
                more,
                new PrintWriter(System.out, true, System.out.charset()),
                new PrintWriter(System.err, true, System.err.charset()));
    }

    /** As {@link #run(String[], List)}, printing elsewhere. */
    public static int run(String[] arguments, List<Object> more, PrintWriter out, PrintWriter err) {
        CommandLine command = new CommandLine(new Main());
        more.forEach(command::addSubcommand);
        new ApiCommands().addTo(command);
        command.setOut(out).setErr(err);
        return command.setExecutionStrategy(parsed -> {
                    Integer code = helpIsAsked(parsed) ? null : ApiCommands.run(parsed);
                    return code == null ? new CommandLine.RunLast().execute(parsed) : code;
                })
                .setParameterExceptionHandler((wrong, given) -> {
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

    private static boolean helpIsAsked(CommandLine.ParseResult parsed) {
        return parsed.asCommandLineList().stream()
                .anyMatch(line -> line.isUsageHelpRequested() || line.isVersionHelpRequested());
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
