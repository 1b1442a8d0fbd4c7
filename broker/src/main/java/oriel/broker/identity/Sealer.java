package oriel.broker.identity;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.Base64;
import java.util.EnumSet;
import java.util.HexFormat;
import javax.crypto.Cipher;
import javax.crypto.Mac;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/**
 * Encrypts secrets that must be read again (second factors, refresh tokens), so that a copy of the database is not
 * enough to use them: AES-256-GCM under a key outside of the database. Thread-safe.
 */
public final class Sealer {
    private static final int KEY_BYTES = 32;
    /** NIST SP 800-38D §8.2.2: random nonces of 96 bits, for far fewer than 2^32 secrets. */
    private static final int NONCE_BYTES = 12;

    private static final int TAG_BITS = 128;

    private final SecretKeySpec key;
    private final SecureRandom random = new SecureRandom();

    /** With a key of 32 bytes. */
    public Sealer(byte[] key) {
        if (key.length != KEY_BYTES) {
            throw new IllegalArgumentException("a key has " + KEY_BYTES + " bytes");
        }
        this.key = new SecretKeySpec(key, "AES");
    }

    /** With a key that lasts as long as this object. */
    public static Sealer ephemeral() {
        return new Sealer(newKey());
    }

    /**
     * With the key in a file, 64 hexadecimal digits; it is made, for its owner alone to read, if it is not there.
     * Brokers that share a database share this file.
     *
     * @throws IOException if it cannot be read or made, or holds something else; the message says what to do
     */
    public static Sealer fromFile(Path file) throws IOException {
        if (!Files.exists(file)) {
            create(file);
        }
        String text = Files.readString(file, StandardCharsets.US_ASCII).strip();
        try {
            return new Sealer(HexFormat.of().parseHex(text));
        } catch (IllegalArgumentException e) {
            throw new IOException(
                    "The key file " + file + " must hold 64 hexadecimal digits. Restore it from a backup; with another"
                            + " key, people have to set up their second factor again.",
                    e);
        }
    }

    private static void create(Path file) throws IOException {
        try (var channel = Files.newByteChannel(
                file,
                EnumSet.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")))) {
            channel.write(StandardCharsets.US_ASCII.encode(HexFormat.of().formatHex(newKey()) + "\n"));
        } catch (FileAlreadyExistsException e) {
            // Another broker on the same directory was faster; its key is as good.
        }
    }

    private static byte[] newKey() {
        byte[] key = new byte[KEY_BYTES];
        new SecureRandom().nextBytes(key);
        return key;
    }

    /**
     * Encrypts.
     *
     * @param purpose what the secret is and whose; it opens for the same purpose only
     */
    String seal(String secret, String purpose) {
        byte[] nonce = new byte[NONCE_BYTES];
        random.nextBytes(nonce);
        byte[] sealed = run(Cipher.ENCRYPT_MODE, nonce, purpose, secret.getBytes(StandardCharsets.UTF_8));
        byte[] whole = Arrays.copyOf(nonce, nonce.length + sealed.length);
        System.arraycopy(sealed, 0, whole, nonce.length, sealed.length);
        return Base64.getEncoder().encodeToString(whole);
    }

    /**
     * Decrypts.
     *
     * @throws IllegalStateException if it was sealed with another key or for another purpose, or was changed
     */
    String open(String sealed, String purpose) {
        byte[] whole = Base64.getDecoder().decode(sealed);
        byte[] nonce = Arrays.copyOf(whole, NONCE_BYTES);
        byte[] rest = Arrays.copyOfRange(whole, NONCE_BYTES, whole.length);
        return new String(run(Cipher.DECRYPT_MODE, nonce, purpose, rest), StandardCharsets.UTF_8);
    }

    /**
     * What only holders of the key can write under a text: HMAC-SHA-256 (RFC 2104) with a key of its own, as text.
     *
     * @param purpose what the text is; a mark for one purpose is none for another
     */
    public String mark(String purpose, String text) {
        byte[] derived = hmac(key.getEncoded(), purpose);
        return Base64.getUrlEncoder().withoutPadding().encodeToString(hmac(derived, text));
    }

    private static byte[] hmac(byte[] with, String text) {
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(with, "HmacSHA256"));
            return mac.doFinal(text.getBytes(StandardCharsets.UTF_8));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every Java platform has HmacSHA256", e);
        }
    }

    private byte[] run(int mode, byte[] nonce, String purpose, byte[] input) {
        try {
            Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
            cipher.init(mode, key, new GCMParameterSpec(TAG_BITS, nonce));
            cipher.updateAAD(purpose.getBytes(StandardCharsets.UTF_8));
            return cipher.doFinal(input);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("a stored secret does not open with this installation's key", e);
        }
    }
}
