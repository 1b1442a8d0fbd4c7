package oriel.broker.web;

import java.io.IOException;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.security.GeneralSecurityException;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedKeyManager;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The server's side of TLS. A certificate in files is read again when the files change, as renewals do: no restart, no
 * dropped desktop. Thread-safe.
 */
public final class Tls {
    private static final Logger log = LoggerFactory.getLogger(Tls.class);
    private static final Duration LOOK = Duration.ofSeconds(10);

    private final @Nullable Path certificateFile;
    private final @Nullable Path keyFile;
    private final Clock clock;
    private volatile Certificate certificate;
    private FileTime read;
    private Instant nextLook;

    private Tls(
            Certificate certificate,
            @Nullable Path certificateFile,
            @Nullable Path keyFile,
            FileTime read,
            Clock clock) {
        this.certificate = certificate;
        this.certificateFile = certificateFile;
        this.keyFile = keyFile;
        this.read = read;
        this.clock = clock;
        this.nextLook = clock.instant().plus(LOOK);
    }

    /**
     * With an operator's certificate.
     *
     * @param certificate PEM: the server's certificate, then those that vouch for it
     * @param key PEM: PKCS #8, not encrypted
     * @throws IOException if they cannot be used; the message says what to do
     */
    public static Tls ofFiles(Path certificate, Path key, Clock clock) throws IOException {
        return new Tls(
                Certificate.read(certificate, key), certificate, key, Files.getLastModifiedTime(certificate), clock);
    }

    /**
     * With a certificate of our own, which browsers warn of; made once, in a folder.
     *
     * @param host what browsers call this server
     * @throws IOException if it cannot be made
     */
    public static Tls selfSigned(Path folder, String host, Clock clock) throws IOException {
        return new Tls(Certificate.selfSigned(folder, host), null, null, FileTime.fromMillis(0), clock);
    }

    /** Whether nobody vouches for the certificate. */
    public boolean isSelfSigned() {
        return certificateFile == null;
    }

    /** SHA-256 of the certificate that the next client is shown, to compare with what a browser shows. */
    public String fingerprint() {
        return current().fingerprint();
    }

    /** SHA-256 of the certificate's public key, in base64 (RFC 7469 §2.4), as TigerVNC's viewer shows it. */
    public String publicKeyPin() {
        return current().publicKeyPin();
    }

    /** The certificate with those that vouch for it, for viewers that are to know it beforehand. */
    public String pem() {
        return current().pem();
    }

    /** For the sockets and engines of a server. */
    public SSLContext context() {
        try {
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(new KeyManager[] {new Current()}, null, null);
            return context;
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every Java platform has TLS", e);
        }
    }

    private Certificate current() {
        Path from = certificateFile;
        Path with = keyFile;
        if (from != null && with != null) {
            renew(from, with);
        }
        return certificate;
    }

    private synchronized void renew(Path from, Path with) {
        Instant now = clock.instant();
        if (now.isBefore(nextLook)) {
            return;
        }
        nextLook = now.plus(LOOK);
        try {
            FileTime changed = Files.getLastModifiedTime(from);
            if (!changed.equals(read)) {
                certificate = Certificate.read(from, with);
                read = changed;
                log.info("the certificate in {} was read again", from);
            }
        } catch (IOException e) {
            // Half-written, perhaps: the one we have serves until the next look.
            log.warn("the certificate in {} is kept as it was: {}", from, e.getMessage());
        }
    }

    /** Offers what there is now. */
    private final class Current extends X509ExtendedKeyManager {
        @Override
        public @Nullable String chooseEngineServerAlias(
                String keyType, Principal @Nullable [] issuers, SSLEngine engine) {
            return chosen(keyType);
        }

        @Override
        public @Nullable String chooseServerAlias(String keyType, Principal @Nullable [] issuers, Socket socket) {
            return chosen(keyType);
        }

        private @Nullable String chosen(String keyType) {
            Certificate now = current();
            return keyType.startsWith(now.key().getAlgorithm()) ? keyType : null;
        }

        @Override
        public X509Certificate[] getCertificateChain(String alias) {
            return certificate.chain().toArray(X509Certificate[]::new);
        }

        @Override
        public PrivateKey getPrivateKey(String alias) {
            return certificate.key();
        }

        @Override
        public String[] getServerAliases(String keyType, Principal @Nullable [] issuers) {
            return new String[] {keyType};
        }

        @Override
        public String @Nullable [] getClientAliases(String keyType, Principal @Nullable [] issuers) {
            return null;
        }

        @Override
        public @Nullable String chooseClientAlias(
                String[] keyType, Principal @Nullable [] issuers, @Nullable Socket socket) {
            return null;
        }
    }
}
