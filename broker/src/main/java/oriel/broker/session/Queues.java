package oriel.broker.session;

import java.util.List;
import java.util.UUID;
import oriel.broker.access.Caller;
import oriel.broker.event.Signal;
import oriel.broker.event.Signals;
import oriel.broker.pool.QueuePlace;
import oriel.broker.store.Store;
import oriel.broker.store.Tx;

/** Those who wait for a machine of a pool, in order of arrival. Thread-safe. */
public final class Queues {
    private final Store store;
    private final Signals signals;

    /** Over a database. */
    public Queues(Store store, Signals signals) {
        this.store = store;
        this.signals = signals;
    }

    /** Gives a place up; nothing happens if there is none. */
    public void leave(Caller caller, String poolId) {
        store.run(tx -> leave(tx, caller.userId(), poolId));
    }

    void leave(Tx tx, UUID userId, String poolId) {
        if (tx.execute("delete from QueuePlace where poolId = ?1 and accountId = ?2", poolId, userId) > 0) {
            signals.send(tx, new Signal.Desktop(userId, poolId));
            moved(tx, poolId);
        }
    }

    void moved(Tx tx, String poolId) {
        List<UUID> waiting = tx.list(UUID.class, "select accountId from QueuePlace where poolId = ?1", poolId);
        waiting.forEach(user -> signals.send(tx, new Signal.Desktop(user, poolId)));
        signals.send(tx, new Signal.Changed(Signal.Kind.POOL, poolId, poolId));
    }

    /** Takes those out of the queues who are not signed in any more. */
    public void sweep() {
        store.run(tx -> {
            for (QueuePlace place : tx.list(
                    QueuePlace.class,
                    "from QueuePlace q where not exists (select 1 from SignIn s where s.accountId = q.accountId)")) {
                leave(tx, place.accountId(), place.poolId());
            }
        });
    }
}
