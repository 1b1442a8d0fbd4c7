package oriel.hypervisor.guest;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Function;
import java.util.random.RandomGenerator;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import oriel.hypervisor.bus.MachineClock;
import oriel.hypervisor.device.virtio.ConsolePort;
import oriel.hypervisor.guest.GuestAgentException.Reason;
import oriel.hypervisor.json.JsonException;
import oriel.hypervisor.json.JsonValue;

/**
 * The host's side of the QEMU guest agent protocol: a JSON object a line, one command at a time. After the guest opened
 * its port, and after a command without an answer, both sides find each other again by guest-sync-delimited.
 *
 * <p>Thread-safe as {@link GuestAgent}; all state is confined to the machine's thread.
 */
public final class QemuGuestAgent implements GuestAgent {
    /** The port's name, by which the guest's program finds it. */
    public static final String PORT = "org.qemu.guest_agent.0";

    private static final int MAX_WAITING = 64;
    private static final long NANOS_PER_SECOND = 1_000_000_000L;

    /** Between looks whether a program has ended; doubled from the first to the second. */
    private static final Duration FIRST_LOOK = Duration.ofMillis(20);

    private static final Duration LAST_LOOK = Duration.ofMillis(500);

    private final Executor machine;
    private final MachineClock clock;
    private final RandomGenerator random;
    private final ConsolePort port;
    private final List<Listener> listeners = new CopyOnWriteArrayList<>();
    private volatile boolean ready;

    // Machine's thread only.
    private final AgentStream stream = new AgentStream();
    private final Deque<AgentRequest> waiting = new ArrayDeque<>();
    private @Nullable AgentRequest current;
    private boolean synchronising;
    private long synchronisation; // the number that the guest must repeat
    private final List<CompletableFuture<Void>> pauses = new ArrayList<>(); // of those who wait for a program's end
    private boolean closed;

    /**
     * An agent whose port isn't on a board yet.
     *
     * @param machine runs tasks on the machine's thread; rejects them once the machine is gone
     * @param random for the numbers of synchronisations
     */
    public QemuGuestAgent(Executor machine, MachineClock clock, RandomGenerator random) {
        this.machine = machine;
        this.clock = clock;
        this.random = random;
        this.port = new ConsolePort(PORT, new ConsolePort.Listener() {
            @Override
            public void received(byte[] bytes) {
                QemuGuestAgent.this.received(bytes);
            }

            @Override
            public void guestOpened(boolean open) {
                QemuGuestAgent.this.guestOpened(open);
            }
        });
        port.open(true);
    }

    /** The host's end, for the board to plug in. */
    public ConsolePort port() {
        return port;
    }

    // What comes from the guest, on the machine's thread

    private void guestOpened(boolean open) {
        stream.clear();
        setReady(false);
        if (open) {
            // A task, as the device that tells this may be in the middle of being loaded.
            machine.execute(this::synchronise);
        } else {
            synchronising = false;
            failAll(Reason.ABSENT, "the guest's agent has closed its port");
        }
    }

    private void synchronise() {
        if (!port.guestOpen()) {
            return;
        }
        synchronising = true;
        synchronisation = random.nextInt() & 0x7FFF_FFFFL;
        byte[] command = line("guest-sync-delimited", Map.of("id", JsonValue.of(synchronisation)));
        byte[] delimited = new byte[command.length + 1];
        delimited[0] = (byte) 0xFF; // ends whatever half a command the guest has from before
        System.arraycopy(command, 0, delimited, 1, command.length);
        port.send(delimited);
    }

    private static byte[] line(String command, Map<String, JsonValue> arguments) {
        return (text(command, arguments) + "\n").getBytes(UTF_8);
    }

    private static String text(String command, Map<String, JsonValue> arguments) {
        Map<String, JsonValue> members = new LinkedHashMap<>();
        members.put("execute", JsonValue.of(command));
        if (!arguments.isEmpty()) {
            members.put("arguments", JsonValue.of(arguments));
        }
        return JsonValue.of(members).toString();
    }

    private void received(byte[] bytes) {
        stream.feed(bytes);
        for (String line = stream.next(); line != null; line = stream.next()) {
            answered(line);
        }
    }

