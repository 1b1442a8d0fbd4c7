package oriel.displayd.gateway;

import java.net.InetAddress;
import oriel.displayd.viewer.DisplayGrant;

/** Knows which names and passwords of native viewers are good. */
@FunctionalInterface
public interface PasswordVerifier {
    /**
     * Uses a password up. May block; called on a virtual thread.
     *
     * @param user what the viewer says its user is called, 1024 bytes at most; anything at all
     * @param password the same
     * @param from the viewer's address
     */
    Verdict verify(String user, String password, InetAddress from);

    /** What comes of it. */
    sealed interface Verdict {
        /** The viewer gets this. */
        record Admitted(DisplayGrant grant) implements Verdict {}

        /**
         * The viewer gets nothing.
         *
         * @param reason for its user
         */
        record Refused(String reason) implements Verdict {}
    }
}
