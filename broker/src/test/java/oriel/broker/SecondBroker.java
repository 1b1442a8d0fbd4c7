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

    final FakeHost host;
    final Broker broker;
    private boolean killed;

    SecondBroker(Fixture f) throws HostException {
        this(f, config -> config);
    }

    /** With other options than the first. */
    SecondBroker(Fixture f, UnaryOperator<BrokerConfig> options) throws HostException {
        this(f, options, new FakeHost());
    }

    /** On a host that was there before. */
    SecondBroker(Fixture f, FakeHost host) throws HostException {
        this(f, config -> config, host);
    }

    private SecondBroker(Fixture f, UnaryOperator<BrokerConfig> options, FakeHost host) throws HostException {
        this.host = host;
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

    /** It can't note anything any more, and is told nothing, as if its process were killed. */
    void kill() {
        killed = true;
        broker.store().close();
    }

    @Override
    public void close() {
        try {
            broker.close();
        } catch (RuntimeException e) {
            if (!killed) {
                throw e;
            }
            // It has no database any more.
        }
    }
}
