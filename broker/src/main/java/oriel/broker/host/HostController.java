package oriel.broker.host;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import oriel.broker.audit.AuditTrail;
import oriel.broker.display.Screens;
import oriel.broker.event.Signal;
import oriel.broker.image.ImageOperations;
import oriel.broker.image.Images;
import oriel.broker.machine.Lifecycle;
import oriel.broker.machine.Machine;
import oriel.broker.machine.Machines;
import oriel.broker.maintenance.MaintenanceOperations;
import oriel.broker.maintenance.Maintenances;
import oriel.broker.operation.Journal;
import oriel.broker.operation.OperationWorkers;
import oriel.broker.session.Claims;
import oriel.broker.session.Queues;
import oriel.broker.session.SessionDisplays;
import oriel.broker.session.Sessions;
import oriel.broker.snapshot.SnapshotOperations;
import oriel.broker.store.Store;
import oriel.broker.store.StoreUnavailableException;
import oriel.hypervisor.host.HostException;
import oriel.hypervisor.host.HostListener;
import oriel.hypervisor.host.HypervisorHost;
import oriel.hypervisor.host.MachineStatus;

/**
 * Runs the machines of one host: workers for operations, one thread that looks at machines and pools when something has
 * happened, and one that looks at everything now and then, in case an event was lost.
 */
