package oriel.broker.report;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import oriel.broker.access.Reach;
import oriel.broker.pool.Pool;
import oriel.broker.role.Roles;
import oriel.broker.store.Conditions;
import oriel.broker.store.Store;
import oriel.broker.store.Tx;

/** Figures from what is in the database. Thread-safe. */
public final class Reports {
    private static final Duration UNUSED = Duration.ofDays(30);
    private static final int MOST_SESSIONS = 200_000;
    private static final int MOST_ROWS = 500;

    private final Store store;
    private final Clock clock;

    /** Over a database. */
    public Reports(Store store, Clock clock) {
        this.store = store;
        this.clock = clock;
    }

    /**
     * What a report is about.
     *
     * @param from not before
     * @param until before
     * @param pool one pool; empty: all
     * @param reach where the caller may see reports
     */
    public record Span(Instant from, Instant until, String pool, Reach reach) {}

    private record Session(
            String username,
            String poolId,
            Instant started,
            @Nullable Instant ended,
            @Nullable Long authenticate,
            @Nullable Long claim,
            @Nullable Long disk,
            @Nullable Long boot,
            @Nullable Long firstFrame) {}

    private List<Session> sessions(Span span) {
        return store.call(tx -> {
            Conditions where = new Conditions()
                    .and("started < ?", span.until())
                    .and("(ended is null or ended >= ?)", span.from())
                    .when(!span.pool().isEmpty(), "poolId = ?", span.pool());
            Roles.pools(tx, span.reach()).ifPresent(pools -> where.and("poolId in ?", pools));
            return tx
                    .query(
                            Object[].class,
                            "select username, poolId, started, ended, authenticateMs, claimMs, cloneMs, bootMs,"
                                    + " firstFrameMs from DesktopSession where " + where.hql() + " order by started",
                            where.values())
                    .setMaxResults(MOST_SESSIONS)
                    .getResultList()
                    .stream()
                    .map(row -> new Session(
                            (String) row[0],
                            (String) row[1],
                            (Instant) row[2],
                            (Instant) row[3],
                            (Long) row[4],
                            (Long) row[5],
                            (Long) row[6],
                            (Long) row[7],
                            (Long) row[8]))
                    .toList();
        });
    }

    /** Who used which pool: sessions, time and the last one, most time first. */
    public List<Usage> usage(Span span) {
        Map<String, Usage> usage = new HashMap<>();
        Instant now = clock.instant();
        for (Session session : sessions(span)) {
            Instant from = later(session.started(), span.from());
            Instant until = earlier(session.ended() == null ? now : session.ended(), earlier(span.until(), now));
            long seconds = Math.max(0, Duration.between(from, until).toSeconds());
            usage.merge(
                    session.username() + "/" + session.poolId(),
                    new Usage(session.username(), session.poolId(), 1, seconds, session.started()),
                    (a, b) -> new Usage(
                            a.username(),
                            a.poolId(),
                            a.sessions() + b.sessions(),
                            a.seconds() + b.seconds(),
                            later(a.last(), b.last())));
        }
        return usage.values().stream()
                .sorted(Comparator.comparingLong(Usage::seconds).reversed().thenComparing(Usage::username))
                .limit(MOST_ROWS)
                .toList();
    }

    /** The most sessions at a time, day by day (UTC). */
    public List<Peak> concurrency(Span span) {
        TreeMap<Instant, Integer> changes = new TreeMap<>();
        for (Session session : sessions(span)) {
            changes.merge(later(session.started(), span.from()), 1, Integer::sum);
            if (session.ended() != null && session.ended().isBefore(span.until())) {
                changes.merge(session.ended(), -1, Integer::sum);
            }
        }
        TreeMap<LocalDate, Peak> days = new TreeMap<>();
        int running = 0;
        for (Map.Entry<Instant, Integer> change : changes.entrySet()) {
            LocalDate day = change.getKey().atZone(ZoneOffset.UTC).toLocalDate();
            int before = running;
            // Sessions that run on from the day before count on a day without any change, too.
            LocalDate last = days.isEmpty() ? day : days.lastKey();
            for (LocalDate quiet = last.plusDays(1); quiet.isBefore(day); quiet = quiet.plusDays(1)) {
                days.put(
                        quiet,
                        new Peak(
                                quiet,
                                before,
                                quiet.atStartOfDay(ZoneOffset.UTC).toInstant()));
            }
            running += change.getValue();
            Peak peak = new Peak(day, Math.max(before, running), change.getKey());
            days.merge(day, peak, (a, b) -> b.sessions() > a.sessions() ? b : a);
        }
        return List.copyOf(days.values());
    }