    private void answered(String line) {
        JsonValue.ObjectValue answer;
        try {
            answer = JsonValue.parse(line).asObject();
        } catch (JsonException e) {
            finish(new GuestAgentException(Reason.NONSENSE, "the guest's agent answered no JSON: " + e.getMessage()));
            return;
        }
        if (synchronising) {
            boolean found = answer.find("return")
                    .filter(id -> id.equals(JsonValue.of(synchronisation)))
                    .isPresent();
            if (found) { // anything else answers a question of before
                synchronising = false;
                setReady(true);
                sendNext();
            }
            return;
        }
        AgentRequest request = current;
        if (request == null) {
            return; // nobody asked
        }
        JsonValue returned = answer.members().get("return");
        if (returned == null) {
            finish(new GuestAgentException(Reason.REFUSED, "the guest's agent refused: " + refusal(answer)));
            return;
        }
        current = null;
        request.timer().cancel();
        request.answer().complete(returned);
        sendNext();
    }

    private static String refusal(JsonValue.ObjectValue answer) {
        try {
            String text = answer.find("error")
                    .flatMap(error -> error.asObject().find("desc"))
                    .map(JsonValue::asString)
                    .orElse("no reason given");
            return text.substring(0, Math.min(text.length(), 300));
        } catch (JsonException e) {
            return "no reason given";
        }
    }

    /** Ends the command under way with a failure; the next one's turn. */
    private void finish(GuestAgentException failure) {
        AgentRequest request = current;
        if (request != null && !synchronising) {
            current = null;
            request.timer().cancel();
            request.answer().completeExceptionally(failure);
            sendNext();
        }
    }

    private void sendNext() {
        while (current == null && !synchronising) {
            AgentRequest request = waiting.poll();
            if (request == null) {
                return;
            }
            if (!port.send((request.text() + "\n").getBytes(UTF_8))) {
                request.timer().cancel();
                request.answer()
                        .completeExceptionally(
                                new GuestAgentException(Reason.BUSY, "the guest's agent doesn't read its port"));
            } else if (request.answerless()) {
                request.timer().cancel();
                request.answer().complete(new JsonValue.NullValue());
                synchronise(); // an answer would be a refusal, for nobody
            } else {
                current = request;
            }
        }
    }

    private void timedOut(AgentRequest request, String command) {
        GuestAgentException failure =
                new GuestAgentException(Reason.TIMEOUT, "the guest's agent didn't answer " + command + " in time");
        if (waiting.remove(request)) {
            if (synchronising) {
                synchronise(); // the guest may have lost the first
            }
        } else if (current == request) {
            current = null;
            setReady(false);
            synchronise(); // its answer may still come, and isn't the next one's
        }
        request.answer().completeExceptionally(failure);
    }

    private void setReady(boolean now) {
        if (ready != now) {
            ready = now;
            listeners.forEach(listener -> listener.readyChanged(now));
        }
    }

    private void failAll(Reason reason, String message) {
        List<AgentRequest> all = new ArrayList<>(waiting);
        waiting.clear();
        AgentRequest request = current;
        if (request != null) {
            all.addFirst(request);
            current = null;
        }
        for (AgentRequest each : all) {
            each.timer().cancel();
            each.answer().completeExceptionally(new GuestAgentException(reason, message));
        }
    }

    /** The machine is over: nothing is answered any more. On the machine's thread, as its last act. */
    public void close() {
        closed = true;
        setReady(false);
        failAll(Reason.ABSENT, "the machine is off");
        List.copyOf(pauses).forEach(pause -> pause.complete(null));
        pauses.clear();
    }

    // What the host asks, on any thread

    private CompletableFuture<JsonValue> ask(
            String command, Map<String, JsonValue> arguments, boolean answerless, Duration timeout) {
        CompletableFuture<JsonValue> answer = new CompletableFuture<>();
        String text = text(command, arguments);
        try {
            machine.execute(() -> begin(command, text, answerless, timeout, answer));
        } catch (RejectedExecutionException e) {
            answer.completeExceptionally(new GuestAgentException(Reason.ABSENT, "the machine is off"));
        }
        return answer;
    }

    private CompletableFuture<JsonValue> ask(String command, Duration timeout) {
        return ask(command, Map.of(), false, timeout);
    }