public final class HostController implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(HostController.class);
    private static final Duration ERROR_REST = Duration.ofMinutes(10);
    private static final Duration OPERATIONS_KEPT = Duration.ofDays(7);
    private static final Duration PAUSE_AFTER_DEFECT = Duration.ofSeconds(1);
    /** Between two looks at one pool, which cost the more the larger it is. */
    private static final Duration POOL_REST = Duration.ofMillis(100);

    private final Store store;
    private final HypervisorHost host;
    private final Machines machines;
    private final Journal journal;
    private final SessionServices services;
    private final Sessions sessions;
    private final Clock clock;
    private final Duration interval;
    private final Duration unclaimedAfter;
    private final List<Runnable> housekeeping;
    private final MachineObserver observer;
    private final OperationWorkers workers;
    private final Templates templates;
    private final MaintenanceOperations maintenances;
    private final PoolController pools;
    private final HostReaper reaper;
    private final String worker;
    private final HostListener listener = new Listener();

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition arrived = lock.newCondition();
    private final Set<String> machinesToObserve = new LinkedHashSet<>();
    private final Set<String> poolsToBalance = new LinkedHashSet<>();
    /** When pools were balanced lately, by {@link System#nanoTime}; only the thread that does so uses it. */
    private final Map<String, Long> balanced = new HashMap<>();

    private final CountDownLatch stop = new CountDownLatch(1);
    private List<Thread> threads = List.of();

    /**
     * What the controller may do.
     *
     * @param worker name in leases, the same after a restart
     * @param owner label of our machines
     * @param parallel operations at a time
     * @param booting guests that boot at a time
     * @param bootTimeout after which a guest that has said nothing is given up
     * @param interval between looks at everything
     * @param retryPause after the first failure of an operation
     * @param unclaimedAfter a session that nobody connects to ends after this time
     */
    public record Limits(
            String worker,
            String owner,
            int parallel,
            int booting,
            Duration bootTimeout,
            Duration interval,
            Duration retryPause,
            Duration unclaimedAfter) {}

    /** What it asks of sessions. */
    public record SessionServices(Sessions sessions, Claims claims, Queues queues, SessionDisplays displays) {}

    /** What it asks of golden images. */
    public record ImageServices(Images images, ImageOperations operations, Maintenances maintenances) {}

    /** With its collaborators; {@code housekeeping} runs at every look at everything. */
    public HostController(
            Store store,
            HypervisorHost host,
            Machines machines,
            Journal journal,
            SessionServices services,
            AuditTrail audit,
            ImageServices images,
            HostRegistrations hosts,
            Clock clock,
            Limits limits,
            List<Runnable> housekeeping) {
        this.store = store;
        this.host = host;
        this.machines = machines;
        this.journal = journal;
        this.services = services;
        this.sessions = services.sessions();
        this.clock = clock;
        this.interval = limits.interval();
        this.unclaimedAfter = limits.unclaimedAfter();
        this.housekeeping = List.copyOf(housekeeping);
        this.worker = limits.worker();
        this.observer = new MachineObserver(
                store,
                host,
                machines,
                sessions,
                journal,
                clock,
                limits.owner(),
                limits.bootTimeout(),
                this::poolChanged);
        this.templates =
                new Templates(store, host, journal, clock, limits.owner(), limits.bootTimeout(), this::poolChanged);
        this.maintenances = new MaintenanceOperations(
                store,
                host,
                journal,
                images.images(),
                images.maintenances(),
                audit,
                clock,
                limits.owner(),
                limits.bootTimeout());
        MachineOperations operations = new MachineOperations(
                store,
                host,
                machines,
                sessions,
                observer,
                templates,
                hosts,
                clock,
                limits.owner(),
                limits.booting(),
                limits.bootTimeout(),
                this::poolChanged);
        HostOperations all = new HostOperations(
                operations,
                new SnapshotOperations(
                        store, host, machines, clock, new Screens(host, clock), name -> observer.observe(name, false)),
                images.operations(),
                templates,
                maintenances);
        this.workers = new OperationWorkers(
                store, journal, all, clock, host.name(), worker, limits.parallel(), limits.retryPause());
        this.pools = new PoolController(store, machines, services.claims(), templates, hosts, clock, host.name());
        this.reaper = new HostReaper(store, host, audit, limits.owner());
    }

    /** Takes over what the last process left, then begins to work. */
    public void start() throws HostException {
        int interrupted = journal.takeOver(worker);
        if (interrupted > 0) {
            log.info("{} operations were interrupted and will be repeated", interrupted);
        }
        services.displays().nobodyLooks();
        reaper.reap(true);
        names().forEach(name -> observer.observe(name, true));
        maintenances.lookAtAll(true);
        heal(clock.instant());
        sessions.onPoolChanged(this::poolChanged);
        host.addListener(listener);
        workers.start();
        allPools().forEach(this::poolChanged);
        threads = List.of(
                Thread.ofVirtual().name("host-events").start(this::react),
                Thread.ofVirtual().name("host-rounds").start(this::rounds));
    }

    /** A pool may need something. */
    public void poolChanged(String poolId) {
        lock.lock();
        try {
            poolsToBalance.add(poolId);
            arrived.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** Another broker has done something: there may be work for this host. */
    public void othersDid(Signal signal) {
        if (signal instanceof Signal.Changed changed) {
            if (changed.kind() == Signal.Kind.OPERATION) {
                workers.wake();
            } else if (changed.kind() == Signal.Kind.POOL) {
                poolChanged(changed.id());
            }
        }
    }

    private void machineChanged(String name) {
        lock.lock();
        try {
            machinesToObserve.add(name);
            arrived.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private boolean running() {
        return stop.getCount() > 0;
    }

    private void react() {
        while (running()) {
            try {
                List<String> machineNames;
                List<String> poolIds;
                lock.lockInterruptibly();
                try {
                    while (machinesToObserve.isEmpty() && due().isEmpty() && running()) {
                        if (poolsToBalance.isEmpty()) {
                            arrived.await();
                        } else {
                            arrived.awaitNanos(POOL_REST.toNanos());
                        }
                    }
                    machineNames = List.copyOf(machinesToObserve);
                    poolIds = due();
                    machinesToObserve.clear();
                    poolIds.forEach(poolsToBalance::remove);
                } finally {
                    lock.unlock();
                }
                machineNames.forEach(name -> guarded("looking at " + name, () -> {
                    observer.observe(name, false);
                    maintenances.look(name, false);
                }));
                poolIds.forEach(pool -> {
                    guarded("balancing pool " + pool, () -> pools.balance(pool));
                    balanced.put(pool, System.nanoTime());
                });
            } catch (InterruptedException e) {
                return;
            }
        }
    }

    /** Pools to balance that have had their rest: the first change counts at once, those of a storm together. */
    private List<String> due() {
        long now = System.nanoTime();
        balanced.values().removeIf(at -> now - at > POOL_REST.toNanos());
        return poolsToBalance.stream()
                .filter(pool -> !balanced.containsKey(pool))
                .toList();
    }

    private void rounds() {
        try {
            while (!stop.await(interval.toMillis(), TimeUnit.MILLISECONDS)) {
                guarded("a round over " + host.name(), this::round);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Looks at everything once. The controller does so by itself; more often does no harm. */
    public void round() {
        journal.takeOver(null);
        housekeeping.forEach(Runnable::run);
        Instant now = clock.instant();
        sessions.endUnclaimed(now.minus(unclaimedAfter));
        services.queues().sweep();
        journal.sweep(now.minus(OPERATIONS_KEPT));
        names().forEach(name -> observer.observe(name, false));
        maintenances.lookAtAll(false);
        heal(now.minus(ERROR_REST));
        try {
            reaper.reap(false);
        } catch (HostException e) {
            log.warn("{} cannot be searched for orphans: {}", host.name(), e.getMessage());
        }
        templates.sweep();
        allPools().forEach(this::poolChanged);
        workers.wake();
    }

    /** Machines in error get another chance after a rest. */
    private void heal(Instant erroneousSince) {
        store.run(tx -> {
            for (Machine machine : tx.list(
                    Machine.class,
                    "from Machine where host = ?1 and lifecycle = ?2 and changed <= ?3"
                            + " and (assignedTo is null or taintedBy is null or assignedTo <> taintedBy)",
                    host.name(),
                    Lifecycle.ERROR,
                    erroneousSince)) {
                machine.become(Lifecycle.DIRTY, machine.failure(), clock.instant());
                machines.save(tx, machine);
            }
        });
    }

    private List<String> names() {
        return store.call(tx -> tx.list(String.class, "select name from Machine where host = ?1", host.name()));
    }

    private List<String> allPools() {
        return store.call(tx -> tx.list(String.class, "select id from Pool"));
    }

    private void guarded(String what, Runnable action) {
        try {
            action.run();
        } catch (StoreUnavailableException e) {
            log.warn("{} waits: {}", what, e.getMessage());
        } catch (RuntimeException e) {
            if (running()) {
                log.error("{} hit a defect", what, e);
                try {
                    stop.await(PAUSE_AFTER_DEFECT.toMillis(), TimeUnit.MILLISECONDS);
                } catch (InterruptedException interrupted) {
                    Thread.currentThread().interrupt();
                }
            }
        }
    }

    @Override
    public void close() {
        host.removeListener(listener);
        // Told, not interrupted: an interrupt would close the database's files or connections under their hands.
        stop.countDown();
        lock.lock();
        try {
            arrived.signalAll();
        } finally {
            lock.unlock();
        }
        workers.close();
        for (Thread thread : threads) {
            try {
                thread.join(TimeUnit.SECONDS.toMillis(5));
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private final class Listener implements HostListener {
        @Override
        public void powerChanged(MachineStatus status) {
            machineChanged(status.name());
        }

        @Override
        public void guestReady(MachineStatus status) {
            machineChanged(status.name());
        }
    }
}
