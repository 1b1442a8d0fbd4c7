package oriel.hypervisor.host;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Random;
import java.util.UUID;

/**
 * What makes a machine itself: a clone gets it when it is forked, before its guest runs on.
 *
 * @param hostName the machine's name
 * @param mac address of its network card, {@code 52:54:00:xx:xx:xx}; the same for a name for ever, so that leases and
 *     firewall rules outlive a refresh
 * @param machineId what the guest keeps in {@code /etc/machine-id}: 32 hexadecimal digits, new with each generation
 * @param generationId VM generation id: new each time that the guest's past is not the machine's (fork, restore)
 */
public record GuestIdentity(String hostName, String mac, String machineId, UUID generationId) {
    /** The identity of a machine whose disk is new. The generation id is never the same twice. */
    static GuestIdentity of(String machine, String owner, long generation, Random random) {
        byte[] named = digest(owner + "/" + machine);
        byte[] generated = digest(owner + "/" + machine + "/" + generation + "/" + random.nextLong());
        return new GuestIdentity(
                machine,
                "52:54:00:%02x:%02x:%02x".formatted(named[0] & 0xFF, named[1] & 0xFF, named[2] & 0xFF),
                HexFormat.of().formatHex(generated, 0, 16),
                generationId(random));
    }

    private static UUID generationId(Random random) {
        byte[] bytes = new byte[16];
        random.nextBytes(bytes);
        ByteBuffer buffer = ByteBuffer.wrap(bytes);
        return new UUID(buffer.getLong(), buffer.getLong());
    }

    private static byte[] digest(String text) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(text.getBytes(UTF_8));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e); // every Java has it
        }
    }
}
