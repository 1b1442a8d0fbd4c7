package oriel.broker.host;

import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import oriel.broker.access.Scope;
import oriel.broker.host.Placement.Candidate;
import oriel.broker.machine.HostDrain;
import oriel.broker.machine.Lifecycle;
import oriel.broker.machine.Machine;
import oriel.broker.machine.Machines;
import oriel.broker.operation.Journal;
import oriel.broker.operation.OperationState;
import oriel.broker.pool.Pool;
import oriel.broker.role.Roles;
import oriel.broker.session.Claims;
import oriel.broker.store.Store;
import oriel.broker.store.Tx;
import oriel.hypervisor.host.PowerState;

/**
 * Keeps pools as they should be: as many machines as the pool's size, as many free ones running as it keeps warm, old
 * image versions replaced one by one, waiting users served.
 */
final class PoolController {
    private static final Logger log = LoggerFactory.getLogger(PoolController.class);

    private final Store store;
    private final Machines machines;
    private final Claims claims;
    private final Templates templates;
    private final HostRegistrations hosts;
    private final Clock clock;
    private final String host;

    PoolController(
            Store store,
            Machines machines,
            Claims claims,
            Templates templates,
            HostRegistrations hosts,
            Clock clock,
            String host) {
        this.store = store;
        this.machines = machines;
        this.claims = claims;
        this.templates = templates;
        this.hosts = hosts;
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
                return;
            }
            List<Candidate> candidates = new ArrayList<>(hosts.candidates(tx, pool));
            if (candidates.stream().anyMatch(Candidate::takes)) {
                relocate(tx, pool, all, candidates, now);
                resize(tx, pool, all, candidates, now);
                Rollout.advance(tx, machines, pool, all, now).forEach(machine -> refresh(tx, machine, now));
                // Spares that boot now would only be in the way of those that are forked in a moment.
                boolean drained = tx.find(HostDrain.class, host).isPresent();
                if (drained || !templates.prepare(tx, pool)) {
                    List<Machine> startable = all.stream()
                            .filter(machine -> !Placement.misplaced(pool.placement(), machine.host(), candidates))
                            .toList();
                    warm(tx, pool, startable, now);
                    prepare(tx, pool, startable, now);
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

    /**
     * Free machines leave hosts that take none any more, that the policy forbids now, or that have just refused them;
     * if there is another. What has no disk is only written down elsewhere, the others are made anew there.
     */
    private void relocate(Tx tx, Pool pool, List<Machine> all, List<Candidate> candidates, Instant now) {
        for (Machine machine : all) {
            boolean free = machine.sessionId() == null
                    && machine.assignedTo() == null
                    && machine.lifecycle() != Lifecycle.DELETING
                    && machine.lifecycle() != Lifecycle.MAINTENANCE;
            if (!free || !unwelcome(pool, machine, candidates)) {
                continue;
            }
            Optional<Candidate> to = Placement.choose(pool.placement(), pool.memoryMib(), candidates)
                    .filter(Candidate::welcomes);
            if (to.isEmpty()) {
                return;
            }
            boolean busy = Journal.openFor(tx, machine.name())
                    .filter(operation -> operation.state() == OperationState.RUNNING)
                    .isPresent();
            if (machine.generation() > 0) {
                remove(tx, machine, now);
            } else if (!busy) {
                machine.placeOn(to.get().host(), now);
                machines.redirect(tx, machine, "it is made on another host");
                candidates.replaceAll(host -> host.equals(to.get()) ? host.with(pool.memoryMib()) : host);
            }
        }
    }

    private static boolean unwelcome(Pool pool, Machine machine, List<Candidate> candidates) {
        return Placement.misplaced(pool.placement(), machine.host(), candidates)
                || (machine.power() == PowerState.OFF
                        && machine.failure() != null
                        && candidates.stream()
                                .anyMatch(
                                        candidate -> candidate.host().equals(machine.host()) && !candidate.welcomes()));
    }

    private void resize(Tx tx, Pool pool, List<Machine> all, List<Candidate> candidates, Instant now) {
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
            Optional<Candidate> on = Placement.choose(pool.placement(), pool.memoryMib(), candidates);
            if (on.isEmpty()) {
                log.warn("pool {} lacks {} machines: its placement allows no host that takes any", pool.id(), missing);
                break;
            }
            candidates.replaceAll(
                    candidate -> candidate.equals(on.get()) ? candidate.with(pool.memoryMib()) : candidate);
            Machine machine = new Machine(pool.id(), next, on.get().host(), pool.imageVersion(), now);
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
