package oriel.broker;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import oriel.broker.access.Caller;
import oriel.broker.audit.AuditEntry;
import oriel.broker.audit.AuditResource;
import oriel.broker.audit.AuditTrail;
import oriel.broker.display.Activity;
import oriel.broker.display.Cut;
import oriel.broker.display.DisplayService;
import oriel.broker.display.LiveDisplays;
import oriel.broker.display.Screens;
import oriel.broker.display.Tickets;
import oriel.broker.event.Signal;
import oriel.broker.event.SignalOutbox;
import oriel.broker.event.Signals;
import oriel.broker.file.FileDropResource;
import oriel.broker.file.FileDrops;
import oriel.broker.helpdesk.People;
import oriel.broker.helpdesk.PersonResource;
import oriel.broker.host.HostController;
import oriel.broker.host.HostRegistrations;
import oriel.broker.host.HostResource;
import oriel.broker.host.Hosts;
import oriel.broker.host.LostHosts;
import oriel.broker.host.PeerAddress;
import oriel.broker.identity.Account;
import oriel.broker.identity.AccountObserver;
import oriel.broker.identity.Accounts;
import oriel.broker.identity.ApiTokenResource;
import oriel.broker.identity.ApiTokens;
import oriel.broker.identity.Callers;
import oriel.broker.identity.ExternalSignIns;
import oriel.broker.identity.LoginResource;
import oriel.broker.identity.Passwords;
import oriel.broker.identity.Sealer;
import oriel.broker.identity.SecondFactor;
import oriel.broker.identity.SecondFactorResource;
import oriel.broker.identity.Secrets;
import oriel.broker.identity.SignInResource;
import oriel.broker.identity.SignIns;
import oriel.broker.identity.UserResource;
import oriel.broker.identity.keycloak.OidcResource;
import oriel.broker.image.ImageOperations;
import oriel.broker.image.ImageResource;
import oriel.broker.image.Images;
import oriel.broker.machine.Machines;
import oriel.broker.maintenance.MaintenanceResource;
import oriel.broker.maintenance.Maintenances;
import oriel.broker.metric.LiveFigures;
import oriel.broker.metric.LiveFiguresResource;
import oriel.broker.metric.MachineFigures;
import oriel.broker.metric.MetricsResource;
import oriel.broker.metric.RequestFigures;
import oriel.broker.nativeviewer.NativeViewerPort;
import oriel.broker.nativeviewer.NativeViewerResource;
import oriel.broker.operation.Journal;
import oriel.broker.operation.Journal.OperationView;
import oriel.broker.operation.OperationResource;
import oriel.broker.pool.Entitlement;
import oriel.broker.pool.PoolObserver;
import oriel.broker.pool.PoolResource;
import oriel.broker.pool.Pools;
import oriel.broker.recording.RecordingResource;
import oriel.broker.recording.Recordings;
import oriel.broker.report.ReportResource;
import oriel.broker.report.Reports;
import oriel.broker.role.RoleResource;
import oriel.broker.role.Roles;
import oriel.broker.session.Claims;
import oriel.broker.session.Desktops;
import oriel.broker.session.EndReason;
import oriel.broker.session.EventResource;
import oriel.broker.session.MachineCare;
import oriel.broker.session.MachineResource;
import oriel.broker.session.Messages;
import oriel.broker.session.Queues;
import oriel.broker.session.SessionDisplays;
import oriel.broker.session.SessionResource;
import oriel.broker.session.Sessions;
import oriel.broker.session.SignInTiming;
import oriel.broker.session.TimeLimits;
import oriel.broker.shadow.ShadowResource;
import oriel.broker.shadow.Shadows;
import oriel.broker.snapshot.SnapshotResource;
import oriel.broker.snapshot.Snapshots;
import oriel.broker.store.Installation;
import oriel.broker.store.Store;
import oriel.broker.store.StoreUnavailableException;
import oriel.broker.store.Tx;
import oriel.broker.web.Elsewhere;
import oriel.broker.web.Json;
import oriel.broker.web.Resource;
import oriel.broker.web.Tls;
import oriel.broker.web.WebServer;
import oriel.hypervisor.host.HostException;
import oriel.hypervisor.host.HypervisorHost;

/**
 * A broker, put together. {@link #open} makes the services, {@link #startMachines} takes over
 * the host's machines, {@link #listen} opens the port.
 * It can be thrown away at any moment: another one on the same database and host goes on.
 */
