package oriel.broker.web;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.cert.CertificateEncodingException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * A server's certificate with its key.
 *
 * @param chain the certificate, then those that vouch for it
 * @param key the private key
 */
record Certificate(List<X509Certificate> chain, PrivateKey key) {
    /** RFC 7468 §10: a key in PKCS #8, not encrypted. */
    private static final Pattern KEY =
            Pattern.compile("-----BEGIN PRIVATE KEY-----([A-Za-z0-9+/=\\s]+)-----END PRIVATE KEY-----");

    /** Kinds of keys, and how each signs. */
    private static final Map<String, String> SIGNATURES =
            Map.of("EC", "SHA256withECDSA", "RSA", "SHA256withRSA", "EdDSA", "EdDSA");

    Certificate {
        chain = List.copyOf(chain);
    }

    @Override
    public String toString() {
        return "Certificate[" + chain.getFirst().getSubjectX500Principal() + "]";
    }

    /**
     * Reads PEM files.
     *
     * @throws IOException if they cannot be read or do not fit; the message says what to do
     */
    static Certificate read(Path certificate, Path key) throws IOException {
        try (InputStream in = Files.newInputStream(certificate)) {
            List<X509Certificate> chain = CertificateFactory.getInstance("X.509").generateCertificates(in).stream()
                    .map(X509Certificate.class::cast)
                    .toList();
            if (chain.isEmpty()) {
                throw new IOException("There is no certificate in " + certificate + ". It must be a PEM file.");
            }
            PrivateKey read = key(key);
            if (!belong(chain.getFirst().getPublicKey(), read)) {
                throw new IOException(
                        "The key in " + key + " is not the one of the first certificate in " + certificate + ".");
            }
            return new Certificate(chain, read);
        } catch (GeneralSecurityException e) {
            throw new IOException("The certificate in " + certificate + " cannot be read: " + e.getMessage(), e);
        }
    }

    /** Whether what one signs the other confirms: between the two halves of a renewal, it does not. */
    private static boolean belong(PublicKey shown, PrivateKey kept) throws GeneralSecurityException {
        String with = SIGNATURES.get(kept.getAlgorithm());
        if (with == null || !kept.getAlgorithm().equals(shown.getAlgorithm())) {
            return false;
        }
        byte[] text = "one pair".getBytes(StandardCharsets.US_ASCII);
        Signature signature = Signature.getInstance(with);
        signature.initSign(kept);
        signature.update(text);
        byte[] signed = signature.sign();
        signature.initVerify(shown);
        signature.update(text);
        return signature.verify(signed);
    }

    private static PrivateKey key(Path file) throws IOException {
        Matcher found = KEY.matcher(Files.readString(file, StandardCharsets.US_ASCII));
        if (!found.find()) {
            throw new IOException(
                    "There is no private key in " + file + ". It must be PKCS #8 in PEM, without a password:"
                            + " openssl pkcs8 -topk8 -nocrypt -in OLD -out NEW");
        }
        PKCS8EncodedKeySpec spec =
                new PKCS8EncodedKeySpec(Base64.getMimeDecoder().decode(found.group(1)));
        for (String algorithm : SIGNATURES.keySet()) {
            try {
                return KeyFactory.getInstance(algorithm).generatePrivate(spec);
            } catch (GeneralSecurityException e) {
                // It is of another kind; the encoding says which, and only the right one takes it.
            }
        }
        throw new IOException("The private key in " + file + " is of no kind that is known here (EC, RSA, EdDSA).");
    }

    /**
     * A certificate that nobody vouches for, kept in a folder from the first call on. It is made by the JDK's keytool: the
     * library has no way to make one.
     *
     * @param host what browsers call this server
     * @throws IOException if it cannot be made
     */
    static Certificate selfSigned(Path folder, String host) throws IOException {
        Path file = folder.resolve("self-signed.p12");
        String password = "changeit"; // PKCS #12 wants one; the folder is readable by its owner alone
        if (!Files.exists(file)) {
            String names = "dns:localhost,ip:127.0.0.1" + (host.matches("[0-9.]+|.*:.*") ? ",ip:" : ",dns:") + host;
            Process keytool = new ProcessBuilder(
                            Path.of(System.getProperty("java.home"), "bin", "keytool")
                                    .toString(),
                            "-genkeypair",
                            "-alias",
                            "oriel",
                            "-keyalg",
                            "EC",
                            "-groupname",
                            "secp256r1",
                            "-validity",
                            "825",
                            "-dname",
                            "CN=Oriel on " + host,
                            "-ext",
                            "SAN=" + names,
                            "-storetype",
                            "PKCS12",
                            "-keystore",
                            file.toString(),
                            "-storepass",
                            password)
                    .redirectErrorStream(true)
                    .start();
            String said = new String(keytool.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            if (keytool.onExit().join().exitValue() != 0) {
                throw new IOException("A certificate cannot be made: " + said.strip()
                        + " Give one with tls.certificate and tls.key.");
            }
        }
        try (InputStream in = Files.newInputStream(file)) {
            KeyStore store = KeyStore.getInstance("PKCS12");
            store.load(in, password.toCharArray());
            return new Certificate(List.of((X509Certificate) store.getCertificate("oriel")), (PrivateKey)
                    store.getKey("oriel", password.toCharArray()));
        } catch (GeneralSecurityException e) {
            throw new IOException("The certificate in " + file + " cannot be read. Delete it to have another one.", e);
        }
    }

    /** SHA-256, as browsers show it. */
    String fingerprint() {
        return HexFormat.ofDelimiter(":").withUpperCase().formatHex(sha256(encoded(chain.getFirst())));
    }

    /** SHA-256 of the public key (SubjectPublicKeyInfo), in base64. */
    String publicKeyPin() {
        return Base64.getEncoder()
                .encodeToString(sha256(chain.getFirst().getPublicKey().getEncoded()));
    }

    /** The chain in PEM (RFC 7468 §5). */
    String pem() {
        Base64.Encoder lines = Base64.getMimeEncoder(64, new byte[] {'\n'});
        return chain.stream()
                .map(one -> "-----BEGIN CERTIFICATE-----\n" + lines.encodeToString(encoded(one))
                        + "\n-----END CERTIFICATE-----\n")
                .collect(Collectors.joining());
    }

    private static byte[] encoded(X509Certificate certificate) {
        try {
            return certificate.getEncoded();
        } catch (CertificateEncodingException e) {
            throw new IllegalStateException("a certificate that was read can be written", e);
        }
    }

    private static byte[] sha256(byte[] of) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(of);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }
}
