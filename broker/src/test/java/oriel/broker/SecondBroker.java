package oriel.broker;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.function.UnaryOperator;
import oriel.broker.host.NamedHost;
import oriel.broker.identity.TestPasswords;
import oriel.broker.pool.PoolPlacement;
import oriel.hypervisor.host.HostException;

/** Another broker on a fixture's database, with a host of its own that has another name. */
final class SecondBroker implements AutoCloseable {
    /** Of broker and host. */
    static final String NAME = "second";

    final FakeHost host = new FakeHost();
    final Broker broker;

    SecondBroker(Fixture f) throws HostException {
        this(f, config -> config);
    }

    /** With other options than the first. */
    SecondBroker(Fixture f, UnaryOperator<BrokerConfig> options) throws HostException {
        broker = Broker.open(
                options.apply(f.config).running(f.config.machines().of(NAME)),
                new NamedHost(NAME, host),
                TestPasswords.quick(),
                f.clock);
        broker.startMachines();
    }

    /** Where it listens from now on. */
    InetSocketAddress listen() throws IOException {
        return broker.listen();
    }

    /** Machines are to be on its host only. */
    static PoolPlacement only() {
        return new PoolPlacement(null, List.of(NAME), null);
    }

    @Override
    public void close() {
        broker.close();
    }
}
