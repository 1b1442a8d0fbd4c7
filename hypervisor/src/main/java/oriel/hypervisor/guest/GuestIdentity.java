package oriel.hypervisor.guest;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * What makes a machine itself, as its guest is told after it was forked. All of it follows from names and generation, so
 * telling it twice is harmless. (The VM generation id is the machine's own affair, and random.)
 *
 * @param hostName the machine's name
 * @param mac address of its network card, {@code 52:xx:xx:xx:xx:xx}, locally administered; the same for a name for
 *     ever, so that leases and firewall rules outlive a refresh. Of 40 bits, as of 24 two in a thousand machines are alike
 * @param machineId what the guest keeps in {@code /etc/machine-id}: 32 hexadecimal digits, new with each generation
 */
public record GuestIdentity(String hostName, String mac, String machineId) {
    /** The identity of a machine in a generation. */
    public static GuestIdentity of(String machine, String owner, long generation) {
        byte[] named = digest(owner + "/" + machine);
        byte[] generated = digest(owner + "/" + machine + "/" + generation);
        return new GuestIdentity(
                machine,
                "52:" + HexFormat.ofDelimiter(":").formatHex(named, 0, 5),
                HexFormat.of().formatHex(generated, 0, 16));
    }

    private static byte[] digest(String text) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(text.getBytes(UTF_8));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e); // every Java has it
        }
    }
}
