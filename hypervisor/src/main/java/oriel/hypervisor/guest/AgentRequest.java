package oriel.hypervisor.guest;

import java.util.concurrent.CompletableFuture;
import oriel.hypervisor.bus.MachineClock;
import oriel.hypervisor.json.JsonValue;

/**
 * One command on its way.
 *
 * @param text of the command, on one line
 * @param answerless whether the agent is silent when it worked
 * @param answer completed once with what the agent returns
 * @param timer ends it in time
 */
record AgentRequest(String text, boolean answerless, CompletableFuture<JsonValue> answer, MachineClock.Timer timer) {}
