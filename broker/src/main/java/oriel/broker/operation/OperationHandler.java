package oriel.broker.operation;

import oriel.broker.store.Tx;
import oriel.hypervisor.host.HostException;

/** Carries operations out. */
public interface OperationHandler {
    /**
     * Notes in the same transaction that begins the operation what is about to happen.
     *
     * @return false if the operation makes no sense any more
     */
    boolean begin(Tx tx, Operation operation);

    /** The operation was ended because it makes no sense any more. */
    void skipped(Tx tx, Operation operation);

    /** Has the effect. Repeatable: it may have happened already. */
    void perform(Operation operation) throws HostException;

    /** Notes the effect, in the transaction that ends the operation. */
    void done(Tx tx, Operation operation);

    /**
     * Notes a failed attempt.
     *
     * @param last there will be no other attempt
     */
    void failed(Tx tx, Operation operation, HostException failure, boolean last);

    /** The operation has ended or goes back to the queue, and its transaction is on disk. */
    void settled(Operation operation);

    /** Whether the host can take another booting guest. */
    boolean mayBoot(Tx tx);
}
