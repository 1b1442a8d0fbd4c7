package oriel.it.bench;

import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Properties;
import java.util.concurrent.TimeUnit;
import oriel.hypervisor.display.DisplaySize;
import oriel.hypervisor.guest.GuestCommand;
import oriel.hypervisor.host.BootSpec;
import oriel.hypervisor.host.Cloning;
import oriel.hypervisor.host.InProcessHost;
import oriel.hypervisor.host.MachineSpec;
import oriel.hypervisor.host.MachineUsage;
import oriel.hypervisor.host.ResourcePolicy;
import oriel.hypervisor.host.TemplateSpec;
import oriel.hypervisor.machine.Accelerator;
import oriel.hypervisor.schedule.CpuPolicy;
import oriel.it.guest.HostCommand;

/**
 * {@code ./oriel bench shares}: what busy desktops get of the processors by shares and by a limit, and what an idle one
 * among them costs. Their loops run in stock Linux guests; what they got is CPU time of their threads.
 */
public final class SharesBenchmark {
    private static final int MEMORY_MIB = 384;
    private static final DisplaySize SCREEN = new DisplaySize(800, 600);
    private static final String OWNER = "bench";
    private static final String TEMPLATE = "warm";
    private static final GuestCommand LOOP =
            GuestCommand.of("/bin/sh", "-c", "(while :; do :; done) >/dev/null 2>&1 &");
    private static final Duration LIMIT = Duration.ofMinutes(2);

    private SharesBenchmark() {}

    /** Arguments: {@code --seconds=N} (20), of each measurement. */
    public static void main(String[] arguments) throws Exception {
        int seconds = 20;
        for (String argument : arguments) {
            if (argument.startsWith("--seconds=")) {
                seconds = Integer.parseInt(argument.substring("--seconds=".length()));
            } else {
                System.err.println("usage: ./oriel bench shares [--seconds=N]");
                System.exit(2);
            }
        }
        Path image = Path.of(System.getProperty("oriel.data", "data"), "images", "debian-desktop");
        if (!Files.exists(image.resolve("disk.qcow2"))) {
            System.err.println("oriel bench: there is no golden image " + image
                    + ": build it with ./oriel up, or set ORIEL_DATA_DIR");
            System.exit(2);
        }
        Path folder = Files.createTempDirectory("oriel-shares");
        try (InProcessHost host = new InProcessHost("bench", folder, Accelerator.AUTO, 1 << 20)) {
            run(host, image, seconds);
        } finally {
            HostCommand.run(folder, List.of("rm", "-rf", folder.toString()));
        }
        System.exit(0);
    }

    private static void run(InProcessHost host, Path image, int seconds) throws Exception {
        Properties properties = new Properties();
        try (Reader in = Files.newBufferedReader(image.resolve("image.properties"))) {
            properties.load(in);
        }
        String commandLine =
                properties.getProperty("command_line") + " " + properties.getProperty("command_line.emulated", "");
        BootSpec boot = new BootSpec(image.resolve("vmlinuz"), image.resolve("initrd.img"), commandLine);
        Path disk = image.resolve("disk.qcow2");
        host.prepareTemplate(
                new TemplateSpec(TEMPLATE, OWNER, MEMORY_MIB, 1, disk, boot, SCREEN), Duration.ofMinutes(5));
        Map<String, CpuPolicy> machines = new LinkedHashMap<>();
        int cores = Runtime.getRuntime().availableProcessors();
        List<String> loops = new ArrayList<>();
        for (int i = 1; i <= cores; i++) {
            machines.put("double-" + i, new CpuPolicy(2000, OptionalInt.empty(), 0));
            machines.put("single-" + i, CpuPolicy.NORMAL);
        }
        loops.addAll(machines.keySet());
        machines.put("limited", new CpuPolicy(CpuPolicy.NORMAL_SHARES, OptionalInt.of(50), 0));
        machines.put("idle", CpuPolicy.NORMAL);
        for (Map.Entry<String, CpuPolicy> machine : machines.entrySet()) {
            MachineSpec spec = new MachineSpec(
                            machine.getKey(), OWNER, 1, MEMORY_MIB, 1, disk, boot, SCREEN, Cloning.instant(TEMPLATE))
                    .with(new ResourcePolicy(machine.getValue(), 0));
            host.create(spec);
            host.start(spec);
        }
        TimeUnit.SECONDS.sleep(10); // they learn who they are, and come to rest
        CloneBenchmark.load();

        loop(host, "limited");
        Map<String, Double> alone = measure(host, machines.keySet(), seconds);
        CloneBenchmark.line("limit of 50 %, alone", alone.get("limited"), "% of a core");
        for (String name : loops) {
            loop(host, name);
        }
        Map<String, Double> all = measure(host, machines.keySet(), seconds);
        all.forEach((name, percent) ->
                CloneBenchmark.line(name + ", " + (loops.size() + 1) + " busy", percent, "% of a core"));
        host.stop("limited");
        Map<String, Double> shared = measure(host, loops, seconds);
        double doubles = sum(shared, "double"), singles = sum(shared, "single");
        CloneBenchmark.line("shares 2000, of " + loops.size() + " busy on " + cores + " cores", doubles, "% of a core");
        CloneBenchmark.line("shares 1000", singles, "% of a core");
        CloneBenchmark.line("2000 to 1000", doubles / singles, "");
        CloneBenchmark.load();
    }

    private static double sum(Map<String, Double> percents, String prefix) {
        return percents.entrySet().stream()
                .filter(entry -> entry.getKey().startsWith(prefix))
                .mapToDouble(Map.Entry::getValue)
                .sum();
    }

    private static void loop(InProcessHost host, String machine) throws Exception {
        host.guestAgent(machine).orElseThrow().execute(LOOP, LIMIT).get(LIMIT.toSeconds(), TimeUnit.SECONDS);
    }

    private static Map<String, Double> measure(InProcessHost host, Iterable<String> machines, int seconds)
            throws InterruptedException {
        TimeUnit.SECONDS.sleep(2); // loops begin, code is translated
        Map<String, MachineUsage> before = new LinkedHashMap<>();
        machines.forEach(name -> before.put(name, host.usage(name).orElseThrow()));
        TimeUnit.SECONDS.sleep(seconds);
        Map<String, Double> percents = new LinkedHashMap<>();
        before.forEach((name, usage) -> {
            MachineUsage now = host.usage(name).orElseThrow();
            percents.put(
                    name,
                    100.0
                            * now.cpu().minus(usage.cpu()).toNanos()
                            / now.up().minus(usage.up()).toNanos());
        });
        return percents;
    }
}
