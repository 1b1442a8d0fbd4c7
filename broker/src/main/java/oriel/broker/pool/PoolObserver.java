package oriel.broker.pool;

import oriel.broker.store.Tx;

/** Who must act when pools and entitlements change; called within the transaction that changes them. */
public interface PoolObserver {
    /** Machines may be needed, or no longer. */
    void poolChanged(Tx tx, String poolId);

    /** Users may have lost the pool. */
    void entitlementRevoked(Tx tx, String poolId, String actor);
}
