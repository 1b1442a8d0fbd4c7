package oriel.broker.metric;

import java.lang.management.ManagementFactory;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.IntSupplier;
import oriel.broker.access.Right;
import oriel.broker.pool.Pool;
import oriel.broker.store.Store;
import oriel.broker.store.StoreUnavailableException;
import oriel.broker.store.Tx;
import oriel.broker.web.Access;
import oriel.broker.web.Resource;
import oriel.broker.web.Response;
import oriel.broker.web.Route;

/**
 * What an operator watches. Figures of the installation are read from the database when they are asked for, so that
 * every broker says the same and none forgets at a restart; figures of this process are its own.
 */
public final class MetricsResource implements Resource {
    private static final Duration LOGONS = Duration.ofHours(1);

    private final Store store;
    private final RequestFigures requests;
    private final MachineFigures machines;
    private final IntSupplier displays;
    private final Clock clock;

    /**
     * With its collaborators.
     *
     * @param displays counts open displays of this process
     */
    public MetricsResource(
            Store store, RequestFigures requests, MachineFigures machines, IntSupplier displays, Clock clock) {
        this.store = store;
        this.requests = requests;
        this.machines = machines;
        this.displays = displays;
        this.clock = clock;
    }

    @Override
    public List<Route> routes() {
        return List.of(new Route(
                "GET",
                "/metrics",
                new Access.Needs(Right.METRICS_READ),
                request -> Response.ok(new Response.Text(Exposition.CONTENT_TYPE, text()))));
    }

    private String text() {
        Exposition out = new Exposition();
        try {
            store.run(tx -> installation(tx, out));
            up(out, 1);
        } catch (StoreUnavailableException e) {
            up(out, 0);
        }
        requests.write(out);
        machines.write(out);
        process(out);
        return out.text();
    }

    private static void up(Exposition out, int up) {
        out.family("oriel_database_up", "gauge", "Whether the database answers.")
                .sample("oriel_database_up", Map.of(), up);
    }

    private void installation(Tx tx, Exposition out) {
        Instant now = clock.instant();
        List<Pool> pools = tx.list(Pool.class, "from Pool order by id");
        out.family("oriel_pool_size", "gauge", "Machines a pool may have.");
        pools.forEach(pool -> out.sample("oriel_pool_size", Map.of("pool", pool.id()), pool.size()));
        out.family("oriel_pool_warm_wanted", "gauge", "Free machines to run now.");
        pools.forEach(pool -> out.sample("oriel_pool_warm_wanted", Map.of("pool", pool.id()), pool.warmAt(now)));
        out.family("oriel_pool_restrained", "gauge", "Whether too much went wrong lately to start spare machines.");
        pools.forEach(
                pool -> out.sample("oriel_pool_restrained", Map.of("pool", pool.id()), pool.restrained(now) ? 1 : 0));
        counted(
                tx,
                out,
                "oriel_machines",
                "Machines by state.",
                "select poolId, cast(lifecycle as String), count(*) from Machine group by poolId, lifecycle",
                "pool",
                "lifecycle");
        counted(
                tx,
                out,
                "oriel_machines_available",
                "Free machines whose desktop is up.",
                "select poolId, count(*) from Machine where sessionId is null and taintedBy is null and assignedTo is"
                        + " null and failure is null and power = ON and agent = READY group by poolId",
                "pool");
        counted(
                tx,
                out,
                "oriel_sessions",
                "Live sessions by state.",
                "select poolId, cast(state as String), count(*) from DesktopSession where state <> ENDED"
                        + " group by poolId, state",
                "pool",
                "state");
        counted(
                tx,
                out,
                "oriel_queue_length",
                "Users who wait for a machine.",
                "select poolId, count(*) from QueuePlace group by poolId",
                "pool");
        counted(
                tx,
                out,
                "oriel_operations_open",
                "Operations that have not ended.",
                "select cast(kind as String), cast(state as String), count(*) from Operation where openKey is not null"
                        + " group by kind, state",
                "kind",
                "state");
        counted(
                tx,
                out,
                "oriel_operations_failing",
                "Open operations that have failed three times or more.",
                "select cast(kind as String), count(*) from Operation where openKey is not null and attempt >= 3"
                        + " group by kind",
                "kind");
        Instant oldest = tx.first(
                        Instant.class, "select created from Operation where openKey is not null order by created")
                .orElse(now);
        out.family("oriel_operation_oldest_seconds", "gauge", "Age of the oldest operation that has not ended.")
                .sample("oriel_operation_oldest_seconds", Map.of(), seconds(oldest, now));
        counted(tx, out, "oriel_sign_ins", "Sign-ins that live.", "select count(*) from SignIn");
        logons(tx, out, now);
        Long head = tx.first(Long.class, "select sequence from AuditHead").orElse(0L);
        out.family("oriel_audit_records_total", "counter", "Records of the audit trail.")
                .sample("oriel_audit_records_total", Map.of(), head.doubleValue());
        out.family("oriel_audit_actions_day", "gauge", "Records of the audit trail of the last day, by outcome.");
        for (Object[] row : tx.list(
                Object[].class,
                "select action, cast(outcome as String), count(*) from AuditRecord where time >= ?1"
                        + " group by action, outcome order by action",
                now.minus(Duration.ofDays(1)))) {
            out.sample(
                    "oriel_audit_actions_day",
                    labels(List.of("action", "outcome"), row),
                    ((Number) row[2]).doubleValue());
        }
    }

