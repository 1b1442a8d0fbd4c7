package oriel.broker.store;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import java.sql.SQLException;
import java.sql.SQLTransientConnectionException;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Consumer;
import java.util.function.Function;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.FlywayException;
import org.hibernate.SessionFactory;
import org.hibernate.StaleStateException;
import org.hibernate.StatelessSession;
import org.hibernate.Transaction;
import org.hibernate.boot.model.naming.PhysicalNamingStrategySnakeCaseImpl;
import org.hibernate.cfg.Configuration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The database. Work runs in transactions (read committed) that start again by themselves when they lose a race: work
 * therefore has no other effect than on the database, and puts the rest into {@link Tx#afterCommit}. Thread-safe.
 */
public final class Store implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(Store.class);

    /** Enough for hundreds of simultaneous sign-ins; a livelock ends as an error instead of never. */
    private static final int ATTEMPTS = 12;

    /**
     * Lost a race: serialisation failure and deadlock (both), H2's concurrent update and lock timeout, and a unique key
     * that somebody else took meanwhile (the repeated work finds the other's row).
     */
    private static final Set<String> LOST_RACE = Set.of("40001", "40P01", "90131", "HYT00", "23505");

    /** PostgreSQL is shutting down or starting; H2's file is closed or broken. */
    private static final Set<String> DOWN =
            Set.of("57P01", "57P02", "57P03", "90067", "90098", "90121", "90028", "90030");

    private final HikariDataSource pool;
    private final SessionFactory factory;

    private Store(HikariDataSource pool, SessionFactory factory) {
        this.pool = pool;
        this.factory = factory;
    }

    /**
     * Opens the database and brings its schema up to date.
     *
     * @param entities every mapped class
     * @throws StoreUnavailableException if it does not answer or another process has the file open
     */
    public static Store open(StoreConfig config, List<Class<?>> entities) {
        HikariConfig hikari = new HikariConfig();
        hikari.setJdbcUrl(config.url());
        hikari.setUsername(config.user());
        hikari.setPassword(config.password());
        hikari.setMaximumPoolSize(config.connections());
        hikari.setMinimumIdle(1);
        // A login storm waits for its turn; a database that is away is noticed all the same.
        hikari.setConnectionTimeout(15_000);
        hikari.setAutoCommit(false);
        hikari.setPoolName("oriel-store");
        HikariDataSource pool;
        try {
            pool = new HikariDataSource(hikari);
        } catch (RuntimeException e) {
            throw new StoreUnavailableException(why(config, e), e);
        }
        try {
            Flyway.configure()
                    .dataSource(pool)
                    .locations("classpath:oriel/broker/migrations")
                    // Packages number their migrations in ranges of their own, so a lower one may come later.
                    .outOfOrder(true)
                    .load()
                    .migrate();
            Configuration hibernate = new Configuration();
            hibernate.setPhysicalNamingStrategy(new PhysicalNamingStrategySnakeCaseImpl());
            entities.forEach(hibernate::addAnnotatedClass);
            hibernate.getProperties().put("hibernate.connection.datasource", pool);
            hibernate.setProperty("hibernate.hbm2ddl.auto", "none");
            hibernate.setProperty("hibernate.connection.provider_disables_autocommit", "true");
            hibernate.setProperty(
                    "hibernate.connection.handling_mode", "DELAYED_ACQUISITION_AND_RELEASE_AFTER_TRANSACTION");
            hibernate.setProperty("jakarta.persistence.validation.mode", "none");
            hibernate.setProperty("hibernate.jdbc.batch_size", "64");
            hibernate.setProperty("hibernate.timezone.default_storage", "NORMALIZE_UTC");
            hibernate.setProperty("hibernate.jdbc.time_zone", "UTC");
            return new Store(pool, hibernate.buildSessionFactory());
        } catch (FlywayException e) {
            pool.close();
            throw new StoreUnavailableException(
                    "The database's schema cannot be brought up to date: " + e.getMessage(), e);
        } catch (RuntimeException e) {
            pool.close();
            throw e;
        }
    }

    /** Runs work in a transaction and returns its result. */
    public <T> T call(Function<Tx, T> work) {
        for (int attempt = 1; ; attempt++) {
            try {
                return once(work);
            } catch (RuntimeException e) {
                if (pool.isClosed() || isDown(e)) {
                    throw new StoreUnavailableException("The database does not answer.", e);
                }
                if (attempt == ATTEMPTS || !lostRace(e)) {
                    throw e;
                }
                log.debug("transaction lost a race, attempt {}", attempt, e);
                pause(attempt);
            }
        }
    }

    /** Runs work in a transaction. */
    public void run(Consumer<Tx> work) {
        call(tx -> {
            work.accept(tx);
            return true;
        });
    }

    private <T> T once(Function<Tx, T> work) {
        Tx tx;
        T result;
        try (StatelessSession db = factory.openStatelessSession()) {
            Transaction transaction = db.beginTransaction();
            try {
                tx = new Tx(db);
                result = work.apply(tx);
                tx.committing();
                transaction.commit();
            } catch (RuntimeException | Error e) {
                rollBack(transaction, e);
                throw e;
            }
        }
        tx.committed();
        return result;
    }

    private static void rollBack(Transaction transaction, Throwable cause) {
        try {
            if (transaction.isActive() || transaction.getRollbackOnly()) {
                transaction.rollback();
            }
        } catch (RuntimeException e) {
            cause.addSuppressed(e);
        }
    }

    private static void pause(int attempt) {
        try {
            Thread.sleep(ThreadLocalRandom.current().nextLong(1, 4L << Math.min(attempt, 6)));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new StoreUnavailableException("interrupted", e);
        }
    }

    private static boolean lostRace(Throwable error) {
        for (Throwable e = error; e != null; e = e.getCause()) {
            if (e instanceof StaleStateException
                    || e instanceof jakarta.persistence.OptimisticLockException
                    || (e instanceof SQLException sql && LOST_RACE.contains(String.valueOf(sql.getSQLState())))) {
                return true;
            }
        }
        return false;
    }

    private static boolean isDown(Throwable error) {
        for (Throwable e = error; e != null; e = e.getCause()) {
            if (e instanceof SQLTransientConnectionException) {
                return true;
            }
            if (e instanceof SQLException sql) {
                String state = String.valueOf(sql.getSQLState());
                if (state.startsWith("08") || DOWN.contains(state)) {
                    return true;
                }
            }
        }
        return false;
    }

    private static String why(StoreConfig config, Throwable error) {
        for (Throwable e = error; e != null; e = e.getCause()) {
            // H2: DATABASE_ALREADY_OPEN_1
            if (e instanceof SQLException sql && sql.getErrorCode() == 90020) {
                return "Another Oriel uses this data directory. Stop it first, or choose another one with --data-dir.";
            }
        }
        return "The database at " + config.url().replaceAll("[;?].*", "") + " cannot be opened: " + error.getMessage();
    }

    /** Whether the database answers. */
    public boolean isUp() {
        try {
            return call(tx -> tx.count("select count(*) from Installation") >= 0);
        } catch (RuntimeException e) {
            return false;
        }
    }

    @Override
    public void close() {
        factory.close();
        pool.close();
    }
}
