package oriel.broker.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import tools.jackson.databind.JsonNode;

/** The audit trail of a running broker. */
@Command(name = "audit", description = "Check the audit trail of a running Oriel.", mixinStandardHelpOptions = true)
final class AuditCommand implements Runnable {
    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec spec;

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "Say what to do: verify.");
    }

    @Command(description = "Prove that no record was changed or removed.", mixinStandardHelpOptions = true)
    int verify(@Mixin ApiClient api) {
        api.signIn();
        JsonNode result = api.call("GET", "/api/v1/audit/verify", null);
        api.signOut();
        boolean intact = result.path("intact").asBoolean();
        spec.commandLine()
                .getOut()
                .println(
                        intact
                                ? "intact: " + result.path("records").asLong() + " records"
                                : "BROKEN at record "
                                        + result.path("firstBroken").asLong());
        return intact ? 0 : 1;
    }
}