    private void begin(
            String command, String text, boolean answerless, Duration timeout, CompletableFuture<JsonValue> answer) {
        if (closed || !port.guestOpen()) {
            answer.completeExceptionally(new GuestAgentException(Reason.ABSENT, "no agent runs in the guest"));
            return;
        }
        if (waiting.size() >= MAX_WAITING) {
            answer.completeExceptionally(
                    new GuestAgentException(Reason.BUSY, MAX_WAITING + " requests to the guest's agent wait already"));
            return;
        }
        Deque<AgentRequest> self = new ArrayDeque<>(1); // the timer and its request need each other
        MachineClock.Timer timer = clock.newTimer("guest agent", () -> timedOut(self.getFirst(), command));
        AgentRequest request = new AgentRequest(text, answerless, answer, timer);
        self.add(request);
        timer.armAt(clock.nanos() + timeout.toNanos());
        waiting.add(request);
        sendNext();
    }

    /** Reads an answer; a guest that answers another shape is at fault, not the caller. */
    private static <T> CompletableFuture<T> read(CompletableFuture<JsonValue> answer, Function<JsonValue, T> reader) {
        return answer.thenCompose(value -> {
            try {
                return CompletableFuture.completedFuture(reader.apply(value));
            } catch (JsonException | IllegalArgumentException e) {
                return CompletableFuture.failedFuture(new GuestAgentException(
                        Reason.NONSENSE, "the guest's agent answered what can't be used: " + e.getMessage()));
            }
        });
    }

    private static CompletableFuture<Void> done(CompletableFuture<JsonValue> answer) {
        return answer.thenAccept(_ -> {});
    }

    private static CompletableFuture<Integer> count(CompletableFuture<JsonValue> answer) {
        return read(answer, value -> Math.clamp(value.asLong(), 0, Integer.MAX_VALUE));
    }

    @Override
    public boolean ready() {
        return ready;
    }

    @Override
    public void addListener(Listener listener) {
        listeners.add(listener);
    }

    @Override
    public void removeListener(Listener listener) {
        listeners.remove(listener);
    }

    @Override
    public CompletableFuture<Void> ping(Duration timeout) {
        return done(ask("guest-ping", timeout));
    }

    @Override
    public CompletableFuture<GuestAgentInfo> info(Duration timeout) {
        return read(ask("guest-info", timeout), value -> {
            JsonValue.ObjectValue info = value.asObject();
            String version = info.find("version").map(JsonValue::asString).orElse("");
            Set<String> commands = list(info, "supported_commands").stream()
                    .map(JsonValue::asObject)
                    .filter(c -> c.find("enabled").map(JsonValue::asBoolean).orElse(false))
                    .map(c -> c.find("name").map(JsonValue::asString).orElse(""))
                    .collect(Collectors.toSet());
            return new GuestAgentInfo(version, commands);
        });
    }

    private static List<JsonValue> list(JsonValue.ObjectValue object, String name) {
        return object.find(name).map(JsonValue::asList).orElse(List.of());
    }

    @Override
    public CompletableFuture<Void> shutdown(Shutdown how, Duration timeout) {
        String mode = switch (how) {
            case POWER_OFF -> "powerdown";
            case REBOOT -> "reboot";
        };
        return done(ask("guest-shutdown", Map.of("mode", JsonValue.of(mode)), true, timeout));
    }

    @Override
    public CompletableFuture<Integer> freezeFileSystems(Duration timeout) {
        return count(ask("guest-fsfreeze-freeze", timeout));
    }

    @Override
    public CompletableFuture<Integer> thawFileSystems(Duration timeout) {
        return count(ask("guest-fsfreeze-thaw", timeout));
    }

    @Override
    public CompletableFuture<List<GuestInterface>> networkInterfaces(Duration timeout) {
        return read(
                ask("guest-network-get-interfaces", timeout),
                value -> value.asList().stream()
                        .map(JsonValue::asObject)
                        .map(QemuGuestAgent::networkInterface)
                        .toList());
    }

    private static GuestInterface networkInterface(JsonValue.ObjectValue from) {
        List<String> addresses = list(from, "ip-addresses").stream()
                .map(JsonValue::asObject)
                .map(address ->
                        address.find("ip-address").map(JsonValue::asString).orElse("") + "/"
                                + address.find("prefix").map(JsonValue::asLong).orElse(0L))
                .toList();
        return new GuestInterface(
                from.find("name").map(JsonValue::asString).orElse(""),
                from.find("hardware-address").map(JsonValue::asString).orElse(""),
                addresses);
    }

