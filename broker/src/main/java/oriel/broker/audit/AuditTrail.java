package oriel.broker.audit;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Clock;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import oriel.broker.problem.RefusedException;
import oriel.broker.store.Conditions;
import oriel.broker.store.Store;
import oriel.broker.store.Tx;

/**
 * Writes and checks the audit trail. A record is written in the transaction of the act it records: an act that cannot be
 * recorded does not happen. Thread-safe.
 */
public final class AuditTrail {
    /** Mapped classes. */
    public static final List<Class<?>> ENTITIES = List.of(AuditRecord.class, AuditHead.class);

    private static final String START = "0".repeat(64);
    private static final int VERIFY_PAGE = 1000;

    private final Store store;
    private final Clock clock;

    /** Over a database. */
    public AuditTrail(Store store, Clock clock) {
        this.store = store;
        this.clock = clock;
    }

    /**
     * Records an act as part of a transaction. The record is written at the transaction's end: the chain's end is locked
     * then, once for all records of the transaction, so that the lock is short and the order of locks always the same.
     */
    public void record(Tx tx, AuditEntry entry) {
        tx.companion(Recording.class, Recording::new).entries.add(entry);
    }

    private final class Recording implements Tx.Companion {
        private final List<AuditEntry> entries = new ArrayList<>();

        @Override
        public void beforeCommit(Tx tx) {
            AuditHead head = tx.lock(AuditHead.class, AuditHead.ONLY)
                    .orElseThrow(() -> new IllegalStateException("the audit trail has no head"));
            // Databases keep microseconds; the hash must be over what will be read back.
            Instant now = clock.instant().truncatedTo(ChronoUnit.MICROS);
            List<AuditRecord> records = new ArrayList<>();
            for (AuditEntry entry : entries) {
                long sequence = head.sequence() + 1;
                String hash = hash(head.hash(), sequence, now, entry);
                records.add(new AuditRecord(sequence, now, entry, hash));
                head.advance(hash);
            }
            tx.insertAll(records);
            tx.update(head);
        }

        @Override
        public void afterCommit() {}
    }

    /** Records an act by itself. */
    public void record(AuditEntry entry) {
        store.run(tx -> record(tx, entry));
    }

    /**
     * A page of records, newest first.
     *
     * @param before sequence of the last record of the page before
     */
    public List<AuditRecord> list(Filter filter, long before, int limit) {
        return read(new Conditions().and("sequence < ?", before), filter, "desc", limit);
    }

    /**
     * A page of what concerns a user on pools and their machines, newest first.
     *
     * @param username of the user
     * @param pools ids
     * @param before sequence of the last record of the page before
     */
    public List<AuditRecord> about(String username, Set<String> pools, long before, int limit) {
        List<String> within = new ArrayList<>();
        List<Object> values = new ArrayList<>();
        for (String pool : pools) {
            // A machine's name is its pool's with a number; another pool's name may begin the same.
            within.add("target = ? or (target like ? escape '!' and locate('-', target, ?) = 0"
                    + " and not exists (select 1 from Pool p where p.id = target))");
            values.add(pool);
            values.add(pool.replaceAll("([!%_])", "!$1") + "-%");
            values.add(pool.length() + 2);
        }
        Conditions where = new Conditions()
                .and("sequence < ?", before)
                .and("(" + String.join(" or ", within) + ")", values.toArray());
        return read(where, Filter.about(username), "desc", limit);
    }

    /** A page of records, oldest first, after one. */
    List<AuditRecord> after(Filter filter, long after, int limit) {
        return read(new Conditions().and("sequence > ?", after), filter, "asc", limit);
    }

    private List<AuditRecord> read(Conditions where, Filter filter, String order, int limit) {
        where.when(!filter.actor().isEmpty(), "actor = ?", filter.actor())
                .when(
                        !filter.action().isEmpty(),
                        "action like ? escape '!'",
                        filter.action().replaceAll("([!%_])", "!$1") + "%")
                .when(!filter.target().isEmpty(), "target = ?", filter.target())
                .when(filter.outcome() != null, "outcome = ?", filter.outcome())
                .when(filter.from() != null, "time >= ?", filter.from())
                .when(filter.until() != null, "time < ?", filter.until());
        if (!filter.subject().isEmpty()) {
            where.and("(subject = ? or actor = ? or target = ?)", filter.subject(), filter.subject(), filter.subject());
        }
        return store.call(tx -> tx.query(
                        AuditRecord.class,
                        "from AuditRecord where " + where.hql() + " order by sequence " + order,
                        where.values())
                .setMaxResults(limit)
                .getResultList());
    }

