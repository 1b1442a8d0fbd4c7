package oriel.broker.store;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The conditions of a query that has only those that were asked for, so that the database can use its indexes. Each
 * {@code ?} of a text takes the next value. For one thread.
 */
public final class Conditions {
    private final StringBuilder hql = new StringBuilder();
    private final List<Object> values = new ArrayList<>();

    /** Adds a condition. */
    public Conditions and(String condition, @Nullable Object... more) {
        hql.append(hql.isEmpty() ? "" : " and ");
        int next = 0;
        for (int i = 0; i < condition.length(); i++) {
            char c = condition.charAt(i);
            hql.append(c);
            if (c == '?') {
                values.add(Objects.requireNonNull(more[next++], condition));
                hql.append(values.size());
            }
        }
        if (next != more.length) {
            throw new IllegalArgumentException("\"" + condition + "\" has " + next + " places");
        }
        return this;
    }

    /** Adds a condition if it was asked for. */
    public Conditions when(boolean wanted, String condition, @Nullable Object... more) {
        return wanted ? and(condition, more) : this;
    }

    /** As it follows {@code where}; always true if nothing was asked for. */
    public String hql() {
        return hql.isEmpty() ? "1 = 1" : hql.toString();
    }

    /** Parameters, in order. */
    public Object[] values() {
        return values.toArray();
    }
}
