package oriel.broker.store;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import org.hibernate.LockMode;
import org.hibernate.StatelessSession;
import org.hibernate.query.SelectionQuery;
import org.jspecify.annotations.Nullable;

/**
 * One database transaction. Nothing is cached or written behind one's back: a row is written when {@code insert},
 * {@code update} or {@code delete} is called. For one thread, valid until the work that got it returns.
 */
public final class Tx {
    private final StatelessSession db;
    private final List<Runnable> afterCommit = new ArrayList<>();
    private final Map<Class<?>, Companion> companions = new LinkedHashMap<>();

    /** Something that gathers, over a transaction, what is to be done at its end. */
    public interface Companion {
        /** Writes the last rows. */
        void beforeCommit(Tx tx);

        /** Acts once the transaction is on disk; not called if it rolls back. */
        void afterCommit();
    }

    Tx(StatelessSession db) {
        this.db = db;
    }

    /** The row of that key. */
    public <T> Optional<T> find(Class<T> type, Object id) {
        return Optional.ofNullable(db.get(type, id));
    }

    /** The row of that key, locked until the end of the transaction. */
    public <T> Optional<T> lock(Class<T> type, Object id) {
        return Optional.ofNullable(db.get(type, id, LockMode.PESSIMISTIC_WRITE));
    }

    /** Writes a new row now. */
    public void insert(Object entity) {
        db.insert(entity);
    }

    /** Writes new rows now, in one go. */
    public void insertAll(List<?> entities) {
        if (!entities.isEmpty()) {
            db.insertMultiple(entities);
        }
    }

    /** Writes changed rows now, in one go; see {@link #update}. */
    public void updateAll(List<?> entities) {
        if (!entities.isEmpty()) {
            db.updateMultiple(entities);
        }
    }

    /** Writes a changed row now; a row that changed since it was read makes the transaction start again. */
    public void update(Object entity) {
        db.update(entity);
    }

    /** Deletes a row now. */
    public void delete(Object entity) {
        db.delete(entity);
    }

    /** A query in HQL; {@code parameters} are positional ({@code ?1}…). */
    public <T> SelectionQuery<T> query(Class<T> type, String hql, Object... parameters) {
        SelectionQuery<T> query = db.createSelectionQuery(hql, type);
        for (int i = 0; i < parameters.length; i++) {
            query.setParameter(i + 1, parameters[i]);
        }
        return query;
    }

    /** All rows of a query. */
    public <T> List<T> list(Class<T> type, String hql, Object... parameters) {
        return query(type, hql, parameters).getResultList();
    }

    /** The first row of a query. */
    public <T> Optional<T> first(Class<T> type, String hql, Object... parameters) {
        return query(type, hql, parameters).setMaxResults(1).getResultList().stream()
                .findFirst();
    }

    /** The first row of a query that no other transaction has locked, locked until the end of this one. */
    public <T> Optional<T> claim(Class<T> type, String hql, Object... parameters) {
        return claimSome(1, type, hql, parameters).stream().findFirst();
    }

    /** The first rows of a query that no other transaction has locked, locked until the end of this one. */
    public <T> List<T> claimSome(int most, Class<T> type, String hql, Object... parameters) {
        return query(type, hql, parameters)
                .setMaxResults(most)
                .setHibernateLockMode(LockMode.UPGRADE_SKIPLOCKED)
                .getResultList();
    }

    /** How many rows a {@code select count} counts. */
    public long count(String hql, Object... parameters) {
        Long count = query(Long.class, hql, parameters).getSingleResultOrNull();
        return count == null ? 0 : count;
    }

    /** Runs an HQL update or delete at once and tells how many rows it changed. */
    public int execute(String hql, @Nullable Object... parameters) {
        var statement = db.createMutationQuery(hql);
        for (int i = 0; i < parameters.length; i++) {
            statement.setParameter(i + 1, parameters[i]);
        }
        return statement.executeUpdate();
    }

    /** A pattern for {@code like … escape '!'} that finds a text within others. */
    public static String contains(String part) {
        return "%" + part.replaceAll("([!%_])", "!$1") + "%";
    }

    /** Runs an action once the transaction is on disk; never if it rolls back. */
    public void afterCommit(Runnable action) {
        afterCommit.add(action);
    }

    /** The transaction's companion of a type, made when it is first asked for. */
    public <C extends Companion> C companion(Class<C> type, Supplier<C> make) {
        return type.cast(companions.computeIfAbsent(type, _ -> make.get()));
    }

    void committing() {
        // A companion may ask for another one: those that came meanwhile are next.
        Set<Companion> done = new HashSet<>();
        while (done.size() < companions.size()) {
            for (Companion companion : List.copyOf(companions.values())) {
                if (done.add(companion)) {
                    companion.beforeCommit(this);
                }
            }
        }
    }

    void committed() {
        afterCommit.forEach(Runnable::run);
        companions.values().forEach(Companion::afterCommit);
    }
}
