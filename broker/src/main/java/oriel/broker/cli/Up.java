package oriel.broker.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import oriel.broker.Broker;
import oriel.broker.BrokerConfig;
import oriel.broker.host.NamedHost;
import oriel.broker.identity.Accounts;
import oriel.broker.image.ImageBuildException;
import oriel.broker.image.RecipeBuild;
import oriel.broker.store.StoreUnavailableException;
import oriel.broker.web.Tls;
import oriel.hypervisor.host.HostException;
import oriel.hypervisor.host.HostProvider;
import oriel.hypervisor.host.HypervisorHost;
import oriel.hypervisor.host.Overcommit;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Runs everything in this process: host, broker, display daemon, web client. */
@Command(
        name = "up",
        aliases = "serve",
        description = "Run Oriel: machines, broker, displays and the web client, in one process.",
        mixinStandardHelpOptions = true)
final class Up implements Callable<Integer> {
    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec spec;

    @Option(
            names = "--data-dir",
            paramLabel = "DIR",
            description = "Where state is kept (default: $ORIEL_DATA_DIR, or oriel in the XDG data directory).")
    private @Nullable Path dataDirectory;

    @Option(
            names = "--config",
            paramLabel = "FILE",
            description = "Configuration file (default: oriel.conf in the data directory, if there).")
    private @Nullable Path configFile;

    @Option(names = "--listen", paramLabel = "ADDRESS", description = "Address to listen on (default: 127.0.0.1).")
    private @Nullable String listen;

    @Option(names = "--port", paramLabel = "PORT", description = "Port to listen on (default: 8006).")
    private @Nullable Integer port;

    @Option(
            names = "--images",
            paramLabel = "DIR",
            description = "Where golden images are (default: images in the data directory).")
    private @Nullable Path images;

    @Option(
            names = "--pool-size",
            paramLabel = "N",
            description = "Machines of the first pool, when it is made (default: 5).")
    private @Nullable Integer poolSize;

    @Option(
            names = "--pool-warm",
            paramLabel = "N",
            description = "Free machines the first pool keeps running, when it is made (default: 1).")
    private @Nullable Integer poolWarm;

    @Option(
            names = "--pool-memory",
            paramLabel = "MIB",
            description = "RAM of each machine of the first pool, when it is made (default: 512).")
    private @Nullable Integer poolMemory;

    @Option(
            names = "--host",
            paramLabel = "KIND",
            description = "Kind of host that runs machines (default: the one there is).")
    private @Nullable String hostKind;

    @Option(
            names = "--recipes",
            paramLabel = "DIR",
            description = "Where the recipes of golden images are (default: config/golden of the source tree).")
    private @Nullable Path recipes;

    @Override
    public Integer call() {
        PrintWriter out = spec.commandLine().getOut();
        BrokerConfig config = config();
        DataDirectory.make(config.dataDirectory());
        try (HypervisorHost host = named(
                        host(
                                config.dataDirectory().resolve("machines"),
                                config.machines().overcommit()),
                        config.name());
                Broker broker = Broker.open(config, host)) {
            CountDownLatch stopped = new CountDownLatch(1);
            // The port first: if it is taken, nothing must have been changed.
            InetSocketAddress address = broker.listen();
            buildImage(out, config);
            broker.bootstrapPool();
            broker.startMachines();
            // Last: whoever interrupts all that must not lose passwords that were made and never shown.
            List<Accounts.Created> first = broker.bootstrapUsers();
            announce(out, address, broker.encryption(), first);
            Thread main = Thread.currentThread();
            Runtime.getRuntime()
                    .addShutdownHook(new Thread(
                            () -> {
                                stopped.countDown();
                                try {
                                    main.join(20_000);
                                } catch (InterruptedException e) {
                                    Thread.currentThread().interrupt();
                                }
                            },
                            "oriel-shutdown"));
            broker.hosts().onDrained(stopped::countDown);
            stopped.await();
            out.println("Oriel stops. Desktops go on where they were at the next start.");
            return 0;
        } catch (IOException e) {
            throw new Main.Failure(2, String.valueOf(e.getMessage()));
        } catch (StoreUnavailableException | HostException e) {
            throw new Main.Failure(1, String.valueOf(e.getMessage()));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return 1;
        }
    }

