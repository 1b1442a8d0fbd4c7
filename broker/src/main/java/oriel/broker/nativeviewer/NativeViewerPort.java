package oriel.broker.nativeviewer;

import org.jspecify.annotations.Nullable;
import oriel.broker.web.Tls;

/**
 * The port that is open for VNC viewers.
 *
 * @param publicHost what viewers call this server; null: what the caller's browser calls it
 * @param number the port
 * @param tls has the certificate that viewers are shown
 */
public record NativeViewerPort(@Nullable String publicHost, int number, Tls tls) {}
