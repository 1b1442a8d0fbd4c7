package oriel.hypervisor.host;

import java.time.Duration;
import java.util.Map;
import java.util.OptionalLong;
import oriel.hypervisor.host.MachineUsage.Traffic;
import oriel.hypervisor.machine.Machine;
import oriel.hypervisor.machine.MachineStatistics;
import oriel.hypervisor.machine.MemoryBalloon;
import oriel.hypervisor.memory.HostMapping;

/** Reads what a running machine uses. */
final class MachineMeter {
    private MachineMeter() {}

    static MachineUsage measure(MachineRun run) {
        Machine machine = run.machine;
        MachineStatistics used = machine.statistics();
        MemoryBalloon balloon = machine.balloon();
        OptionalLong available = balloon.usage().stream()
                .mapToLong(MemoryBalloon.Usage::available)
                .findFirst();
        HostMapping.Resident resident = machine.residentMemory();
        Map<String, Map<String, Long>> counters =
                machine.deviceCounters().exceptionally(_ -> Map.of()).join();
        return new MachineUsage(
                used.wall(),
                used.cpu(),
                new MachineUsage.Waiting(
                        Duration.ofNanos(run.processors.waitedNanos()),
                        Duration.ofNanos(run.processors.limitedNanos())),
                machine.memoryBytes(),
                resident.own(),
                resident.shared(),
                balloon.ballooned(),
                available,
                traffic(counters, "disk.", "bytes-read", "bytes-written"),
                traffic(counters, "net.", "bytes-received", "bytes-sent"));
    }

    private static Traffic traffic(
            Map<String, Map<String, Long>> counters, String devices, String counterIn, String counterOut) {
        return counters.entrySet().stream()
                .filter(device -> device.getKey().startsWith(devices))
                .map(Map.Entry::getValue)
                .map(counts -> new Traffic(counts.getOrDefault(counterIn, 0L), counts.getOrDefault(counterOut, 0L)))
                .reduce(Traffic.NONE, (a, b) -> new Traffic(a.in() + b.in(), a.out() + b.out()));
    }
}