    /** How long logons took, by pool and step. */
    public List<LogonTimes> logons(Span span) {
        TreeMap<String, Map<String, List<Long>>> times = new TreeMap<>();
        for (Session session : sessions(span)) {
            Map<String, List<Long>> steps = times.computeIfAbsent(session.poolId(), pool -> new TreeMap<>());
            add(steps, "authenticate", session.authenticate());
            add(steps, "claim", session.claim());
            add(steps, "clone", session.disk());
            add(steps, "boot", session.boot());
            add(steps, "first-frame", session.firstFrame());
        }
        List<LogonTimes> result = new ArrayList<>();
        times.forEach((pool, steps) -> steps.forEach((step, values) -> {
            Collections.sort(values);
            result.add(new LogonTimes(
                    pool, step, values.size(), percentile(values, 50), percentile(values, 95), values.getLast()));
        }));
        return result;
    }

    private static void add(Map<String, List<Long>> steps, String step, @Nullable Long millis) {
        if (millis != null) {
            steps.computeIfAbsent(step, s -> new ArrayList<>()).add(millis);
        }
    }

    private static long percentile(List<Long> sorted, int percent) {
        return sorted.get((int) Math.min(sorted.size() - 1L, (long) sorted.size() * percent / 100));
    }

    /** Live sessions that nobody looks at, longest first. */
    public List<Idle> idle(Span span) {
        return store.call(tx -> {
            Conditions where = new Conditions()
                    .and("state in (DISCONNECTED, PENDING)")
                    .when(!span.pool().isEmpty(), "poolId = ?", span.pool());
            Roles.pools(tx, span.reach()).ifPresent(pools -> where.and("poolId in ?", pools));
            return tx
                    .query(
                            Object[].class,
                            "select username, poolId, machineName, coalesce(disconnected, started) from DesktopSession"
                                    + " where " + where.hql() + " order by coalesce(disconnected, started)",
                            where.values())
                    .setMaxResults(MOST_ROWS)
                    .getResultList()
                    .stream()
                    .map(row -> new Idle((String) row[0], (String) row[1], (String) row[2], (Instant) row[3]))
                    .toList();
        });
    }

    /** Sign-ins that were refused, by name and address, most first. */
    public List<FailedLogins> failedLogins(Span span) {
        return store.call(tx -> tx
                .query(
                        Object[].class,
                        "select actor, address, count(*), max(time) from AuditRecord where action = 'login'"
                                + " and outcome = REFUSED and time >= ?1 and time < ?2"
                                + " group by actor, address order by count(*) desc, actor",
                        span.from(),
                        span.until())
                .setMaxResults(MOST_ROWS)
                .getResultList()
                .stream()
                .map(row -> new FailedLogins(
                        (String) row[0], (String) row[1], ((Number) row[2]).intValue(), (Instant) row[3]))
                .toList());
    }

    /** How full each pool gets, and when it will be full if its daily peaks go on as they did. */
    public List<Capacity> capacity(Span span) {
        List<Pool> pools = pools(span);
        List<Capacity> result = new ArrayList<>();
        for (Pool pool : pools) {
            Span own = new Span(span.from(), span.until(), pool.id(), Reach.EVERYTHING);
            List<Peak> peaks = concurrency(own);
            int peak = peaks.stream().mapToInt(Peak::sessions).max().orElse(0);
            long waited = sessions(own).stream()
                    .filter(session -> session.claim() != null && session.claim() > 5_000)
                    .count();
            int inUse = store.call(tx -> (int)
                    tx.count("select count(*) from Machine where poolId = ?1 and sessionId is not null", pool.id()));
            result.add(new Capacity(pool.id(), pool.size(), inUse, peak, (int) waited, full(peaks, pool.size())));
        }
        return result;
    }