    /**
     * Builds the first pool's golden image, if it isn't there and there is a recipe for it. One of an older recipe stays
     * what it is: whoever runs the pools decides when they get another version.
     */
    private void buildImage(PrintWriter out, BrokerConfig config) throws InterruptedException {
        String image = config.pool().image();
        Path folder = config.imageDirectory().resolve(image);
        Path home = Path.of(System.getProperty("oriel.home", "."));
        Path from = recipes == null ? home.resolve("config/golden") : recipes;
        if (!Files.isDirectory(from.resolve(image))) {
            return;
        }
        RecipeBuild build = new RecipeBuild(from.resolve("build"), from.resolve(image), folder);
        if (RecipeBuild.isBuilt(folder)) {
            if (!build.isCurrent()) {
                out.println(
                        "The golden image " + image + " was built of an older recipe: its desktops lack what has come"
                                + " since. Build and publish a new version: Golden images, " + image + ", Build.");
            }
            return;
        }
        out.println("Building the golden image " + image + " from Debian's packages: once, takes some minutes.");
        out.flush();
        boolean terminal = Boolean.getBoolean("oriel.terminal"); // the launcher knows
        BuildProgress progress = new BuildProgress(out, terminal, System::nanoTime);
        try {
            build.run(progress);
        } catch (ImageBuildException e) {
            throw new Main.Failure(1, "The golden image " + image + " was not built. " + e.getMessage());
        } finally {
            progress.close();
        }
    }

    private BrokerConfig config() {
        BrokerConfig config = ConfigFile.find(dataDirectory, configFile);
        if (images != null) {
            config = config.withImages(images);
        }
        config = config.listeningOn(
                listen == null ? config.listen().getHostString() : listen,
                port == null ? config.listen().getPort() : port);
        BrokerConfig.FirstPool pool = config.pool();
        return config.startingWith(new BrokerConfig.FirstPool(
                pool.id(),
                pool.image(),
                poolSize == null ? pool.size() : poolSize,
                poolWarm == null ? pool.warm() : poolWarm,
                poolMemory == null ? pool.memoryMib() : poolMemory,
                pool.vcpus()));
    }

    /** The only broker's host keeps its name, which is in its database. */
    private static HypervisorHost named(HypervisorHost host, String broker) {
        return broker.equals("broker") ? host : new NamedHost(host.name() + "-" + broker, host);
    }

    private HypervisorHost host(Path directory, Overcommit overcommit) throws HostException {
        List<HostProvider> providers = ServiceLoader.load(HostProvider.class).stream()
                .map(ServiceLoader.Provider::get)
                .filter(provider -> hostKind == null || provider.kind().equals(hostKind))
                .toList();
        if (providers.isEmpty()) {
            throw new Main.Failure(
                    2,
                    hostKind == null
                            ? "This build has no host to run machines on."
                            : "There is no host \"" + hostKind + "\".");
        }
        return providers.getFirst().open(directory, overcommit);
    }

    private static void announce(
            PrintWriter out, InetSocketAddress address, Optional<Tls> tls, List<Accounts.Created> first) {
        String host = address.getAddress().isAnyLocalAddress() ? "localhost" : address.getHostString();
        out.println();
        out.println("Oriel is ready: " + (tls.isPresent() ? "https" : "http") + "://" + host + ":" + address.getPort()
                + "/");
        tls.filter(Tls::isSelfSigned).ifPresent(own -> {
            out.println();
            out.println("  Its certificate is its own: browsers will warn. Compare the SHA-256 fingerprint");
            out.println("    " + own.fingerprint());
            out.println("  or give a certificate with tls.certificate and tls.key in oriel.conf.");
        });
        if (!first.isEmpty()) {
            out.println();
            out.println("  Sign in as (shown only this once):");
            for (Accounts.Created user : first) {
                out.printf(
                        "    %-6s  password  %s   (%s)%n",
                        user.user().username(),
                        user.generatedPassword(),
                        user.user().role().wireName());
            }
        }
        out.println();
        out.flush();
    }
}