public final class Broker implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(Broker.class);

    private final BrokerConfig config;
    private final Store store;
    private final Signals signals;
    private final AuditTrail audit;
    private final SecondFactor secondFactor;
    private final SignIns signIns;
    private final ApiTokens tokens;
    private final Callers callers;
    private final OidcResource oidc;
    private final Accounts accounts;
    private final Roles roles;
    private final Images images;
    private final Maintenances maintenances;
    private final Pools pools;
    private final Sessions sessions;
    private final Claims claims;
    private final Queues queues;
    private final SessionDisplays sessionDisplays;
    private final Messages messages;
    private final Shadows shadows;
    private final Recordings recordings;
    private final SignalOutbox outbox;
    private final LiveFigures liveFigures;
    private final Hosts hosts;
    private final HostRegistrations registrations;
    private final Desktops desktops;
    private final Tickets tickets;
    private final LiveDisplays displays;
    private final Machines machines;
    private final MachineCare care;
    private final Journal journal;
    private final HypervisorHost host;
    private final HostController controller;
    private final Activity activity;
    private final LostRights lostRights;
    private final StoredRepeats repeats;
    private final RequestFigures figures = new RequestFigures();
    private volatile boolean stopping;
    private final Snapshots snapshots;
    private final Clock clock;
    private final Json json = new Json();
    private @Nullable Tls tls;
    private @Nullable NativeViewerPort nativeViewers;
    private @Nullable WebServer web;
    private @Nullable DisplayService displayService;

    private Broker(
            BrokerConfig config, Store store, HypervisorHost host, Passwords passwords, Sealer sealer, Clock clock) {
        this.config = config;
        this.store = store;
        this.host = host;
        this.clock = clock;
        this.signals = new Signals();
        this.audit = new AuditTrail(store, clock);
        Secrets secrets = new Secrets();
        this.displays = new LiveDisplays();
        this.tickets = new Tickets(store, secrets, config.name(), clock);
        this.journal = new Journal(store, signals, clock);
        this.machines = new Machines(store, journal, signals, clock);
        this.desktops = new Desktops(store, clock, config.nativeViewers() != null);
        this.queues = new Queues(store, signals);
        this.sessions = new Sessions(store, machines, queues, audit, signals, clock);
        this.claims = new Claims(store, machines, desktops, sessions, queues, tickets, audit, signals, clock);
        this.messages = new Messages(store, audit, signals, clock);
        this.shadows = new Shadows(store, tickets, displays, audit, signals, clock);
        this.recordings = new Recordings(store, audit, signals, clock, config.name(), config.recordings());
        sessions.onUnwatched(shadows::endFor);
        signals.listen(this::cut);
        this.outbox = new SignalOutbox(store, signals, config.name(), clock);
        this.registrations = new HostRegistrations(
                store,
                signals,
                clock,
                new HostRegistrations.Own(
                        host.name(),
                        config.name(),
                        HostRegistrations.promisableMib(config.machines().overcommit())),
                text -> sealer.mark("brokers", text));
        this.hosts = new Hosts(store, audit, signals, clock, host.name());
        this.liveFigures = new LiveFigures(host, displays, clock);
        this.care = new MachineCare(store, machines, sessions, audit, new Screens(host, clock), clock);
        AccountEnds accountEnds = new AccountEnds();
        this.secondFactor = new SecondFactor(store, audit, sealer, clock);
        this.signIns = new SignIns(store, audit, passwords, secrets, secondFactor, accountEnds, clock);
        this.tokens = new ApiTokens(store, audit, secrets, accountEnds, clock);
        this.callers = new Callers(signIns, tokens);
        this.sessionDisplays =
                new SessionDisplays(store, sessions, tickets, displays, audit, signals, callers, config.name(), clock);
        this.oidc = new OidcResource(
                config.oidc(),
                store,
                new ExternalSignIns(store, audit, secrets, sealer, accountEnds, clock),
                secrets,
                clock);
        this.accounts = new Accounts(store, audit, passwords, signIns, accountEnds, clock);
        this.roles = new Roles(store, audit, signals, clock);
        this.lostRights = new LostRights(displays, signIns, roles, shadows, sessionDisplays);
        signals.listen(this::rightsChanged);
        this.images = new Images(
                store,
                journal,
                audit,
                signals,
                clock,
                config.imageDirectory(),
                host.name(),
                config.machines().emulated(),
                Maintenances::find);
        this.maintenances = new Maintenances(
                store,
                journal,
                images,
                tickets,
                displays,
                audit,
                signals,
                clock,
                host.name(),
                new Maintenances.Hardware(
                        config.pool().memoryMib(), config.pool().vcpus()));
        ImageOperations imageOperations = new ImageOperations(
                store,
                journal,
                images,
                signals,
                config.imageDirectory(),
                Path.of(System.getProperty("oriel.home", "."), "config", "golden")
                        .toAbsolutePath()
                        .normalize());
        this.pools = new Pools(store, audit, signals, new PoolChanges(), clock);
        BrokerConfig.MachineConfig run = config.machines();
        this.activity = new Activity(host, clock);
        this.repeats = new StoredRepeats(store, clock);
        this.snapshots = new Snapshots(store, journal, roles, audit, signals, clock);
        LostHosts lostHosts = new LostHosts(store, sessions, registrations, signals, clock, run.hostLostAfter());
        TimeLimits limits = new TimeLimits(store, sessions, displays, activity, signals, clock);
        this.controller = new HostController(
                store,
                host,
                machines,
                journal,
                new HostController.SessionServices(sessions, claims, queues, sessionDisplays),
                audit,
                new HostController.ImageServices(images, imageOperations, maintenances),
                registrations,
                clock,
                new HostController.Limits(
                        config.name() + "-on-" + host.name(),
                        ownerLabel(store),
                        run.parallel(),
                        run.booting(),
                        run.bootTimeout(),
                        run.interval(),
                        run.retryPause(),
                        run.unclaimedAfter()),
                List.of(
                        signIns::sweep,
                        tokens::sweep,
                        oidc::sweep,
                        tickets::sweep,
                        limits::enforce,
                        snapshots::housekeeping,
                        shadows::sweep,
                        recordings::sweep,
                        hosts::look,
                        lostHosts::sweep,
                        outbox::sweep,
                        repeats::sweep,
                        lostRights::cut,
                        this::keepWatchedSignInsAlive));
        signals.listenToOthers(controller::othersDid);
    }

    /**
     * Opens the database and makes the services.
     *
     * @throws oriel.broker.store.StoreUnavailableException if the database cannot be opened
     */
    public static Broker open(BrokerConfig config, HypervisorHost host) {
        return open(config, host, new Passwords(), Clock.systemUTC());
    }

    /** With other passwords and time, for tests. */
    static Broker open(BrokerConfig config, HypervisorHost host, Passwords passwords, Clock clock) {
        Store store = Store.open(config.store(), Entities.ALL);
        try {
            Sealer sealer = Sealer.fromFile(config.dataDirectory().resolve("secret.key"));
            return new Broker(config, store, host, passwords, sealer, clock);
        } catch (RuntimeException e) {
            store.close();
            throw e;
        } catch (IOException e) {
            store.close();
            throw new StoreUnavailableException(String.valueOf(e.getMessage()), e);
        }
    }

    private static String ownerLabel(Store store) {
        return store.call(tx -> tx.find(Installation.class, Installation.ONLY)
                .orElseGet(() -> {
                    byte[] random = new byte[6];
                    new SecureRandom().nextBytes(random);
                    Installation installation =
                            new Installation("oriel-" + HexFormat.of().formatHex(random));
                    tx.insert(installation);
                    return installation;
                })
                .ownerLabel());
    }

    /**
     * What must exist before anybody can sign in: the first administrator, and an end user to try things as.
     *
     * @return both with their generated passwords, to be shown once; empty if there are users already
     */
    public List<Accounts.Created> bootstrapUsers() {
        return accounts.bootstrap();
    }

    /**
     * Registers the first pool's golden image, if its directory is there, and makes the pool, entitled to everyone. Does
     * nothing that was done before: an administrator's changes stay.
     */
    public void bootstrapPool() {
        BrokerConfig.FirstPool first = config.pool();
        if (!java.nio.file.Files.isDirectory(config.imageDirectory().resolve(first.image()))) {
            log.warn(
                    "no golden image in {}: pool \"{}\" is not made",
                    config.imageDirectory().resolve(first.image()),
                    first.id());
            return;
        }
        images.register(new Images.Registration(first.image(), null, first.image(), null), AuditEntry.SYSTEM, "");
        if (pools.exists(first.id())) {
            pools.leaveDeletedImage(first.id());
            return;
        }
        pools.create(
                new Pools.NewPool(
                        first.id(),
                        "Debian desktop",
                        "A Debian desktop with a web browser, an editor and a terminal; made anew at each log-off.",
                        first.image(),
                        null,
                        first.size(),
                        first.warm(),
                        first.memoryMib(),
                        first.vcpus(),
                        null,
                        null,
                        null),
                AuditEntry.SYSTEM,
                "");
        pools.entitle(
                first.id(),
                new Pools.NewEntitlement(Entitlement.Kind.GROUP, Entitlement.EVERYONE),
                AuditEntry.SYSTEM,
                "");
    }

    /** Takes over what the last process left on the host and in the database, and begins to run machines. */
    public void startMachines() throws HostException {
        if (config.store().shared()) {
            outbox.start();
        }
        registrations.start(config.store().shared());
        recordings.nothingRuns();
        controller.start();
    }

    /**
     * Listens, with the display daemon behind the same port.
     *
     * @return where it listens
     * @throws IOException if the port cannot be had
     */
    public InetSocketAddress listen() throws IOException {
        tls = tls();
        DisplayService service = new DisplayService(
                tickets,
                displays,
                activity,
                sessionDisplays,
                recordings,
                clock,
                this::displayOpened,
                sessionDisplays::firstFrame,
                this::displayClosed);
        displayService = service;
        int displayPort = service.start();
        nativeViewers = openForNativeViewers(service);
        WebServer server = new WebServer(
                new WebServer.Options(
                        new InetSocketAddress(
                                config.listen().getHostString(), config.listen().getPort()),
                        displayPort,
                        config.behindProxy(),
                        tls),
                resources(),
                callers,
                json,
                () -> !stopping && store.isUp(),
                repeats,
                figures::answered,
                config.store().shared() ? registrations : Elsewhere.NOWHERE,
                clock);
        web = server;
        Tls shown = tls;
        URI configured = config.peerAddress();
        HostRegistrations.Address reached =
                PeerAddress.of(configured, server.address(), shown == null ? null : shown.fingerprint());
        registrations.listening(
                () -> shown == null ? reached : new HostRegistrations.Address(reached.at(), shown.fingerprint()));
        return server.address();
    }

    /** VNC viewers get the certificate that browsers get, or one of our own where browsers come unencrypted. */
    private @Nullable NativeViewerPort openForNativeViewers(DisplayService service) throws IOException {
        BrokerConfig.NativeViewerPort wanted = config.nativeViewers();
        if (wanted == null) {
            return null;
        }
        InetSocketAddress listen = new InetSocketAddress(
                wanted.listen().getHostString(), wanted.listen().getPort());
        Tls shown = tls == null ? certificateFor(wanted.publicHost(), listen) : tls;
        return new NativeViewerPort(
                wanted.publicHost(), service.startForNativeViewers(listen, shown.context(), audit), shown);
    }

    private void displayOpened(Tickets.Redeemed grant) {
        UUID shadow = grant.shadow();
        String image = grant.image();
        if (image != null) {
            maintenances.opened(grant, image);
        } else if (shadow == null) {
            sessionDisplays.opened(grant);
        } else {
            shadows.opened(grant, shadow);
        }
    }

    private void displayClosed(UUID connection) {
        Tickets.Redeemed grant = displays.get(connection);
        UUID shadow = grant == null ? null : grant.shadow();
        if (grant != null && grant.image() != null) {
            maintenances.closed(connection);
        } else if (shadow == null) {
            sessionDisplays.closed(connection);
        } else {
            shadows.closed(connection, shadow);
        }
    }

    /**
     * Whose roles changed may look at something by one of them, and a pool's policy may allow less than before. Not on the
     * thread that has committed the change.
     */
    private void rightsChanged(Signal signal) {
        if (signal instanceof Signal.Changed changed
                && (changed.kind() == Signal.Kind.USER || changed.kind() == Signal.Kind.POOL)
                && displays.count() > 0) {
            Thread.ofVirtual().name("lost-rights").start(this::cutLostRights);
        }
    }

    private void cutLostRights() {
        try {
            lostRights.cut();
        } catch (StoreUnavailableException e) {
            log.warn("displays are compared with rights in the next round: {}", e.getMessage());
        }
    }

    /** Displays are cut wherever they are open: the signal may be another broker's. */
    private void cut(Signal signal) {
        if (signal instanceof Signal.CutDisplays cut) {
            switch (cut.of()) {
                case SESSION -> {
                    UUID session = UUID.fromString(cut.id());
                    displays.cutSession(session, cut.how(), cut.detail());
                    if (cut.how() == Cut.SESSION_ENDED) {
                        recordings.sessionEnded(session);
                    }
                }
                case SIGN_IN -> displays.cutSignIn(cut.id(), cut.how(), cut.detail());
                case USER -> displays.cutUser(UUID.fromString(cut.id()), cut.how(), cut.detail());
                case SHADOW -> displays.cutShadow(UUID.fromString(cut.id()), cut.how(), cut.detail());
            }
        }
    }

    /** Outside of this computer nobody's password travels in the clear unless an operator says so. */
    private @Nullable Tls tls() throws IOException {
        BrokerConfig.TlsConfig wanted = config.tls();
        InetSocketAddress listen = new InetSocketAddress(config.listen().getHostString(), 0);
        InetAddress address = listen.getAddress();
        boolean encrypt = switch (wanted.use()) {
            case ON -> true;
            case OFF -> false;
            case AUTO ->
                wanted.certificate() != null
                        || (!config.behindProxy() && (address == null || !address.isLoopbackAddress()));
        };
        return encrypt ? certificateFor(null, listen) : null;
    }

    /** The operator's certificate, or one of our own. */
    private Tls certificateFor(@Nullable String host, InetSocketAddress listen) throws IOException {
        Path certificate = config.tls().certificate();
        Path key = config.tls().key();
        if (certificate != null && key != null) {
            return Tls.ofFiles(certificate, key, clock);
        }
        InetAddress address = listen.getAddress();
        String name = address == null || address.isAnyLocalAddress()
                ? InetAddress.getLocalHost().getHostName()
                : listen.getHostString();
        return Tls.selfSigned(config.dataDirectory(), host == null ? name : host, clock);
    }

    /** How connections are encrypted, once it listens; empty if they are not. */
    public Optional<Tls> encryption() {
        return Optional.ofNullable(tls);
    }

    /** The port for VNC viewers, once it listens; empty if there is none. */
    public Optional<NativeViewerPort> nativeViewers() {
        return Optional.ofNullable(nativeViewers);
    }

    /** The API, but for what the server says of itself. */
    List<Resource> resources() {
        return List.of(
                new LoginResource(signIns, oidc::endSession),
                oidc,
                new SignInResource(signIns, accounts),
                new SecondFactorResource(secondFactor, signIns, accounts),
                new ApiTokenResource(tokens),
                new SessionResource(desktops, sessions, claims, queues, messages, roles),
                new ShadowResource(shadows, sessions, roles),
                new HostResource(hosts),
                new LiveFiguresResource(liveFigures, sessions, machines, callers, roles, json),
                new EventResource(
                        signals,
                        desktops,
                        callers,
                        roles,
                        id -> shadows.find(id).map(Object.class::cast),
                        json,
                        clock),
                new UserResource(accounts),
                new PoolResource(pools, machines, roles),
                new MachineResource(machines, care, roles),
                new ImageResource(images, roles),
                new MaintenanceResource(maintenances, roles),
                new AuditResource(audit),
                new OperationResource(journal, roles),
                new RecordingResource(recordings, roles),
                new NativeViewerResource(Optional.ofNullable(nativeViewers), claims, sessions, roles),
                new FileDropResource(new FileDrops(store, host, audit), sessions, roles),
                new ReportResource(new Reports(store, clock), clock),
                new MetricsResource(store, figures, new MachineFigures(host, clock), displays::count, clock),
                new SnapshotResource(snapshots, machines, roles),
                new RoleResource(roles),
                new PersonResource(new People(store, accounts, sessions, audit), audit, roles));
    }

    /** Users. */
    public Accounts accounts() {
        return accounts;
    }

    /** Sign-ins. */
    public SignIns signIns() {
        return signIns;
    }

    /** Roles given, with their scopes. */
    public Roles roles() {
        return roles;
    }

    /** One operation of the journal. */
    public OperationView operation(UUID id) {
        return journal.get(id);
    }

    /** Snapshots of machines. */
    public Snapshots snapshots() {
        return snapshots;
    }

    /** Golden images. */
    public Images images() {
        return images;
    }

    /** Golden images edited in a machine. */
    public Maintenances maintenances() {
        return maintenances;
    }

    /** Pools. */
    public Pools pools() {
        return pools;
    }

    /** Sessions. */
    public Sessions sessions() {
        return sessions;
    }

    /** Who gets which machine. */
    public Claims claims() {
        return claims;
    }

    /** Those who wait. */
    public Queues queues() {
        return queues;
    }

    /** What follows from opened and closed displays. */
    public SessionDisplays sessionDisplays() {
        return sessionDisplays;
    }

    /** Messages to users. */
    public Messages messages() {
        return messages;
    }

    /** Watching sessions. */
    public Shadows shadows() {
        return shadows;
    }

    /** Recorded sessions. */
    public Recordings recordings() {
        return recordings;
    }

    /** Desktops as users see them. */
    public Desktops desktops() {
        return desktops;
    }

    /** Tickets. */
    public Tickets tickets() {
        return tickets;
    }

    /** Open displays. */
    public LiveDisplays displays() {
        return displays;
    }

    /** Machines. */
    public Machines machines() {
        return machines;
    }

    /** What administrators do to single machines. */
    public MachineCare machineCare() {
        return care;
    }

    /** The audit trail. */
    public AuditTrail audit() {
        return audit;
    }

    /** Hosts and their drains. */
    public Hosts hosts() {
        return hosts;
    }

    /** The host. */
    public HypervisorHost host() {
        return host;
    }

    Signals signals() {
        return signals;
    }

    Store store() {
        return store;
    }

    HostController controller() {
        return controller;
    }

    /** A display in use is a sign-in in use, whatever the page that opened it does. */
    private void keepWatchedSignInsAlive() {
        displays.signIns().forEach(signIn -> signIns.bySignIn(signIn, ""));
    }

    /** Stops listening, then working. Machines and sessions stay as they are: the next broker goes on with them. */
    @Override
    public void close() {
        // A load balancer that asks now sends nobody here any more.
        stopping = true;
        signals.close();
        liveFigures.close();
        outbox.close();
        registrations.close();
        if (web != null) {
            web.close();
        }
        recordings.close();
        if (displayService != null) {
            displayService.close();
        }
        controller.close();
        store.close();
    }

    /** What follows from the end of sign-ins and accounts. */
    private final class AccountEnds implements AccountObserver {
        @Override
        public void signedIn(Tx tx, Caller caller, Duration took) {
            SignInTiming.note(tx, caller.userId(), took, clock.instant());
        }

        @Override
        public void signInEnded(Tx tx, UUID userId, String signIn, String reason) {
            Tickets.voidFor(tx, signIn);
            signals.send(tx, new Signal.CutDisplays(Signal.CutDisplays.Of.SIGN_IN, signIn, Cut.REVOKED, reason));
            signals.send(tx, new Signal.SignedOut(signIn, reason));
        }

        @Override
        public void accountDisabled(Tx tx, Account account) {
            signals.send(
                    tx,
                    new Signal.CutDisplays(
                            Signal.CutDisplays.Of.USER,
                            account.id().toString(),
                            Cut.REVOKED,
                            "the account is disabled"));
        }

        @Override
        public void accountDeleted(Tx tx, Account account, String actor) {
            sessions.endAll(tx, account.id(), EndReason.USER_DELETED, actor);
            Roles.forgetUser(tx, account.username());
            care.leaveBehind(tx, account.id());
            tx.execute(
                    "delete from Entitlement where kind = ?1 and subject = ?2",
                    Entitlement.Kind.USER,
                    account.username());
        }

        @Override
        public void groupsChanged(Tx tx, Account account, String actor) {
            sessions.endUnentitled(tx, null, account.id(), actor);
        }
    }

    /** What follows from changes of pools. */
    private final class PoolChanges implements PoolObserver {
        @Override
        public void poolChanged(Tx tx, String poolId) {
            tx.afterCommit(() -> controller.poolChanged(poolId));
        }

        @Override
        public void entitlementRevoked(Tx tx, String poolId, String actor) {
            sessions.endUnentitled(tx, poolId, null, actor);
        }
    }
}