    /** A straight line through the peaks; null if they don't grow, or there are too few to say. */
    private static @Nullable LocalDate full(List<Peak> peaks, int size) {
        if (peaks.size() < 7) {
            return null;
        }
        double n = peaks.size();
        double meanX = (n - 1) / 2;
        double meanY = peaks.stream().mapToInt(Peak::sessions).average().orElse(0);
        double covariance = 0;
        double variance = 0;
        for (int i = 0; i < peaks.size(); i++) {
            covariance += (i - meanX) * (peaks.get(i).sessions() - meanY);
            variance += (i - meanX) * (i - meanX);
        }
        double slope = covariance / variance;
        if (slope <= 1e-6) {
            return null;
        }
        double days = (size - (meanY + slope * (n - 1 - meanX))) / slope;
        LocalDate last = peaks.getLast().day();
        return days > 3650 ? null : last.plusDays(Math.max(0, (long) Math.ceil(days)));
    }

    private List<Pool> pools(Span span) {
        return store.call(tx -> {
            java.util.Optional<Set<String>> reach = Roles.pools(tx, span.reach());
            return tx.list(Pool.class, "from Pool where deleting = false order by id").stream()
                    .filter(pool -> reach.isEmpty() || reach.get().contains(pool.id()))
                    .filter(pool -> span.pool().isEmpty() || span.pool().equals(pool.id()))
                    .toList();
        });
    }

    /** What nobody has used for a month, and takes space. */
    public List<Sprawl> sprawl(Span span) {
        Instant since = clock.instant().minus(UNUSED);
        return store.call(tx -> {
            List<Sprawl> result = new ArrayList<>();
            for (Pool pool : pools(span)) {
                Instant last = tx.first(
                                Instant.class,
                                "select started from DesktopSession where poolId = ?1 order by started desc",
                                pool.id())
                        .orElse(pool.created());
                if (last.isBefore(since)) {
                    result.add(new Sprawl("pool", pool.id(), "no session", last));
                }
                abandoned(tx, pool, since, result);
                tx.list(
                                Object[].class,
                                "select s.machineName, s.label, s.created from Snapshot s where s.created < ?2 and exists"
                                        + " (select 1 from Machine m where m.name = s.machineName and m.poolId = ?1)",
                                pool.id(),
                                since)
                        .forEach(row -> result.add(
                                new Sprawl("snapshot", row[0] + "/" + row[1], "older than a month", (Instant) row[2])));
            }
            if (span.reach().everything()) {
                tx.list(
                                Object[].class,
                                "select v.imageName, v.number, v.created from ImageVersion v where v.state in (READY,"
                                        + " DEPRECATED, DRAFT, ERROR) and v.created < ?1 and not exists (select 1 from Pool"
                                        + " p where p.imageName = v.imageName and p.imageVersion = v.number)",
                                since)
                        .forEach(row -> result.add(
                                new Sprawl("image", row[0] + ":" + row[1], "no pool uses it", (Instant) row[2])));
            }
            return List.copyOf(result.subList(0, Math.min(MOST_ROWS, result.size())));
        });
    }

    private static void abandoned(Tx tx, Pool pool, Instant since, List<Sprawl> result) {
        tx.list(
                        Object[].class,
                        "select m.name, a.username, coalesce(a.lastLogin, a.created) from Machine m, Account a"
                                + " where m.poolId = ?1 and m.assignedTo = a.id and coalesce(a.lastLogin, a.created) < ?2",
                        pool.id(),
                        since)
                .forEach(row -> result.add(
                        new Sprawl("machine", (String) row[0], row[1] + " has not signed in", (Instant) row[2])));
    }

    private static Instant later(Instant a, Instant b) {
        return a.isAfter(b) ? a : b;
    }

    private static Instant earlier(Instant a, Instant b) {
        return a.isBefore(b) ? a : b;
    }

    /** A user's use of a pool. */
    public record Usage(String username, String poolId, int sessions, long seconds, Instant last) {}

    /** Most sessions at a time on a day. */
    public record Peak(LocalDate day, int sessions, Instant at) {}

    /** Times of one step of logons, in milliseconds. */
    public record LogonTimes(String poolId, String step, int logons, long p50, long p95, long most) {}

    /** A live session that nobody looks at. */
    public record Idle(String username, String poolId, String machine, Instant since) {}

    /** Refused sign-ins. */
    public record FailedLogins(String username, String address, int count, Instant last) {}

    /** A pool's fullness. */
    public record Capacity(
            String poolId,
            int size,
            int inUse,
            int peak,
            int waited,
            @Nullable LocalDate full) {}

    /** Something unused. */
    public record Sprawl(String kind, String id, String why, Instant since) {}
}
