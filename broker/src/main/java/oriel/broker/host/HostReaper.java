package oriel.broker.host;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import oriel.broker.audit.AuditEntry;
import oriel.broker.audit.AuditTrail;
import oriel.broker.store.Store;
import oriel.hypervisor.host.HostException;
import oriel.hypervisor.host.HypervisorHost;
import oriel.hypervisor.host.MachineStatus;

/**
 * Destroys machines that carry our label and that the database does not know: what a crash between a host's work and
 * the database's has left. Machines of other owners are never touched.
 */
final class HostReaper {
    private static final Logger log = LoggerFactory.getLogger(HostReaper.class);

    private final Store store;
    private final HypervisorHost host;
    private final AuditTrail audit;
    private final String owner;
    private Set<String> suspects = new HashSet<>();

    HostReaper(Store store, HypervisorHost host, AuditTrail audit, String owner) {
        this.store = store;
        this.host = host;
        this.audit = audit;
        this.owner = owner;
    }

    /**
     * Looks for orphans.
     *
     * @param atOnce nothing else runs yet; otherwise only what was an orphan the last time too is destroyed, as the
     *     host's list may be older than the database's answer
     */
    void reap(boolean atOnce) throws HostException {
        List<String> ours = host.list().stream()
                .filter(status -> status.owner().equals(owner))
                .map(MachineStatus::name)
                .toList();
        Set<String> known = new HashSet<>(
                store.call(tx -> tx.list(String.class, "select name from Machine where host = ?1", host.name())));
        known.addAll(store.call(
                tx -> tx.list(String.class, "select name from MaintenanceMachine where host = ?1", host.name())));
        Set<String> orphans = new HashSet<>(ours);
        orphans.removeAll(known);
        for (String orphan : orphans) {
            if (atOnce || suspects.contains(orphan)) {
                log.warn("{} has our machine {}, which the database does not know: destroying it", host.name(), orphan);
                audit.record(AuditEntry.bySystem("machine.reap", orphan, "unknown to the database"));
                host.destroy(orphan);
            }
        }
        suspects = orphans;
    }
}
