package oriel.broker.host;

import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import oriel.broker.access.Scope;
import oriel.broker.machine.HostDrain;
import oriel.broker.machine.Lifecycle;
import oriel.broker.machine.Machine;
import oriel.broker.machine.Machines;
import oriel.broker.pool.Pool;
import oriel.broker.role.Roles;
import oriel.broker.session.Claims;
import oriel.broker.store.Store;
import oriel.broker.store.Tx;

/**
 * Keeps pools as they should be: as many machines as the pool's size, as many free ones running as it keeps warm, old
 * image versions replaced one by one, waiting users served.
 */
final class PoolController {
    private final Store store;
    private final Machines machines;
    private final Claims claims;
    private final Templates templates;
    private final Clock clock;
    private final String host;

    PoolController(Store store, Machines machines, Claims claims, Templates templates, Clock clock, String host) {
        this.store = store;
        this.machines = machines;
        this.claims = claims;
        this.templates = templates;
        this.clock = clock;
        this.host = host;
    }

    /** Brings a pool nearer to what it should be; what takes longer is journalled. */
    void balance(String poolId) {
        // Who waits comes first: the spares are what is left over.
        claims.handOut(poolId);
        store.run(tx -> tx.lock(Pool.class, poolId).ifPresent(pool -> {
            Instant now = clock.instant();
            List<Machine> all =
                    new ArrayList<>(tx.list(Machine.class, "from Machine where poolId = ?1 order by number", poolId));
            if (pool.deleting()) {
                delete(tx, pool, all, now);
            } else if (tx.find(HostDrain.class, host).isEmpty()) {
                resize(tx, pool, all, now);
                Rollout.advance(tx, machines, pool, all, now).forEach(machine -> refresh(tx, machine, now));
                // Spares that boot now would only be in the way of those that are forked in a moment.
                if (!templates.prepare(tx, pool)) {
                    warm(tx, pool, all, now);
                    prepare(tx, pool, all, now);
                }
            }
        }));
    }

    private void delete(Tx tx, Pool pool, List<Machine> all, Instant now) {
        if (all.isEmpty()) {
            tx.execute("delete from Entitlement where poolId = ?1", pool.id());
            tx.execute("delete from QueuePlace where poolId = ?1", pool.id());
            Roles.forget(tx, new Scope(Scope.Kind.POOL, pool.id()));
            tx.delete(pool);
            return;
        }
        all.stream().filter(machine -> machine.sessionId() == null).forEach(machine -> remove(tx, machine, now));
    }

    private void resize(Tx tx, Pool pool, List<Machine> all, Instant now) {
        List<Machine> staying = all.stream()
                .filter(machine -> machine.lifecycle() != Lifecycle.DELETING)
                .collect(Collectors.toCollection(ArrayList::new));
        Set<Integer> taken = all.stream().map(Machine::number).collect(Collectors.toSet());
        int next = 1;
        for (int missing = pool.size() - staying.size(); missing > 0; missing--) {
            while (taken.contains(next)) {
                next++;
            }
            taken.add(next);
            Machine machine = new Machine(pool.id(), next, host, pool.imageVersion(), now);
            machines.insert(tx, machine);
            all.add(machine);
        }
        int excess = staying.size() - pool.size();
        staying.sort(Comparator.comparing(Machine::powerWanted)
                .thenComparing(Comparator.comparingInt(Machine::number).reversed()));
        for (Machine machine : staying) {
            if (excess > 0 && machine.sessionId() == null && machine.assignedTo() == null) {
                remove(tx, machine, now);
                excess--;
            }
        }
    }

    private void remove(Tx tx, Machine machine, Instant now) {
        if (machine.lifecycle() != Lifecycle.DELETING) {
            machine.become(Lifecycle.DELETING, machine.failure(), now);
            machines.redirect(tx, machine, "the machine is deleted");
        }
    }

    private void refresh(Tx tx, Machine machine, Instant now) {
        machine.release(Lifecycle.DIRTY, null, now);
        machines.redirect(tx, machine, "the machine is refreshed");
    }

    private void warm(Tx tx, Pool pool, List<Machine> all, Instant now) {
        if (!pool.enabled() || pool.restrained(now)) {
            return;
        }
        List<Machine> free = all.stream().filter(Machine::claimable).toList();
        List<Machine> running = free.stream().filter(Machine::powerWanted).toList();
        int more = pool.warmAt(now) - running.size();
        free.stream()
                .filter(machine -> !machine.powerWanted())
                .sorted(Comparator.comparing((Machine machine) -> machine.generation() == 0)
                        .thenComparingInt(Machine::number))
                .limit(Math.max(0, more))
                .forEach(machine -> {
                    machine.wantPower(true, now);
                    machines.save(tx, machine);
                });
        running.stream()
                .filter(machine -> !machine.canary())
                .sorted(Comparator.comparing(Machine::ready)
                        .thenComparing(Comparator.comparingInt(Machine::number).reversed()))
                .limit(Math.max(0, -more))
                .forEach(machine -> refresh(tx, machine, now));
    }

    /** Disks that are there before anybody asks. */
    private void prepare(Tx tx, Pool pool, List<Machine> all, Instant now) {
        Integer min = pool.policy().min();
        if (min == null || !pool.enabled() || pool.restrained(now)) {
            return;
        }
        long there = all.stream()
                .filter(machine -> machine.generation() > 0 || machine.prepareWanted() || machine.powerWanted())
                .count();
        all.stream()
                .filter(Machine::claimable)
                .filter(machine -> machine.generation() == 0 && !machine.prepareWanted() && !machine.powerWanted())
                .limit(Math.max(0, min - there))
                .forEach(machine -> {
                    machine.prepare(now);
                    machines.save(tx, machine);
                });
    }
}
