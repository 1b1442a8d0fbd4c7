package oriel.broker.nativeviewer;

import java.time.Instant;
import java.util.List;
import java.util.UUID;
import oriel.broker.display.DisplayRight;

/**
 * What a person needs to open their desktop in a VNC viewer, as the API shows it.
 *
 * @param host name or address of the server, for the viewer
 * @param port of the server
 * @param username for the viewer's question
 * @param password for the viewer's question; good once, for this session alone
 * @param passwordExpires end of its life
 * @param rights what the viewer may do
 * @param fingerprint SHA-256 of the server's certificate
 * @param publicKeyPin SHA-256 of its public key in base64, which TigerVNC's viewer shows
 * @param certificate PEM
 * @param connectionFile text of a TigerVNC configuration file that leads there
 */
public record NativeViewerAccess(
        String poolId,
        UUID sessionId,
        String machine,
        String host,
        int port,
        String username,
        String password,
        Instant passwordExpires,
        List<DisplayRight> rights,
        String fingerprint,
        String publicKeyPin,
        String certificate,
        String connectionFile) {
    /** Copies the list. */
    public NativeViewerAccess {
        rights = List.copyOf(rights);
    }

    @Override
    public String toString() {
        return "NativeViewerAccess[" + sessionId + "]";
    }
}