    @Override
    public CompletableFuture<Void> setTime(Instant now, Duration timeout) {
        long nanos = Math.addExact(Math.multiplyExact(now.getEpochSecond(), NANOS_PER_SECOND), now.getNano());
        return done(ask("guest-set-time", Map.of("time", JsonValue.of(nanos)), false, timeout));
    }

    @Override
    public CompletableFuture<GuestCommandResult> execute(GuestCommand command, Duration timeout) {
        Map<String, JsonValue> arguments = new LinkedHashMap<>();
        arguments.put("path", JsonValue.of(command.path()));
        arguments.put("arg", JsonValue.of(command.arguments()));
        if (!command.environment().isEmpty()) {
            arguments.put("env", JsonValue.of(command.environment()));
        }
        if (!command.input().isEmpty()) {
            byte[] input = command.input().getBytes(UTF_8);
            arguments.put("input-data", JsonValue.of(Base64.getEncoder().encodeToString(input)));
        }
        arguments.put("capture-output", JsonValue.of(true));
        long deadline = clock.nanos() + timeout.toNanos();
        CompletableFuture<Long> started = read(
                ask("guest-exec", arguments, false, timeout),
                value -> value.asObject().find("pid").map(JsonValue::asLong).orElse(-1L));
        return started.thenCompose(process -> awaitEnd(command, process, deadline, FIRST_LOOK));
    }

    /** Looks again and again whether a program has ended, with longer and longer pauses. */
    private CompletableFuture<GuestCommandResult> awaitEnd(
            GuestCommand command, long process, long deadline, Duration pause) {
        Duration next = pause.multipliedBy(2).compareTo(LAST_LOOK) > 0 ? LAST_LOOK : pause.multipliedBy(2);
        return after(pause)
                .thenCompose(_ -> {
                    Duration left = Duration.ofNanos(deadline - clock.nanos());
                    if (!left.isPositive()) {
                        return CompletableFuture.failedFuture(
                                new GuestAgentException(Reason.TIMEOUT, command.path() + " didn't end in time"));
                    }
                    return read(
                            ask("guest-exec-status", Map.of("pid", JsonValue.of(process)), false, left),
                            QemuGuestAgent::result);
                })
                .thenCompose(result -> result.map(CompletableFuture::completedFuture)
                        .orElseGet(() -> awaitEnd(command, process, deadline, next)));
    }

    /** Completes on the machine's thread when a pause is over, or at once when the machine is. */
    private CompletableFuture<Void> after(Duration pause) {
        CompletableFuture<Void> over = new CompletableFuture<>();
        try {
            machine.execute(() -> {
                if (closed) {
                    over.complete(null);
                    return;
                }
                pauses.add(over);
                MachineClock.Timer timer = clock.newTimer("guest process", () -> {
                    over.complete(null);
                    pauses.removeIf(CompletableFuture::isDone);
                });
                timer.armAt(clock.nanos() + pause.toNanos());
            });
        } catch (RejectedExecutionException e) {
            over.complete(null); // what is asked next says that the machine is off
        }
        return over;
    }

    /** How the program ended; empty while it runs. */
    private static Optional<GuestCommandResult> result(JsonValue value) {
        JsonValue.ObjectValue state = value.asObject();
        if (!state.find("exited").map(JsonValue::asBoolean).orElse(false)) {
            return Optional.empty();
        }
        int exitCode = state.find("signal")
                .map(signal -> 128 + (int) signal.asLong())
                .or(() -> state.find("exitcode").map(code -> (int) code.asLong()))
                .orElse(0);
        boolean truncated = state.find("out-truncated").isPresent()
                || state.find("err-truncated").isPresent();
        return Optional.of(
                new GuestCommandResult(exitCode, decoded(state, "out-data"), decoded(state, "err-data"), truncated));
    }

    private static String decoded(JsonValue.ObjectValue state, String name) {
        return state.find(name)
                .map(data -> new String(Base64.getDecoder().decode(data.asString()), UTF_8))
                .orElse("");
    }
}