    /** The name of a user who is given by id or name; a name that is nobody's any more is still in the records. */
    public String username(String idOrName) {
        try {
            UUID id = UUID.fromString(idOrName);
            return store.call(tx -> tx.first(String.class, "select username from Account where id = ?1", id))
                    .orElseThrow(() -> RefusedException.notFound("user " + id));
        } catch (IllegalArgumentException e) {
            return idOrName;
        }
    }

    /**
     * Which records.
     *
     * @param actor who did it; empty: anybody
     * @param action beginning of what was done; empty: anything
     * @param target on what; empty: anything
     * @param subject a user whom it concerns as actor, target or otherwise; empty: anybody
     * @param outcome how it ended; null: anyhow
     * @param from not before; null: from the first
     * @param until before; null: to the last
     */
    public record Filter(
            String actor,
            String action,
            String target,
            String subject,
            AuditRecord.@Nullable Outcome outcome,
            @Nullable Instant from,
            @Nullable Instant until) {
        /** What concerns a user. */
        public static Filter about(String username) {
            return new Filter("", "", "", username, null, null, null);
        }
    }

    /** Whether every record still is what was written, and none is missing. */
    public AuditVerification verify() {
        String hash = START;
        long sequence = 0;
        while (true) {
            long after = sequence;
            List<AuditRecord> page = store.call(
                    tx -> tx.query(AuditRecord.class, "from AuditRecord where sequence > ?1 order by sequence", after)
                            .setMaxResults(VERIFY_PAGE)
                            .getResultList());
            for (AuditRecord record : page) {
                sequence++;
                hash = hash(hash, sequence, record.time(), record.entry());
                if (record.sequence() != sequence || !record.hash().equals(hash)) {
                    return new AuditVerification(false, sequence, sequence);
                }
            }
            if (page.size() < VERIFY_PAGE) {
                return atEnd(sequence, hash);
            }
        }
    }

    private AuditVerification atEnd(long sequence, String hash) {
        AuditHead head =
                store.call(tx -> tx.find(AuditHead.class, AuditHead.ONLY)).orElse(null);
        if (head == null
                || head.sequence() < sequence
                || (head.sequence() == sequence && !head.hash().equals(hash))) {
            return new AuditVerification(false, sequence, sequence);
        }
        // A head further on: records were written while we read, unless they are not there.
        long present =
                store.call(tx -> tx.count("select count(*) from AuditRecord where sequence <= ?1", head.sequence()));
        return present == head.sequence()
                ? new AuditVerification(true, sequence, null)
                : new AuditVerification(false, sequence, sequence + 1);
    }

    /** Every field is preceded by its length, so that no text can pass for two fields. */
    private static String hash(String previous, long sequence, Instant time, AuditEntry entry) {
        MessageDigest digest = sha256();
        List<String> fields = new ArrayList<>(List.of(
                previous,
                Long.toString(sequence),
                time.truncatedTo(ChronoUnit.MICROS).toString(),
                entry.actor(),
                entry.action(),
                entry.target(),
                entry.outcome().name(),
                entry.detail(),
                entry.address()));
        if (!entry.subject().isEmpty()) {
            // Records from before there were subjects keep their hashes.
            fields.add(entry.subject());
        }
        for (String field : fields) {
            byte[] bytes = field.getBytes(StandardCharsets.UTF_8);
            digest.update(ByteBuffer.allocate(Integer.BYTES).putInt(0, bytes.length));
            digest.update(bytes);
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }

    /**
     * Result of a check.
     *
     * @param intact nothing was changed or removed
     * @param records how many were read
     * @param firstBroken sequence of the first record that does not fit
     */
    public record AuditVerification(
            boolean intact, long records, @Nullable Long firstBroken) {}
}
