package oriel.broker.web;

import java.net.URI;
import org.jspecify.annotations.Nullable;

/**
 * Another broker on the same database.
 *
 * @param host its host's name
 * @param address where it answers
 * @param certificate SHA-256 of the certificate that it must show, as it wrote it into the database; null: no TLS
 */
public record Peer(String host, URI address, @Nullable String certificate) {}
