package oriel.it.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import oriel.broker.Broker;
import oriel.broker.BrokerConfig;
import oriel.broker.access.Caller;
import oriel.broker.access.Reach;
import oriel.broker.access.Role;
import oriel.broker.audit.AuditEntry;
import oriel.broker.identity.Accounts;
import oriel.broker.machine.Machines;
import oriel.broker.pool.Entitlement;
import oriel.broker.pool.Pools;
import oriel.broker.session.Connected;

/**
 * {@code ./oriel bench broker}: sign-ins per second, the time of a claim with hundreds of users at once, from sign-in to
 * ticket, and lists over 10,000 machines. Machines are pretended by {@link InstantHost}: what is measured is the broker
 * with its database (H2 in a file).
 */
public final class BrokerBenchmark {
    private static final int MACHINES = 10_000;
    private static final String PASSWORD = "correct horse battery";

    private BrokerBenchmark() {}

    /** Runs it; the argument is the number of users (default 500). */
    public static void main(String[] arguments) throws Exception {
        int users = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 500;
        Path directory = Files.createTempDirectory("oriel-bench");
        try (InstantHost host = new InstantHost();
                Broker broker = Broker.open(config(directory), host)) {
            broker.bootstrapPool();
            broker.startMachines();
            List<String> names = new ArrayList<>();
            for (int i = 0; i < users; i++) {
                names.add("user" + i);
            }
            names.forEach(name -> broker.accounts()
                    .create(
                            new Accounts.NewUser(name, null, Role.END_USER, List.of(), PASSWORD),
                            AuditEntry.SYSTEM,
                            ""));
            signIns(broker, names);
        } finally {
            delete(directory);
        }
    }

    private static BrokerConfig config(Path directory) throws IOException {
        Path image = Files.createDirectories(directory.resolve("images/bench"));
        for (String file : List.of("disk.raw", "vmlinuz", "initrd.img", "image.properties")) {
            Files.writeString(image.resolve(file), "");
        }
        return BrokerConfig.defaults(directory)
                .startingWith(new BrokerConfig.FirstPool("bench", "bench", 600, 550, 128, 1));
    }

    private static void signIns(Broker broker, List<String> names) throws Exception {
        long begun = System.nanoTime();
        Duration cpu = cpu();
        List<Caller> callers = new ArrayList<>();
        List<Timed<Caller>> signedIn = parallel(names.stream()
                .<Callable<Caller>>map(name -> () -> broker.signIns()
                        .signIn(name, PASSWORD, "192.0.2." + (name.hashCode() & 0x7f))
                        .caller())
                .toList());
        signedIn.forEach(timed -> callers.add(timed.result()));
        double seconds = (System.nanoTime() - begun) / 1e9;
        print("sign-ins per second (Argon2id, all at once)", names.size() / seconds);
        print("  CPU of the process per sign-in, ms", perUser(cpu, names.size()));

        awaitSpares(broker, names.size());
        warmUp(broker, callers.subList(0, Math.min(100, callers.size())));
        awaitSpares(broker, names.size());
        cpu = cpu();
        List<Timed<Object>> claims = parallel(callers.stream()
                .<Callable<Object>>map(caller -> () -> broker.claims().connect(caller, "bench"))
                .toList());
        long ready = claims.stream()
                .filter(claim -> claim.result() instanceof Connected.Ready)
                .count();
        print("users at once who got a ticket with their first request", (double) ready);
        percentiles("claim to ticket, ms, " + names.size() + " users at once", claims);
        print("  CPU of the process per claim, ms", perUser(cpu, names.size()));
        lists(broker);
    }

    private static void awaitSpares(Broker broker, int users) throws InterruptedException {
        while (broker.pools().get("bench").counts().available() < Math.min(550, users)) {
            Thread.sleep(Duration.ofMillis(100));
        }
    }

    /** A broker that has served nobody yet compiles its queries first: once, and not what is measured. */
    private static void warmUp(Broker broker, List<Caller> callers) {
        for (Caller caller : callers) {
            if (broker.claims().connect(caller, "bench") instanceof Connected.Ready ready) {
                broker.sessions().logOff(ready.session().id(), caller);
            }
        }
    }

    private static Duration cpu() {
        return ProcessHandle.current().info().totalCpuDuration().orElse(Duration.ZERO);
    }

    private static double perUser(Duration before, int users) {
        return cpu().minus(before).toNanos() / 1e6 / users;
    }

    private static void lists(Broker broker) {
        broker.pools()
                .create(
                        new Pools.NewPool("large", null, null, "bench", null, MACHINES, 0, 128, null, null, null, null),
                        AuditEntry.SYSTEM,
                        "");
        broker.pools()
                .entitle(
                        "large",
                        new Pools.NewEntitlement(Entitlement.Kind.GROUP, Entitlement.EVERYONE),
                        AuditEntry.SYSTEM,
                        "");
        while (broker.pools().get("large").counts().machines() < MACHINES) {
            Thread.onSpinWait();
        }
        time(
                "10,000 machines: first page of 200, ms",
                () -> broker.machines().list(new Machines.Filter("", null, null, "", Reach.EVERYTHING), "", 200));
        time(
                "10,000 machines: page in the middle, ms",
                () -> broker.machines()
                        .list(new Machines.Filter("large", null, null, "", Reach.EVERYTHING), "large-5", 200));
        time(
                "10,000 machines: search by part of the name, ms",
                () -> broker.machines().list(new Machines.Filter("", null, null, "9999", Reach.EVERYTHING), "", 200));
        time("10,000 machines: pools with counts, ms", () -> broker.pools().list(Reach.EVERYTHING, "", 200));
    }

    private static void time(String what, Runnable list) {
        for (int i = 0; i < 20; i++) {
            list.run();
        }
        double[] millis = new double[50];
        for (int i = 0; i < millis.length; i++) {
            long begun = System.nanoTime();
            list.run();
            millis[i] = (System.nanoTime() - begun) / 1e6;
        }
        Arrays.sort(millis);
        print(what + " p50", millis[millis.length / 2]);
        print(what + " p99", millis[millis.length - 1]);
    }

    private record Timed<T>(T result, double millis) {}

    private static <T> List<Timed<T>> parallel(List<Callable<T>> tasks) throws Exception {
        CountDownLatch start = new CountDownLatch(1);
        List<Timed<T>> results = new ArrayList<>();
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<Timed<T>>> futures = new ArrayList<>();
            for (Callable<T> task : tasks) {
                futures.add(threads.submit(() -> {
                    start.await();
                    long begun = System.nanoTime();
                    T result = task.call();
                    return new Timed<>(result, (System.nanoTime() - begun) / 1e6);
                }));
            }
            start.countDown();
            for (Future<Timed<T>> future : futures) {
                results.add(future.get());
            }
        }
        return results;
    }

    private static <T> void percentiles(String what, List<Timed<T>> times) {
        double[] millis = times.stream().mapToDouble(Timed::millis).sorted().toArray();
        print(what + " p50", millis[millis.length / 2]);
        print(what + " p99", millis[(int) (millis.length * 0.99)]);
    }

    private static void print(String what, double figure) {
        System.out.printf(Locale.ROOT, "%-72s %10.1f%n", what, figure);
    }

    private static void delete(Path directory) throws IOException {
        try (var files = Files.walk(directory)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }
}