    private static double seconds(Instant from, Instant until) {
        return Duration.between(from, until).toMillis() / 1000.0;
    }

    private static void counted(Tx tx, Exposition out, String name, String help, String hql, String... labels) {
        out.family(name, "gauge", help);
        if (labels.length == 0) {
            out.sample(name, Map.of(), (double) tx.count(hql));
            return;
        }
        for (Object[] row : tx.list(Object[].class, hql)) {
            out.sample(name, labels(List.of(labels), row), ((Number) row[labels.length]).doubleValue());
        }
    }

    private static Map<String, String> labels(List<String> names, Object[] row) {
        Map<String, String> labels = new LinkedHashMap<>();
        for (int i = 0; i < names.size(); i++) {
            labels.put(names.get(i), String.valueOf(row[i]));
        }
        return labels;
    }

    /** Of the last hour: sums and counts, so that averages are right whatever the time between two looks. */
    private static void logons(Tx tx, Exposition out, Instant now) {
        Map<String, String> steps = new TreeMap<>(Map.of(
                "authenticate", "authenticateMs",
                "claim", "claimMs",
                "clone", "cloneMs",
                "boot", "bootMs",
                "first-frame", "firstFrameMs"));
        out.family(
                "oriel_logon_step_seconds", "gauge", "Mean and longest time of each step of logons of the last hour.");
        steps.forEach((step, column) -> {
            for (Object[] row : tx.list(
                    Object[].class,
                    "select poolId, avg(" + column + "), max(" + column
                            + ") from DesktopSession where started >= ?1 and " + column
                            + " is not null group by poolId",
                    now.minus(LOGONS))) {
                for (Map.Entry<String, Object> figure :
                        Map.of("mean", row[1], "max", row[2]).entrySet()) {
                    Map<String, String> labels =
                            new TreeMap<>(Map.of("pool", (String) row[0], "step", step, "figure", figure.getKey()));
                    out.sample("oriel_logon_step_seconds", labels, ((Number) figure.getValue()).doubleValue() / 1000);
                }
            }
        });
    }

    private void process(Exposition out) {
        out.family("oriel_displays_open", "gauge", "Displays that are open in this process.")
                .sample("oriel_displays_open", Map.of(), displays.getAsInt());
        var memory = ManagementFactory.getMemoryMXBean();
        out.family("jvm_memory_used_bytes", "gauge", "Memory that the Java machine uses.")
                .sample("jvm_memory_used_bytes", Map.of("area", "heap"), (double)
                        memory.getHeapMemoryUsage().getUsed())
                .sample("jvm_memory_used_bytes", Map.of("area", "nonheap"), (double)
                        memory.getNonHeapMemoryUsage().getUsed());
        out.family("jvm_threads_current", "gauge", "Platform threads.")
                .sample(
                        "jvm_threads_current",
                        Map.of(),
                        ManagementFactory.getThreadMXBean().getThreadCount());
        out.family("process_uptime_seconds", "gauge", "Since this process was started.")
                .sample(
                        "process_uptime_seconds",
                        Map.of(),
                        ManagementFactory.getRuntimeMXBean().getUptime() / 1000.0);
    }
}
