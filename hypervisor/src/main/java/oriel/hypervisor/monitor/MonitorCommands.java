package oriel.hypervisor.monitor;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import oriel.hypervisor.device.display.Screenshot;
import oriel.hypervisor.disk.DiskFormat;
import oriel.hypervisor.disk.DiskImage;
import oriel.hypervisor.disk.DiskImages;
import oriel.hypervisor.display.DisplayInput;
import oriel.hypervisor.json.JsonValue;
import oriel.hypervisor.machine.Machine;
import oriel.hypervisor.machine.MachineStatistics;
import oriel.hypervisor.machine.MemoryBalloon;

/**
 * What a monitor can do with a machine. Commands and their arguments are QMP's where QMP has them: {@code
 * qmp_capabilities}, {@code query-status}, {@code query-commands}, {@code stop}, {@code cont}, {@code quit}, {@code
 * screendump}, {@code send-key}, {@code system_powerdown}, {@code system_reset}, {@code eject}, {@code
 * blockdev-change-medium}, {@code block_resize}, {@code balloon}, {@code query-balloon}; and our own: {@code snapshot}
 * (argument {@code path}), {@code query-stats}, {@code query-devices}. Thread-safe; {@link #answer} may block.
 */
public final class MonitorCommands {
    private static final Duration PATIENCE = Duration.ofMinutes(5);
    private static final long DEFAULT_HOLD_MILLIS = 100;
    private static final long LONGEST_HOLD_MILLIS = 60_000;

    private final Machine machine;
    private final Snapshotter snapshotter;
    private volatile boolean paused;

    /** Saves the machine into a folder, and lets it run on. */
    @FunctionalInterface
    public interface Snapshotter {
        /** Does it; the message of a failure is for people. */
        void snapshot(Path folder) throws IOException;
    }

    private interface Command {
        JsonValue run(Map<String, JsonValue> arguments)
                throws IOException, InterruptedException, ExecutionException, TimeoutException;
    }

    private final Map<String, Command> commands = new LinkedHashMap<>();

    /** For a machine, started or not. */
    public MonitorCommands(Machine machine, Snapshotter snapshotter) {
        this.machine = machine;
        this.snapshotter = snapshotter;
        commands.put("qmp_capabilities", _ -> nothing());
        commands.put("query-commands", _ -> JsonValue.of(List.copyOf(commands.keySet())));
        commands.put(
                "query-status",
                _ -> JsonValue.of(Map.of(
                        "running", JsonValue.of(!paused), "status", JsonValue.of(paused ? "paused" : "running"))));
        commands.put("stop", _ -> pause(true));
        commands.put("cont", _ -> pause(false));
        commands.put("quit", _ -> quit());
        commands.put("system_powerdown", _ -> {
            machine.powerButton();
            return nothing();
        });
        commands.put("system_reset", _ -> {
            machine.reset();
            return nothing();
        });
        commands.put("screendump", arguments -> {
            Screenshot.write(machine.display(), Path.of(text(arguments, "filename")));
            return nothing();
        });
        commands.put("send-key", this::sendKey);
        commands.put("snapshot", arguments -> {
            this.snapshotter.snapshot(Path.of(text(arguments, "path")));
            return nothing();
        });
        commands.put("query-stats", _ -> statistics());
        commands.put("query-devices", _ -> devices());
        commands.put("eject", this::eject);
        commands.put("blockdev-change-medium", arguments -> {
            wait(machine.insertDisc(disc(Path.of(text(arguments, "filename")))));
            return nothing();
        });
        commands.put("block_resize", arguments -> {
            wait(machine.growDisk(disk(text(arguments, "device")), number(arguments, "size")));
            return nothing();
        });
        commands.put("balloon", this::balloon);
        commands.put("query-balloon", _ -> queryBalloon());
    }

    private static <T> T wait(CompletableFuture<T> future)
            throws InterruptedException, ExecutionException, TimeoutException {
        return future.get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
    }

    private JsonValue eject(Map<String, JsonValue> arguments)
            throws InterruptedException, ExecutionException, TimeoutException {
        boolean force = arguments.get("force") instanceof JsonValue.BooleanValue(boolean yes) && yes;
        if (!wait(machine.ejectDisc(force))) {
            throw new IllegalStateException(
                    "the guest has locked the tray, and was asked to let go: try again, or force");
        }
        return nothing();
    }

    private static DiskImage disc(Path file) {
        return DiskImages.open(file, Optional.of(DiskFormat.RAW), true);
    }

    /** Disks are called {@code disk.0}, {@code disk.1}, …, as in {@code query-devices}. */
    private static int disk(String name) {
        if (!name.matches("disk\\.\\d{1,3}")) {
            throw new IllegalArgumentException("there is no disk " + name + ": they are disk.0, disk.1 and so on");
        }
        return Integer.parseInt(name.substring("disk.".length()));
    }

    private static long number(Map<String, JsonValue> members, String name) {
        if (members.get(name) instanceof JsonValue.NumberValue(String literal) && literal.matches("\\d{1,18}")) {
            return Long.parseLong(literal);
        }
        throw new IllegalArgumentException(name + " is missing, or no number of bytes");
    }

    /** As in QMP, {@code value} is what the guest is left with. */
    private JsonValue balloon(Map<String, JsonValue> arguments) {
        machine.balloon().target(Math.max(0, machine.memoryBytes() - number(arguments, "value")));
        return nothing();
    }

