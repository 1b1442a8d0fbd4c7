package oriel.broker.recording;

import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import oriel.broker.access.Caller;
import oriel.broker.access.Reach;
import oriel.broker.audit.AuditEntry;
import oriel.broker.audit.AuditTrail;
import oriel.broker.display.Cut;
import oriel.broker.display.Tickets;
import oriel.broker.event.Signal;
import oriel.broker.event.Signals;
import oriel.broker.pool.Pool;
import oriel.broker.pool.PoolPolicy;
import oriel.broker.problem.Reason;
import oriel.broker.problem.RefusedException;
import oriel.broker.role.Roles;
import oriel.broker.session.DesktopSession;
import oriel.broker.store.Conditions;
import oriel.broker.store.Store;
import oriel.broker.store.StoreUnavailableException;
import oriel.broker.store.Tx;
import oriel.displayd.recording.RecordingEnd;
import oriel.displayd.recording.RecordingSettings;

/**
 * Records sessions of pools that demand it, from their first display on: a session that can't be recorded is not shown.
 * Keeps the files for a while and gives them to those who may see them. Thread-safe.
 */
public final class Recordings implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(Recordings.class);
    /** A row without a file, or a file without a row, may be one that is just being made. */
    private static final Duration GRACE = Duration.ofMinutes(5);

    private final Store store;
    private final AuditTrail audit;
    private final Signals signals;
    private final Clock clock;
    private final String broker;
    private final RecordingFiles files;
    private final Retention retention;
    private final Map<UUID, Live> live = new ConcurrentHashMap<>();
    /** One thread: what recorders tell is noted in the order in which it happened. */
    private final ExecutorService notes = Executors.newSingleThreadExecutor(
            Thread.ofVirtual().name("recording-notes").factory());

    /** A recorder at work. */
    private record Live(UUID recording, Object display, AtomicBoolean over, AutoCloseable recorder) {
        boolean records(Object other) {
            return display == other && !over.get();
        }
    }

    /** Begins to record a display. */
    @FunctionalInterface
    public interface Starter {
        /**
         * Begins.
         *
         * @param onEnd told once why it ended; must not block
         * @return ends it when closed
         * @throws IOException if there can be no file
         */
        AutoCloseable start(RecordingSettings settings, BiConsumer<RecordingEnd, String> onEnd) throws IOException;
    }

    /**
     * With its collaborators.
     *
     * @param broker the name of the one that has the displays
     */
    public Recordings(Store store, AuditTrail audit, Signals signals, Clock clock, String broker, Retention retention) {
        this.store = store;
        this.audit = audit;
        this.signals = signals;
        this.clock = clock;
        this.broker = broker;
        this.files = new RecordingFiles(retention.folder());
        this.retention = retention;
    }

    /**
     * Sees to it that what a ticket opens is recorded, if its pool demands that.
     *
     * @param display what is recorded; another one of the same session is recorded too
     * @return false if it is demanded and can't be done: the display must not be shown
     */
    @SuppressWarnings("ReferenceEquality") // another display of the same machine is another run of it
    public boolean begin(Tickets.Redeemed grant, Object display, Starter starter) {
        // Whoever watches sees what is recorded already; a maintenance machine has no session.
        if (grant.shadow() != null || grant.image() != null) {
            return true;
        }
        Optional<DesktopSession> session = store.call(tx -> tx.find(DesktopSession.class, grant.sessionId())
                .filter(found -> tx.find(Pool.class, found.poolId())
                        .filter(pool -> pool.policy().recording() == PoolPolicy.Recording.ALL)
                        .isPresent()));
        return session.isEmpty() || begin(session.get(), grant.machine(), display, starter);
    }

    private boolean begin(DesktopSession session, String machine, Object display, Starter starter) {
        // In the map's lock: two displays of a session that open at once make one recording.
        return live.compute(
                        session.id(),
                        (id, known) -> known != null && known.records(display)
                                ? known
                                : start(session, machine, display, starter))
                != null;
    }

    private @Nullable Live start(DesktopSession session, String machine, Object display, Starter starter) {
        SessionRecording row = new SessionRecording(
                session.id(),
                session.accountId(),
                session.username(),
                session.poolId(),
                machine,
                broker,
                clock.instant());
        store.run(tx -> {
            tx.insert(row);
            audit.record(
                    tx,
                    AuditEntry.bySystem("recording.start", row.id().toString(), "session " + session.id())
                            .about(session.username()));
        });
        AtomicBoolean over = new AtomicBoolean();
        try {
            AutoCloseable recorder = starter.start(RecordingSettings.to(files.prepare(row.id())), (why, detail) -> {
                over.set(true);
                note(() -> {
                    ended(session, row.id(), why, detail);
                    if (why == RecordingEnd.TOO_LONG
                            && stillLives(session.id())
                            && !begin(session, machine, display, starter)) {
                        cut(session);
                    }
                });
            });
            return new Live(row.id(), display, over, recorder);
        } catch (IOException | RuntimeException e) {
            log.error("session {} must be recorded and can't be: {}", session.id(), e.getMessage());
            store.run(tx -> {
                tx.find(SessionRecording.class, row.id()).ifPresent(tx::delete);
                audit.record(
                        tx,
                        AuditEntry.bySystem(
                                        "recording.fail",
                                        row.id().toString(),
                                        "session " + session.id() + ": " + e.getMessage())
                                .about(session.username()));
            });
            return null;
        }
    }

    private void note(Runnable what) {
        try {
            notes.execute(() -> {
                try {
                    what.run();
                } catch (StoreUnavailableException e) {
                    log.warn("a recording's end is noted at the next start: {}", e.getMessage());
                } catch (RuntimeException e) {
                    log.warn("a recording's end could not be noted: {}", e.getMessage(), e);
                }
            });
        } catch (RejectedExecutionException e) {
            log.debug("the process stops: the next one notes what was recorded");
        }
    }

    private void ended(DesktopSession session, UUID recording, RecordingEnd why, String detail) {
        live.computeIfPresent(session.id(), (id, known) -> known.recording().equals(recording) ? null : known);
        end(recording, why.name());
        if (why == RecordingEnd.FAILED) {
            log.error("recording {} of session {} failed: {}", recording, session.id(), detail);
            audit.record(AuditEntry.bySystem(
                            "recording.fail", recording.toString(), "session " + session.id() + ": " + detail)
                    .about(session.username()));
            cut(session);
        }
    }

    private boolean stillLives(UUID session) {
        return store.call(tx -> tx.find(DesktopSession.class, session)
                .filter(DesktopSession::lives)
                .isPresent());
    }

    private void cut(DesktopSession session) {
        store.run(tx -> signals.send(
                tx, Signal.CutDisplays.ofSession(session.id(), Cut.REVOKED, "the session can't be recorded")));
    }

    private void end(UUID recording, String why) {
        store.run(tx -> tx.lock(SessionRecording.class, recording)
                .filter(row -> row.ended() == null)
                .ifPresent(row -> {
                    row.end(why, files.size(recording), clock.instant());
                    tx.update(row);
                }));
    }

    /** A session is over. */
    public void sessionEnded(UUID session) {
        Live ended = live.get(session);
        if (ended != null) {
            note(() -> close(ended));
        }
    }

    private static void close(Live recording) {
        try {
            recording.recorder().close();
        } catch (Exception e) {
            log.warn("a recorder did not close: {}", e.getMessage(), e);
        }
    }

    /** After a start of this broker nothing is being recorded by it: what was, ended with the process. */
    public void nothingRuns() {
        store.call(tx -> tx.list(
                        UUID.class, "select id from SessionRecording where ended is null and broker = ?1", broker))
                .forEach(id -> end(id, "INTERRUPTED"));
    }

    /** Which recordings. */
    public record Filter(@Nullable UUID session, String username, String poolId, Reach reach) {}

    /** A page, newest first. */
    public List<RecordingView> list(Instant before, UUID beforeId, int limit, Filter filter) {
        return store.call(tx -> {
            Conditions where = new Conditions()
                    .and("(started < ? or (started = ? and id < ?))", before, before, beforeId)
                    .when(filter.session() != null, "sessionId = ?", filter.session())
                    .when(!filter.username().isEmpty(), "username = ?", filter.username())
                    .when(!filter.poolId().isEmpty(), "poolId = ?", filter.poolId());
            Roles.pools(tx, filter.reach()).ifPresent(pools -> where.and("poolId in ?", pools));
            return tx
                    .query(
                            SessionRecording.class,
                            "from SessionRecording where " + where.hql() + " order by started desc, id desc",
                            where.values())
                    .setMaxResults(limit)
                    .getResultList()
                    .stream()
                    .map(SessionRecording::view)
                    .toList();
        });
    }

    /** One recording. */
    public RecordingView get(UUID id) {
        return store.call(tx -> require(tx, id)).view();
    }

    private static SessionRecording require(Tx tx, UUID id) {
        return tx.find(SessionRecording.class, id).orElseThrow(() -> RefusedException.notFound("recording " + id));
    }

    /**
     * A part of its file. Reading the beginning is what is recorded as looking at it.
     *
     * @throws RefusedException {@link Reason#NOT_READY} while it is being made
     */
    public byte[] content(UUID id, long offset, int most, Caller caller) {
        SessionRecording row = store.call(tx -> {
            SessionRecording found = require(tx, id);
            if (found.ended() == null) {
                throw new RefusedException(Reason.NOT_READY, "The session is still being recorded.");
            }
            if (offset == 0) {
                audit.record(
                        tx,
                        AuditEntry.by(caller, "recording.play", id.toString(), "session " + found.sessionId())
                                .about(found.username()));
            }
            return found;
        });
        try {
            return files.read(row.id(), offset, most);
        } catch (IOException e) {
            throw RefusedException.notFound("file of recording " + id);
        }
    }

    /**
     * Deletes it.
     *
     * @throws RefusedException {@link Reason#CONFLICT} while it is being made
     */
    public void delete(UUID id, Caller caller) {
        store.run(tx -> {
            SessionRecording row = require(tx, id);
            if (row.ended() == null) {
                throw new RefusedException(Reason.CONFLICT, "The session is still being recorded.");
            }
            tx.delete(row);
            audit.record(
                    tx,
                    AuditEntry.by(caller, "recording.delete", id.toString(), "session " + row.sessionId())
                            .about(row.username()));
        });
        deleteFile(id);
    }

    private void deleteFile(UUID id) {
        try {
            files.delete(id);
        } catch (IOException e) {
            // The next round finds a file that nobody knows.
            log.warn("the file of recording {} stays for now: {}", id, e.getMessage());
        }
    }

    /** Deletes what is too old and what is too much, the oldest first, and files that nobody knows. */
    public void sweep() {
        Instant now = clock.instant();
        long left = retention.bytes();
        for (SessionRecording row : store.call(tx -> tx.list(
                SessionRecording.class, "from SessionRecording where ended is not null order by started desc"))) {
            left -= row.bytes();
            if (left < 0 || row.started().isBefore(now.minus(retention.time()))) {
                expire(row);
            }
        }
        orphans(now);
    }

    private void expire(SessionRecording row) {
        store.run(tx -> {
            if (tx.execute("delete from SessionRecording where id = ?1", row.id()) == 1) {
                audit.record(
                        tx,
                        AuditEntry.bySystem("recording.expire", row.id().toString(), "session " + row.sessionId())
                                .about(row.username()));
            }
        });
        deleteFile(row.id());
    }

    private void orphans(Instant now) {
        try {
            List<UUID> present = files.ids();
            if (present.isEmpty()) {
                return;
            }
            Set<UUID> known = new HashSet<>(store.call(tx -> tx.list(UUID.class, "select id from SessionRecording")));
            for (UUID id : present) {
                if (!known.contains(id) && files.touched(id).isBefore(now.minus(GRACE))) {
                    deleteFile(id);
                }
            }
        } catch (IOException e) {
            log.warn("recordings can't be listed: {}", e.getMessage());
        }
    }

    @Override
    public void close() {
        live.values().forEach(Recordings::close);
        notes.shutdown();
        try {
            if (!notes.awaitTermination(5, TimeUnit.SECONDS)) {
                log.warn("not every recording's end was noted");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
