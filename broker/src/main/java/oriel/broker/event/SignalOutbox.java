package oriel.broker.event;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import oriel.broker.store.Store;
import oriel.broker.store.StoreUnavailableException;
import oriel.broker.store.Tx;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;

/**
 * What brokers on one database tell each other: signals are written as rows in the transaction they belong to, and
 * every broker reads what the others have written. Thread-safe.
 *
 * <p>Row numbers are given out when a row is written, and rows appear when their transactions commit: number 7 may
 * appear after number 8. The reader therefore remembers the numbers that it has not seen, and looks for them until no
 * transaction can be so late.
 */
public final class SignalOutbox implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(SignalOutbox.class);

    /** Displays have to be cut within a second, wherever they are. */
    private static final Duration INTERVAL = Duration.ofMillis(250);

    /** No transaction takes so long, and whoever was away so long reads everything again. */
    private static final Duration LATEST = Duration.ofSeconds(60);

    private static final Duration KEPT = Duration.ofMinutes(10);
    private static final int PAGE = 500;
    private static final int MOST_MISSING = 2000;
    /** What a row holds; see the table. */
    private static final int MOST_CHARACTERS = 8000;

    private final Store store;
    private final Signals signals;
    private final String broker;
    private final Clock clock;
    private final JsonMapper json = JsonMapper.builder().build();
    private final CountDownLatch stop = new CountDownLatch(1);
    /** Numbers that were skipped, with the time when that was noticed. Only the reader's thread uses it. */
    private final Map<Long, Instant> missing = new TreeMap<>();

    private long last;
    private @Nullable Thread reader;

    private record Letter(List<Signal> signals) {}

    /**
     * Over a database.
     *
     * @param broker this one's name among the brokers
     */
    public SignalOutbox(Store store, Signals signals, String broker, Clock clock) {
        this.store = store;
        this.signals = signals;
        this.broker = broker;
        this.clock = clock;
    }

    /** Begins to send and to read; what was written before is of no interest. */
    public void start() {
        last = store.call(tx -> tx.first(Long.class, "select coalesce(max(id), 0) from OutboxRow"))
                .orElse(0L);
        signals.shareThrough(this);
        reader = Thread.ofVirtual().name("signals-of-others").start(this::read);
    }

    void write(Tx tx, Collection<Signal> sent) {
        List<Signal> letter = new ArrayList<>();
        int length = 0;
        for (Signal signal : sent) {
            int more = json.writeValueAsString(signal).length() + 1;
            if (length + more > MOST_CHARACTERS - 20 && !letter.isEmpty()) {
                insert(tx, letter);
                letter.clear();
                length = 0;
            }
            letter.add(signal);
            length += more;
        }
        if (!letter.isEmpty()) {
            insert(tx, letter);
        }
    }

    private void insert(Tx tx, List<Signal> letter) {
        tx.insert(new OutboxRow(broker, json.writeValueAsString(new Letter(letter)), clock.instant()));
    }

    void write(Signal signal) {
        try {
            store.run(tx -> write(tx, List.of(signal)));
        } catch (StoreUnavailableException e) {
            log.debug("other brokers do not hear of {}", signal);
        }
    }

    private void read() {
        boolean away = false;
        try {
            while (!stop.await(INTERVAL.toMillis(), TimeUnit.MILLISECONDS)) {
                try {
                    look();
                    away = false;
                } catch (RuntimeException e) {
                    if (!away && stop.getCount() > 0) {
                        log.warn("what other brokers do is not heard of: {}", e.getMessage());
                    }
                    away = true;
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Reads what is new and hands it over. */
    private void look() {
        List<OutboxRow> rows;
        do {
            rows = store.call(tx -> {
                List<OutboxRow> found = new ArrayList<>();
                if (!missing.isEmpty()) {
                    found.addAll(tx.list(
                            OutboxRow.class,
                            "from OutboxRow where id in ?1 order by id",
                            List.copyOf(missing.keySet())));
                }
                found.addAll(tx.query(OutboxRow.class, "from OutboxRow where id > ?1 order by id", last)
                        .setMaxResults(PAGE)
                        .getResultList());
                return found;
            });
            Instant now = clock.instant();
            for (OutboxRow row : rows) {
                missing.remove(row.id());
                for (long skipped = last + 1; skipped < row.id() && missing.size() < MOST_MISSING; skipped++) {
                    missing.put(skipped, now);
                }
                last = Math.max(last, row.id());
                if (!row.broker().equals(broker)) {
                    deliver(row);
                }
            }
            missing.values().removeIf(since -> since.plus(LATEST).isBefore(now));
        } while (rows.size() >= PAGE);
    }

    private void deliver(OutboxRow row) {
        try {
            json.readValue(row.signals(), Letter.class).signals().forEach(signals::deliverOfOthers);
        } catch (JacksonException e) {
            // A broker of another version: pages here see such changes when they read again.
            log.debug("signals of {} cannot be read: {}", row.broker(), e.getMessage());
        }
    }

    /** Deletes what everybody has read. */
    public void sweep() {
        store.run(tx -> tx.execute(
                "delete from OutboxRow where created < ?1", clock.instant().minus(KEPT)));
    }

    @Override
    public void close() {
        stop.countDown();
        Thread thread = reader;
        if (thread != null) {
            try {
                thread.join(TimeUnit.SECONDS.toMillis(5));
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
