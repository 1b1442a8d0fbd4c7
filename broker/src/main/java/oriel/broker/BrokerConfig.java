package oriel.broker;

import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import oriel.broker.identity.keycloak.OidcConfig;
import oriel.broker.recording.Retention;
import oriel.broker.store.StoreConfig;
import oriel.hypervisor.host.Overcommit;

/**
 * How a broker runs.
 *
 * @param dataDirectory state that must survive
 * @param imageDirectory below which golden images are
 * @param store the database
 * @param listen address and port of API and web client; port 0 takes a free one
 * @param behindProxy whether a proxy of ours writes X-Forwarded-For, -Host and -Proto
 * @param tls whether and with what certificate connections are encrypted
 * @param oidc the identity provider; null: local users only
 * @param pool the pool that is made at the first start
 * @param machines how machines are run
 * @param recordings where recordings of sessions are kept, and for how long
 * @param nativeViewers where VNC viewers are served; null: nowhere
 * @param peerAddress where other brokers on the database come to this one; null: where it listens
 */
public record BrokerConfig(
        Path dataDirectory,
        Path imageDirectory,
        StoreConfig store,
        InetSocketAddress listen,
        boolean behindProxy,
        TlsConfig tls,
        @Nullable OidcConfig oidc,
        FirstPool pool,
        MachineConfig machines,
        Retention recordings,
        @Nullable NativeViewerPort nativeViewers,
        @Nullable URI peerAddress) {
    /** This broker's name, among those on one database. */
    public String name() {
        return machines.broker();
    }

    /** Default port. */
    public static final int PORT = 8006;

    /** What one computer needs. */
    public static BrokerConfig defaults(Path dataDirectory) {
        return new BrokerConfig(
                dataDirectory,
                dataDirectory.resolve("images"),
                StoreConfig.embedded(dataDirectory.resolve("oriel")),
                InetSocketAddress.createUnresolved("127.0.0.1", PORT),
                false,
                TlsConfig.AUTO,
                null,
                new FirstPool("demo", "debian-desktop", 5, 1, 512, 1),
                MachineConfig.defaults(),
                Retention.in(dataDirectory.resolve("recordings")),
                null,
                null);
    }

    /** With another address. */
    public BrokerConfig listeningOn(String host, int port) {
        return with(parts -> parts.listen = InetSocketAddress.createUnresolved(host, port));
    }

    /** With golden images elsewhere. */
    public BrokerConfig withImages(Path directory) {
        return with(parts -> parts.imageDirectory = directory.toAbsolutePath().normalize());
    }

    /** With another database. */
    public BrokerConfig storedIn(StoreConfig otherStore) {
        return with(parts -> parts.store = otherStore);
    }

    /** Behind a proxy of ours, or not. */
    public BrokerConfig behindProxy(boolean proxied) {
        return with(parts -> parts.behindProxy = proxied);
    }

    /** With another way to run machines. */
    public BrokerConfig running(MachineConfig otherMachines) {
        return with(parts -> parts.machines = otherMachines);
    }

    /** With another way to encrypt. */
    public BrokerConfig encrypted(TlsConfig otherTls) {
        return with(parts -> parts.tls = otherTls);
    }

    /** With an identity provider. */
    public BrokerConfig signingInBy(OidcConfig provider) {
        return with(parts -> parts.oidc = provider);
    }

    /** With another keeping of recordings. */
    public BrokerConfig keepingRecordings(Retention otherRecordings) {
        return with(parts -> parts.recordings = otherRecordings);
    }

    /** With another first pool. */
    public BrokerConfig startingWith(FirstPool otherPool) {
        return with(parts -> parts.pool = otherPool);
    }

    /** With a port for VNC viewers, or none. */
    public BrokerConfig servingNativeViewers(@Nullable NativeViewerPort port) {
        return with(parts -> parts.nativeViewers = port);
    }

    /** With another address for other brokers; null: where it listens. */
    public BrokerConfig reachedByPeersAt(@Nullable URI address) {
        return with(parts -> parts.peerAddress = address);
    }

    private BrokerConfig with(Consumer<Parts> change) {
        Parts parts = new Parts(this);
        change.accept(parts);
        return parts.config();
    }

    /** The record's components while one of them changes: the only place where all are listed. */
    private static final class Parts {
        private final Path dataDirectory;
        private Path imageDirectory;
        private StoreConfig store;
        private InetSocketAddress listen;
        private boolean behindProxy;
        private TlsConfig tls;
        private @Nullable OidcConfig oidc;
        private FirstPool pool;
        private MachineConfig machines;
        private Retention recordings;
        private @Nullable NativeViewerPort nativeViewers;
        private @Nullable URI peerAddress;

        Parts(BrokerConfig of) {
            dataDirectory = of.dataDirectory;
            imageDirectory = of.imageDirectory;
            store = of.store;
            listen = of.listen;
            behindProxy = of.behindProxy;
            tls = of.tls;
            oidc = of.oidc;
            pool = of.pool;
            machines = of.machines;
            recordings = of.recordings;
            nativeViewers = of.nativeViewers;
            peerAddress = of.peerAddress;
        }

        BrokerConfig config() {
            return new BrokerConfig(
                    dataDirectory,
                    imageDirectory,
                    store,
                    listen,
                    behindProxy,
                    tls,
                    oidc,
                    pool,
                    machines,
                    recordings,
                    nativeViewers,
                    peerAddress);
        }
    }

    /**
     * Where VNC viewers are served, always over TLS.
     *
     * @param listen address and port; port 0 takes a free one
     * @param publicHost what viewers call this server; null: what browsers call it
     */
    public record NativeViewerPort(
            InetSocketAddress listen, @Nullable String publicHost) {
        /** The port that VNC's display 0 has. */
        public static final int USUAL = 5900;
    }

    /**
     * The pool that is made at the first start, for everyone, if its image is there.
     *
     * @param id of the pool
     * @param image name of the golden image, and of its directory
     * @param size machines at most
     * @param warm free machines kept running
     * @param memoryMib RAM of each
     * @param vcpus virtual CPUs of each
     */
    public record FirstPool(String id, String image, int size, int warm, int memoryMib, int vcpus) {}

    /**
     * How machines are run.
     *
     * @param broker this broker's name, among those on one database; the same after a restart
     * @param emulated whether their processors are emulated, which images are told on their kernels' command line
     * @param parallel operations at a time
     * @param booting guests that boot at a time
     * @param bootTimeout after which a guest that has said nothing is given up
     * @param interval between looks at everything
     * @param retryPause after the first failure of an operation; doubles with each
     * @param unclaimedAfter a session that nobody connects to ends after this time
     * @param overcommit how much more than it has the host may promise
     * @param hostLostAfter another broker's host that has not been reached for so long is lost: sessions there end
     */
    public record MachineConfig(
            String broker,
            boolean emulated,
            int parallel,
            int booting,
            Duration bootTimeout,
            Duration interval,
            Duration retryPause,
            Duration unclaimedAfter,
            Overcommit overcommit,
            Duration hostLostAfter) {
        private static final Duration HOST_LOST_AFTER = Duration.ofMinutes(5);
        private static final String NAME = "broker";

        /** Of the only broker. */
        public MachineConfig(
                boolean emulated,
                int parallel,
                int booting,
                Duration bootTimeout,
                Duration interval,
                Duration retryPause,
                Duration unclaimedAfter) {
            this(
                    NAME,
                    emulated,
                    parallel,
                    booting,
                    bootTimeout,
                    interval,
                    retryPause,
                    unclaimedAfter,
                    Overcommit.DEFAULT,
                    HOST_LOST_AFTER);
        }

        /** Of another broker. */
        public MachineConfig of(String otherBroker) {
            return new MachineConfig(
                    otherBroker,
                    emulated,
                    parallel,
                    booting,
                    bootTimeout,
                    interval,
                    retryPause,
                    unclaimedAfter,
                    overcommit,
                    hostLostAfter);
        }

        static MachineConfig defaults() {
            return new MachineConfig(
                    NAME,
                    true,
                    4,
                    Math.max(1, Runtime.getRuntime().availableProcessors()),
                    Duration.ofMinutes(10),
                    Duration.ofSeconds(15),
                    Duration.ofSeconds(1),
                    Duration.ofMinutes(10),
                    Overcommit.DEFAULT,
                    HOST_LOST_AFTER);
        }
    }

    /**
     * Whether and with what certificate connections are encrypted.
     *
     * @param use when
     * @param certificate PEM file; null: one of our own, which browsers warn of
     * @param key PEM file with its key
     */
    public record TlsConfig(
            Use use, @Nullable Path certificate, @Nullable Path key) {
        /** With a certificate of our own, unless only this computer or a proxy of ours connects. */
        public static final TlsConfig AUTO = new TlsConfig(Use.AUTO, null, null);

        /** When connections are encrypted. */
        public enum Use {
            /** If a certificate is given; else unless only this computer or a proxy of ours connects. */
            AUTO,
            /** Always. */
            ON,
            /** Never. */
            OFF
        }
    }
}
