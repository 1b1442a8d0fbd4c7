package oriel.broker.host;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Clock;
import java.time.Duration;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import oriel.broker.image.ImageVersion;
import oriel.broker.image.Images;
import oriel.broker.image.Template;
import oriel.broker.operation.Journal;
import oriel.broker.operation.Operation;
import oriel.broker.operation.OperationHandler;
import oriel.broker.operation.OperationKind;
import oriel.broker.pool.Pool;
import oriel.broker.pool.PoolPolicy;
import oriel.broker.store.Store;
import oriel.broker.store.Tx;
import oriel.hypervisor.host.HostException;
import oriel.hypervisor.host.HypervisorHost;
import oriel.hypervisor.host.TemplateSpec;
import oriel.hypervisor.host.TemplateStatus;

/** Warm parents of instant clones on one host: prepared once for a version and hardware, deleted when nobody uses them. */
final class Templates implements OperationHandler {
    private static final Logger log = LoggerFactory.getLogger(Templates.class);

    private final Store store;
    private final HypervisorHost host;
    private final Journal journal;
    private final Clock clock;
    private final String owner;
    private final Duration patience;
    private final Consumer<String> poolChanged;

    Templates(
            Store store,
            HypervisorHost host,
            Journal journal,
            Clock clock,
            String owner,
            Duration patience,
            Consumer<String> poolChanged) {
        this.store = store;
        this.host = host;
        this.journal = journal;
        this.clock = clock;
        this.owner = owner;
        this.patience = patience;
        this.poolChanged = poolChanged;
    }

    /** The same for the same version, hardware and installation: a sealed template never changes. */
    private String nameOf(Pool pool, int version) {
        // Each host has parents of its own; that of an only broker keeps the name it has.
        String what = owner + (host instanceof NamedHost ? "@" + host.name() : "") + "/" + pool.imageName() + ":"
                + version + "/" + pool.memoryMib() + "/" + pool.vcpus() + "/" + pool.display()
                + (pool.network().card() ? "/network" : "");
        try {
            byte[] hash = MessageDigest.getInstance("SHA-256").digest(what.getBytes(StandardCharsets.UTF_8));
            return "t-" + HexFormat.of().formatHex(hash, 0, 8);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }

    static boolean instant(Pool pool) {
        return pool.policy().cloneType() == PoolPolicy.CloneType.INSTANT;
    }

    /** The parent that a pool's machines of a version are forked from, if there is one yet. */
    Optional<String> ready(Tx tx, Pool pool, int version) {
        return instant(pool)
                ? tx.find(Template.class, nameOf(pool, version))
                        .filter(template -> template.state() == Template.State.READY)
                        .map(Template::name)
                : Optional.empty();
    }

    /**
     * Sees to it that a pool has its parent.
     *
     * @return whether it is being made, so that spares should wait for it
     */
    boolean prepare(Tx tx, Pool pool) {
        if (!instant(pool)) {
            return false;
        }
        String name = nameOf(pool, pool.imageVersion());
        Optional<Template> known = tx.find(Template.class, name);
        if (known.isPresent()) {
            return known.get().state() == Template.State.PREPARING;
        }
        tx.insert(new Template(
                name,
                pool.imageName(),
                pool.imageVersion(),
                pool.memoryMib(),
                pool.vcpus(),
                pool.display(),
                pool.network().card(),
                host.name(),
                clock.instant()));
        Operation operation = Operation.ofImage(
                OperationKind.PREPARE, pool.imageName(), pool.imageVersion(), host.name(), name, clock.instant());
        journal.open(tx, operation);
        return true;
    }

    @Override
    public boolean mayBoot(Tx tx) {
        return true;
    }

    private static Optional<Template> template(Tx tx, Operation operation) {
        String name = operation.argument();
        return name == null ? Optional.empty() : tx.lock(Template.class, name);
    }

    @Override
    public boolean begin(Tx tx, Operation operation) {
        return template(tx, operation).isPresent();
    }

    @Override
    public void skipped(Tx tx, Operation operation) {}

    @Override
    public void perform(Operation operation) throws HostException {
        record Parts(Template template, ImageVersion version) {}
        Parts parts = store.call(tx -> template(tx, operation)
                        .map(template ->
                                new Parts(template, Images.version(tx, template.imageName(), template.imageVersion()))))
                .orElseThrow(() -> new HostException(HostException.Reason.NOT_FOUND, "The template is gone."));
        journal.progress(operation.id(), 10, "booting the parent, then freezing it");
        Template template = parts.template();
        host.prepareTemplate(
                new TemplateSpec(
                        template.name(),
                        owner,
                        template.memoryMib(),
                        template.vcpus(),
                        parts.version().disk(),
                        parts.version().boot(),
                        template.display(),
                        template.networkCard()),
                patience);
    }

    @Override
    public void done(Tx tx, Operation operation) {
        template(tx, operation).ifPresent(template -> {
            template.ready(Duration.between(operation.begun(), clock.instant()));
            tx.update(template);
        });
    }

    @Override
    public void failed(Tx tx, Operation operation, HostException failure, boolean last) {
        template(tx, operation).filter(template -> last).ifPresent(template -> {
            String why = failure.getMessage() == null ? failure.reason().name() : failure.getMessage();
            template.failed(why.length() <= 1900 ? why : why.substring(0, 1900));
            tx.update(template);
        });
    }

    @Override
    public void settled(Operation operation) {
        store.call(tx -> tx.list(String.class, "select id from Pool where imageName = ?1", operation.image()))
                .forEach(poolChanged);
    }

    /** Deletes what no pool and no machine needs any more. */
    void sweep() {
        Set<String> wanted = new HashSet<>(store.call(
                tx -> tx.list(String.class, "select distinct template from Machine where template is not null")));
        store.call(tx -> tx.list(Pool.class, "from Pool where deleting = false")).stream()
                .filter(Templates::instant)
                .forEach(pool -> wanted.add(nameOf(pool, pool.imageVersion())));
        List<TemplateStatus> present;
        try {
            present = host.templates();
        } catch (HostException e) {
            log.warn("{} cannot list its templates: {}", host.name(), e.getMessage());
            return;
        }
        for (TemplateStatus status : present) {
            if (status.owner().equals(owner) && !wanted.contains(status.name())) {
                try {
                    host.deleteTemplate(status.name());
                } catch (HostException e) {
                    log.info("template {} stays for now: {}", status.name(), e.getMessage());
                    wanted.add(status.name());
                }
            }
        }
        store.run(tx -> tx.list(Template.class, "from Template where host = ?1", host.name()).stream()
                .filter(template -> !wanted.contains(template.name()))
                .filter(template -> tx.count(
                                "select count(*) from Operation where argument = ?1 and openKey is not null",
                                template.name())
                        == 0)
                .forEach(tx::delete));
    }
}
