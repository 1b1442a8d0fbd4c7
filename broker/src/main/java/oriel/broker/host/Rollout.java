package oriel.broker.host;

import java.time.Instant;
import java.util.List;
import oriel.broker.machine.Agent;
import oriel.broker.machine.Lifecycle;
import oriel.broker.machine.Machine;
import oriel.broker.machine.Machines;
import oriel.broker.pool.Pool;
import oriel.broker.pool.Push;
import oriel.broker.store.Tx;

/** Brings a pool's free machines to the version they should have: canaries first, then the others, a few at a time. */
final class Rollout {
    private Rollout() {}

    /** The machines to be refreshed now. What the push has come to is noted in the pool. */
    static List<Machine> advance(Tx tx, Machines machines, Pool pool, List<Machine> all, Instant now) {
        Push push = pool.push();
        if (push != null && push.state() == Push.State.CANARY) {
            return canaries(tx, machines, pool, push, all, now);
        }
        int atATime = push != null && push.state() == Push.State.ROLLING ? push.maxUnavailable() : 1;
        long away = all.stream().filter(machine -> replaced(machine)).count();
        List<Machine> old = all.stream()
                .filter(Machine::claimable)
                .filter(machine -> machine.generation() > 0 && machine.imageVersion() != pool.imageVersion())
                .toList();
        if (push != null && push.state() == Push.State.ROLLING && old.isEmpty() && away == 0) {
            pool.push(push.become(Push.State.DONE, null, now));
            tx.update(pool);
        }
        return old.stream().limit(Math.max(0, atATime - away)).toList();
    }

    private static boolean replaced(Machine machine) {
        return machine.lifecycle() == Lifecycle.REFRESHING || machine.lifecycle() == Lifecycle.DIRTY;
    }

    private static List<Machine> canaries(
            Tx tx, Machines machines, Pool pool, Push push, List<Machine> all, Instant now) {
        List<Machine> trying = all.stream().filter(Machine::canary).toList();
        for (Machine machine : trying) {
            boolean broken = machine.imageVersion() == push.version() && machine.failure() != null;
            if (broken || machine.lifecycle() == Lifecycle.ERROR || machine.agent() == Agent.UNREACHABLE) {
                String why = machine.failure() == null ? "no reason given" : machine.failure();
                end(tx, pool, trying, push.become(Push.State.FAILED, machine.name() + ": " + why, now));
                return trying.stream()
                        .filter(other -> other.sessionId() == null && !other.kept())
                        .toList();
            }
        }
        List<Machine> proven = trying.stream()
                .filter(machine -> machine.imageVersion() == push.version() && machine.ready())
                .toList();
        if (!trying.isEmpty() && proven.size() == trying.size()) {
            pool.version(push.version());
            end(tx, pool, trying, push.become(Push.State.ROLLING, null, now));
            return advance(tx, machines, pool, all, now);
        }
        if (!trying.isEmpty()) {
            // A canary proves the version by booting: it must run, whatever the pool keeps warm.
            trying.stream()
                    .filter(machine -> machine.claimable() && machine.imageVersion() == push.version())
                    .filter(machine -> !machine.powerWanted())
                    .forEach(machine -> {
                        machine.wantPower(true, now);
                        machines.save(tx, machine);
                    });
            return List.of();
        }
        List<Machine> chosen =
                all.stream().filter(Machine::claimable).limit(push.canary()).toList();
        chosen.forEach(machine -> machine.canary(true));
        return chosen;
    }

    private static void end(Tx tx, Pool pool, List<Machine> canaries, Push push) {
        canaries.forEach(machine -> {
            machine.canary(false);
            tx.update(machine);
        });
        pool.push(push);
        tx.update(pool);
    }
}
