package oriel.broker.metric;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.ToDoubleFunction;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import oriel.hypervisor.host.HostException;
import oriel.hypervisor.host.HypervisorHost;
import oriel.hypervisor.host.MachineStatus;
import oriel.hypervisor.host.MachineUsage;
import oriel.hypervisor.host.PowerState;

/**
 * What each machine of this process's host uses, for {@code /metrics}. Measuring a machine takes milliseconds of it, so
 * figures are up to half a minute old. Thread-safe.
 */
public final class MachineFigures {
    private static final Logger log = LoggerFactory.getLogger(MachineFigures.class);
    private static final Duration FRESH = Duration.ofSeconds(30);

    private final HypervisorHost host;
    private final Clock clock;

    // Guarded by this.
    private Map<String, MachineUsage> last = Map.of();
    private Instant measured = Instant.MIN;

    /** Of a host. */
    public MachineFigures(HypervisorHost host, Clock clock) {
        this.host = host;
        this.clock = clock;
    }

    private synchronized Map<String, MachineUsage> usages() {
        Instant now = clock.instant();
        if (measured.isAfter(now.minus(FRESH)) && !measured.isAfter(now)) {
            return last;
        }
        Map<String, MachineUsage> all = new TreeMap<>();
        try {
            for (MachineStatus status : host.list()) {
                if (status.power() == PowerState.ON) {
                    host.usage(status.name()).ifPresent(usage -> all.put(status.name(), usage));
                }
            }
        } catch (HostException e) {
            log.warn("{} can't list its machines: {}", host.name(), e.getMessage());
        }
        last = all;
        measured = now;
        return last;
    }

    void write(Exposition out) {
        Map<String, MachineUsage> usages = usages();
        family(
                out,
                usages,
                "oriel_machine_cpu_seconds_total",
                "counter",
                "CPU time used.",
                usage -> seconds(usage.cpu()));
        family(
                out,
                usages,
                "oriel_machine_cpu_ready_seconds_total",
                "counter",
                "Time in which other machines ran instead.",
                usage -> seconds(usage.processors().ready()));
        family(
                out,
                usages,
                "oriel_machine_cpu_limited_seconds_total",
                "counter",
                "Time in which the machine's limit kept it from running.",
                usage -> seconds(usage.processors().limited()));
        out.family("oriel_machine_memory_bytes", "gauge", "Memory by kind.");
        usages.forEach((machine, usage) -> memory(usage)
                .forEach((kind, bytes) ->
                        out.sample("oriel_machine_memory_bytes", labels(machine, "kind", kind), bytes)));
        out.family("oriel_machine_disk_bytes_total", "counter", "Bytes read and written.");
        usages.forEach((machine, usage) ->
                traffic(out, "oriel_machine_disk_bytes_total", machine, "read", "write", usage.disk()));
        out.family("oriel_machine_network_bytes_total", "counter", "Bytes received and sent.");
        usages.forEach((machine, usage) ->
                traffic(out, "oriel_machine_network_bytes_total", machine, "receive", "send", usage.network()));
    }

    private static Map<String, Long> memory(MachineUsage usage) {
        Map<String, Long> kinds = new LinkedHashMap<>();
        kinds.put("given", usage.memory());
        kinds.put("private", usage.privateMemory());
        kinds.put("shared", usage.sharedMemory());
        kinds.put("ballooned", usage.balloonedMemory());
        usage.guestAvailable()
                .ifPresent(available ->
                        kinds.put("active", Math.max(0, usage.memory() - usage.balloonedMemory() - available)));
        return kinds;
    }

    private static void traffic(
            Exposition out, String name, String machine, String in, String outward, MachineUsage.Traffic traffic) {
        out.sample(name, labels(machine, "direction", in), (double) traffic.in());
        out.sample(name, labels(machine, "direction", outward), (double) traffic.out());
    }

    private static void family(
            Exposition out,
            Map<String, MachineUsage> usages,
            String name,
            String type,
            String help,
            ToDoubleFunction<MachineUsage> figure) {
        out.family(name, type, help);
        usages.forEach((machine, usage) -> out.sample(name, Map.of("machine", machine), figure.applyAsDouble(usage)));
    }

    private static Map<String, String> labels(String machine, String label, String value) {
        Map<String, String> labels = new LinkedHashMap<>();
        labels.put("machine", machine);
        labels.put(label, value);
        return labels;
    }

    private static double seconds(Duration time) {
        return time.toMillis() / 1000.0;
    }
}
