package oriel.broker;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetSocketAddress;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import oriel.broker.access.Caller;
import oriel.broker.access.Role;
import oriel.broker.session.Connected;
import tools.jackson.databind.JsonNode;

/** What those who run the service need: repeats, reports, exports, figures. */
class OperatingTest {
    private static Fixture f;
    private static InetSocketAddress address;

    @BeforeAll
    static void start() {
        f = new Fixture(4, 1);
        address = f.listen();
        f.user("boss", Role.ADMIN);
    }

    @AfterAll
    static void stop() {
        f.close();
    }

    private static Http boss() {
        return new Http(address).signedIn("boss", Fixture.PASSWORD);
    }

    private static HttpResponse<String> post(Http http, String path, String body, String key) {
        return Http.send(http.request(path)
                .header("X-Oriel-Request", "1")
                .header("Content-Type", "application/json")
                .header("Idempotency-Key", key)
                .POST(BodyPublishers.ofString(body)));
    }

    @Test
    void aRequestThatIsSentAgainIsAnsweredAndNotDoneAgain() {
        Http boss = boss();
        String body = "{\"id\":\"once\",\"image\":\"debian-desktop\",\"size\":1,\"warm\":0}";
        HttpResponse<String> first = post(boss, "/api/v1/pools", body, "key-0001");
        assertThat(first.statusCode()).isEqualTo(201);
        HttpResponse<String> again = post(boss, "/api/v1/pools", body, "key-0001");
        assertThat(again.statusCode()).isEqualTo(201);
        assertThat(Http.json(again).path("id").asString()).isEqualTo("once");
        assertThat(again.headers().firstValue("Idempotency-Replayed")).contains("true");
        assertThat(Http.reason(post(boss, "/api/v1/pools", body, "key-0002"))).isEqualTo("ALREADY_EXISTS");
        assertThat(Http.reason(post(boss, "/api/v1/pools", body.replace("once", "twice"), "key-0001")))
                .isEqualTo("CONFLICT");
        String bad = "{\"id\":\"never\",\"image\":\"no-such-image\"}";
        assertThat(post(boss, "/api/v1/pools", bad, "key-0003").statusCode()).isEqualTo(404);
        assertThat(post(boss, "/api/v1/pools", bad, "key-0003").headers().firstValue("Idempotency-Replayed"))
                .as("a refusal may be tried again")
                .isEmpty();
    }

    @Test
    void reportsSayWhoUsedWhatAndHowLongLogonsTook() {
        Caller ann = f.newUser("ann-report");
        Connected.Ready ready = f.connectUntilReady(ann);
        f.clock.skip(Duration.ofMinutes(10));
        f.broker.sessions().logOff(ready.session().id(), ann);
        new Http(address).post("/api/v1/login", Map.of("username", "ann-report", "password", "wrong password"));
        Http boss = boss();
        JsonNode usage = Http.json(boss.get("/api/v1/reports/usage?pool=demo")).path("items");
        assertThat(usage).anySatisfy(row -> {
            assertThat(row.path("username").asString()).isEqualTo("ann-report");
            assertThat(row.path("seconds").asLong()).isBetween(590L, 3600L);
        });
        JsonNode peaks = Http.json(boss.get("/api/v1/reports/concurrency")).path("items");
        assertThat(peaks.get(0).path("sessions").asInt()).isPositive();
        JsonNode logons = Http.json(boss.get("/api/v1/reports/logons")).path("items");
        assertThat(logons).extracting(row -> row.path("step").asString()).contains("authenticate", "claim", "boot");
        JsonNode failed = Http.json(boss.get("/api/v1/reports/failed-logins")).path("items");
        assertThat(failed)
                .anySatisfy(row -> assertThat(row.path("username").asString()).isEqualTo("ann-report"));
        JsonNode capacity = Http.json(boss.get("/api/v1/reports/capacity")).path("items");
        assertThat(capacity).anySatisfy(row -> {
            assertThat(row.path("poolId").asString()).isEqualTo("demo");
            assertThat(row.path("size").asInt()).isEqualTo(4);
        });
        for (String other : List.of("idle", "sprawl")) {
            assertThat(boss.get("/api/v1/reports/" + other).statusCode()).isEqualTo(200);
        }
        assertThat(Http.reason(boss.get("/api/v1/reports/usage?from=yesterday")))
                .isEqualTo("BAD_REQUEST");
    }

    @Test
    void theAuditTrailIsExportedAsJsonLinesAndSyslogThatNobodyCanForge() {
        f.user("eve-export");
        new Http(address)
                .post("/api/v1/login", Map.of("username", "x\"] evil \\ ]", "password", "forged line\n<110>1"));
        Http boss = boss();
        List<String> lines = boss.get("/api/v1/audit/export").body().lines().toList();
        long sequence = 0;
        for (String line : lines) {
            JsonNode record = Http.JSON.readTree(line);
            assertThat(record.path("sequence").asLong()).isEqualTo(++sequence);
            assertThat(record.path("hash").asString()).hasSize(64);
        }
        List<String> syslog =
                boss.get("/api/v1/audit/export?format=syslog").body().lines().toList();
        assertThat(syslog).hasSizeGreaterThan(lines.size()).allMatch(line -> line.matches("<1(10|08)>1 20.*"));
        assertThat(syslog).anyMatch(line -> line.contains("actor=\"x\\\"\\] evil \\\\ \\]\""));
        assertThat(f.broker.audit().verify().intact()).isTrue();
    }

