package oriel.hypervisor.machine;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import oriel.hypervisor.bus.Device;
import oriel.hypervisor.bus.StateWriter;
import oriel.hypervisor.cpu.Vcpu;
import oriel.hypervisor.memory.GuestMemory;

/** One number for all that a machine is: its processors, devices and memory. Equal machines have equal fingerprints. */
final class Fingerprint {
    private static final int PAGE = 4096;

    private Fingerprint() {}

    /** SHA-256 in hexadecimal digits. On the machine's thread, between instructions. */
    static String of(Board board) {
        MessageDigest sha;
        try {
            sha = MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e); // every JDK has it
        }
        for (Vcpu cpu : board.cpus) {
            StateWriter out = new StateWriter();
            ProcessorState.save(cpu.state(), out);
            sha.update(out.toByteArray());
        }
        for (Device device : board.devices()) {
            StateWriter out = new StateWriter();
            device.save(out);
            sha.update(out.toByteArray());
        }
        byte[] page = new byte[PAGE];
        long end =
                Math.max(GuestMemory.HIGH_BASE, GuestMemory.HIGH_BASE + board.memory.ramSize() - GuestMemory.LOW_LIMIT);
        for (long at = 0; at < end; at += PAGE) {
            if (board.memory.readable(at) != 0) {
                board.memory.read(at, page, 0, PAGE);
                sha.update(page);
            }
        }
        return HexFormat.of().formatHex(sha.digest());
    }
}
