package oriel.it.vm;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.List;
import oriel.it.guest.HostCommand;

/** What tests need that make a network of their own in a namespace, with {@link OutsideWorld} in it. */
final class OwnNetwork {
    private OwnNetwork() {}

    /** Skips the test where such a network can't be made: that takes root, veth pairs, bridges and tap devices. */
    static void assume(Path folder, String program) throws InterruptedException {
        for (String needed : List.of(program, "ip", "unshare")) {
            assumeTrue(HostCommand.exists(needed), "no program " + needed);
        }
        String probe = "PATH=$PATH:/usr/sbin:/sbin; ip link add name v0 type veth && ip link add name b0 type bridge"
                + " && ip tuntap add t mode tap";
        try {
            HostCommand.run(folder, List.of("unshare", "--net", "--mount", "--pid", "--fork", "/bin/sh", "-c", probe));
        } catch (IOException e) {
            assumeTrue(false, "no network of one's own can be made here: " + e.getMessage());
        }
    }

    /** The class path of {@link OutsideWorld}. */
    static Path classes() throws URISyntaxException {
        return Path.of(OutsideWorld.class
                .getProtectionDomain()
                .getCodeSource()
                .getLocation()
                .toURI());
    }
}