    @Test
    void figuresAreInPrometheusFormatForWhoMayReadThem() {
        f.user("plain");
        assertThat(Http.reason(
                        new Http(address).signedIn("plain", Fixture.PASSWORD).get("/metrics")))
                .isEqualTo("FORBIDDEN");
        HttpResponse<String> figures = boss().get("/metrics");
        assertThat(figures.headers().firstValue("Content-Type").orElseThrow()).startsWith("text/plain; version=0.0.4");
        assertThat(figures.body().lines())
                .allMatch(line -> line.startsWith("#") || line.matches("[a-z_]+(\\{.*\\})? [-0-9.e+]+"))
                .anyMatch(line -> line.startsWith("oriel_pool_size{pool=\"demo\"} 4"))
                .anyMatch(line -> line.equals("oriel_database_up 1"))
                .anyMatch(line -> line.startsWith("oriel_http_request_seconds_bucket{le=\"+Inf\"}"));
    }

    @Test
    void whatMachinesUseIsAmongTheFiguresAndMoves() {
        Caller ann = f.newUser("ann-figures");
        String machine = f.connectUntilReady(ann).session().machineName();
        f.clock.skip(Duration.ofMinutes(1));
        Map<String, Double> before = figures();
        f.clock.skip(Duration.ofMinutes(1));
        Map<String, Double> after = figures();
        for (String counter : List.of(
                "oriel_machine_cpu_seconds_total{machine=\"%s\"}",
                "oriel_machine_cpu_ready_seconds_total{machine=\"%s\"}",
                "oriel_machine_cpu_limited_seconds_total{machine=\"%s\"}",
                "oriel_machine_disk_bytes_total{machine=\"%s\",direction=\"read\"}",
                "oriel_machine_disk_bytes_total{machine=\"%s\",direction=\"write\"}",
                "oriel_machine_network_bytes_total{machine=\"%s\",direction=\"receive\"}",
                "oriel_machine_network_bytes_total{machine=\"%s\",direction=\"send\"}")) {
            String name = counter.formatted(machine);
            assertThat(before).containsKey(name);
            assertThat(after.get(name))
                    .as(name)
                    .isGreaterThanOrEqualTo(before.get(name))
                    .isPositive();
        }
        String cpu = "oriel_machine_cpu_seconds_total{machine=\"%s\"}".formatted(machine);
        org.awaitility.Awaitility.await().until(() -> {
            f.clock.skip(Duration.ofMinutes(1));
            return figures().get(cpu) > before.get(cpu);
        });
        for (String kind : List.of("given", "private", "shared", "ballooned", "active")) {
            assertThat(after)
                    .containsKey("oriel_machine_memory_bytes{machine=\"%s\",kind=\"%s\"}".formatted(machine, kind));
        }
    }

    private static Map<String, Double> figures() {
        return boss().get("/metrics")
                .body()
                .lines()
                .filter(line -> !line.startsWith("#"))
                .collect(java.util.stream.Collectors.toMap(
                        line -> line.substring(0, line.lastIndexOf(' ')),
                        line -> Double.valueOf(line.substring(line.lastIndexOf(' ') + 1))));
    }

    @Test
    void theDashboardAndTheAlertRulesAskForFiguresThatExist() throws Exception {
        Path folder = Path.of("../config/monitoring").toAbsolutePath().normalize();
        java.util.Set<String> known = new java.util.HashSet<>();
        boss().get("/metrics")
                .body()
                .lines()
                .filter(line -> line.startsWith("# TYPE "))
                .forEach(line -> {
                    String name = line.split(" ", 4)[2];
                    known.add(name);
                    if (line.endsWith(" histogram")) {
                        known.addAll(List.of(name + "_bucket", name + "_sum", name + "_count"));
                    }
                });
        assertThat(known).hasSizeGreaterThan(20);
        java.util.regex.Pattern figure = java.util.regex.Pattern.compile("\\b(?:oriel|jvm|process)_[a-z_]+\\b");
        for (String file : List.of("oriel-dashboard.json", "oriel-alerts.yml")) {
            java.util.Set<String> asked = figure.matcher(java.nio.file.Files.readString(folder.resolve(file)))
                    .results()
                    .map(java.util.regex.MatchResult::group)
                    .collect(java.util.stream.Collectors.toSet());
            assertThat(asked).as(file).hasSizeGreaterThan(5).allMatch(known::contains);
        }
    }

    @Test
    void everyOperationOfTheContractIsACommand() {
        StringWriter out = new StringWriter();
        PrintWriter was = new PrintWriter(out);
        int code = oriel.broker.cli.Main.run(new String[] {"pools", "--help"}, List.of(), was, was);
        assertThat(code).isZero();
        assertThat(out.toString()).contains("push-version", "create-pool", "cancel-push");
        out.getBuffer().setLength(0);
        int wrong = oriel.broker.cli.Main.run(new String[] {"pools", "pool"}, List.of(), was, was);
        assertThat(wrong).isEqualTo(2);
        assertThat(out.toString()).contains("POOL-ID");
        out.getBuffer().setLength(0);
        int nobody = oriel.broker.cli.Main.run(
                new String[] {"service", "about", "--server", "http://127.0.0.1:1"}, List.of(), was, was);
        assertThat(nobody).as(out.toString()).isIn(2, 6);
    }
}