    private JsonValue queryBalloon() {
        MemoryBalloon balloon = machine.balloon();
        Map<String, JsonValue> answer = new LinkedHashMap<>();
        answer.put("actual", JsonValue.of(machine.memoryBytes() - balloon.ballooned()));
        balloon.usage().ifPresent(usage -> {
            answer.put("guest-total", JsonValue.of(usage.total()));
            answer.put("guest-free", JsonValue.of(usage.free()));
            answer.put("guest-available", JsonValue.of(usage.available()));
        });
        return JsonValue.of(answer);
    }

    private JsonValue devices() throws InterruptedException, ExecutionException, TimeoutException {
        Map<String, JsonValue> all = new LinkedHashMap<>();
        wait(machine.deviceCounters()).forEach((device, counters) -> {
            Map<String, JsonValue> values = new LinkedHashMap<>();
            counters.forEach((name, value) -> values.put(name, JsonValue.of(value)));
            all.put(device, JsonValue.of(values));
        });
        return JsonValue.of(all);
    }

    private static JsonValue nothing() {
        return JsonValue.of(Map.of());
    }

    static JsonValue error(String kind, String description) {
        return JsonValue.of(
                Map.of("error", JsonValue.of(Map.of("class", JsonValue.of(kind), "desc", JsonValue.of(description)))));
    }

    /** Does what a request says, and answers it; a request that makes no sense is answered with an error. */
    public JsonValue answer(JsonValue request) {
        if (!(request instanceof JsonValue.ObjectValue(Map<String, JsonValue> members))) {
            return error("GenericError", "a command is an object with the member execute");
        }
        Map<String, JsonValue> answer = new LinkedHashMap<>();
        try {
            String name = text(members, "execute");
            Command command = commands.get(name);
            if (command == null) {
                answer.putAll(members(error("CommandNotFound", "there is no command " + name)));
            } else {
                answer.put("return", command.run(arguments(members)));
            }
        } catch (ExecutionException e) {
            answer.putAll(members(error("GenericError", String.valueOf(e.getCause()))));
        } catch (TimeoutException e) {
            answer.putAll(members(error("GenericError", "the machine didn't get to it in time")));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            answer.putAll(members(error("GenericError", "interrupted")));
        } catch (IOException | RuntimeException e) {
            answer.putAll(members(error("GenericError", String.valueOf(e.getMessage()))));
        }
        Optional.ofNullable(members.get("id")).ifPresent(id -> answer.put("id", id));
        return JsonValue.of(answer);
    }

    private static Map<String, JsonValue> members(JsonValue value) {
        return value instanceof JsonValue.ObjectValue(Map<String, JsonValue> members) ? members : Map.of();
    }

    private static Map<String, JsonValue> arguments(Map<String, JsonValue> request) {
        return Optional.ofNullable(request.get("arguments"))
                .map(MonitorCommands::members)
                .orElse(Map.of());
    }

    private static String text(Map<String, JsonValue> members, String name) {
        if (members.get(name) instanceof JsonValue.StringValue(String value)) {
            return value;
        }
        throw new IllegalArgumentException(name + " is missing, or no string");
    }

    private JsonValue pause(boolean pause) throws InterruptedException, ExecutionException, TimeoutException {
        CompletableFuture<Void> done = pause ? machine.pause() : machine.cont();
        done.get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
        paused = pause;
        return nothing();
    }

    private JsonValue quit() throws InterruptedException {
        machine.stop();
        return nothing();
    }

    /** Presses the keys in their order, and lets them go in reverse after {@code hold-time} milliseconds. */
    private JsonValue sendKey(Map<String, JsonValue> arguments) throws InterruptedException {
        List<Integer> keys = new ArrayList<>();
        if (arguments.get("keys") instanceof JsonValue.ArrayValue(List<JsonValue> elements)) {
            for (JsonValue element : elements) {
                keys.add(scanCode(element));
            }
        }
        if (keys.isEmpty()) {
            throw new IllegalArgumentException("keys is missing, or empty");
        }
        long hold = arguments.get("hold-time") instanceof JsonValue.NumberValue(String literal)
                ? Math.clamp(Long.parseLong(literal), 0, LONGEST_HOLD_MILLIS)
                : DEFAULT_HOLD_MILLIS;
        DisplayInput input = machine.display().input();
        keys.forEach(key -> input.key(key, true));
        TimeUnit.MILLISECONDS.sleep(hold);
        keys.reversed().forEach(key -> input.key(key, false));
        return nothing();
    }

    /** A name by itself, or QMP's {"type": "qcode", "data": NAME}. */
    private static int scanCode(JsonValue key) {
        String name = key instanceof JsonValue.StringValue(String plain) ? plain : text(members(key), "data");
        return KeyNames.scanCode(name.toLowerCase(Locale.ROOT))
                .orElseThrow(() -> new IllegalArgumentException("there is no key " + name));
    }

    private JsonValue statistics() {
        MachineStatistics used = machine.statistics();
        return JsonValue.of(Map.of(
                "wall-nanoseconds", JsonValue.of(used.wall().toNanos()),
                "cpu-nanoseconds", JsonValue.of(used.cpu().toNanos()),
                "instructions", JsonValue.of(used.instructions()),
                "private-memory-bytes", JsonValue.of(machine.residentMemory().own())));
    }
}
