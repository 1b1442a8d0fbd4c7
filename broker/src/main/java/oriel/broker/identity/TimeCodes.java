package oriel.broker.identity;

import com.eatthepath.otp.HmacOneTimePasswordGenerator;
import java.security.InvalidKeyException;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.Locale;
import java.util.OptionalLong;
import javax.crypto.spec.SecretKeySpec;

/** Codes by time (RFC 6238) as every authenticator app makes them: SHA-1, 30 seconds, six digits. Thread-safe. */
final class TimeCodes {
    static final int DIGITS = 6;
    static final int STEP_SECONDS = 30;

    /** Clocks may differ by one step either way (RFC 6238 §5.2). */
    private static final int SKEW = 1;

    private static final int SECRET_BYTES = 20;
    private static final String BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

    private final HmacOneTimePasswordGenerator generator = new HmacOneTimePasswordGenerator(DIGITS);
    private final SecureRandom random = new SecureRandom();

    /** A new secret, in base 32 (RFC 4648 §6), as long as the hash (RFC 4226 §4). */
    String newSecret() {
        byte[] bytes = new byte[SECRET_BYTES];
        random.nextBytes(bytes);
        StringBuilder text = new StringBuilder();
        int buffer = 0;
        int bits = 0;
        for (byte b : bytes) {
            buffer = (buffer << 8) | (b & 0xFF);
            for (bits += 8; bits >= 5; bits -= 5) {
                text.append(BASE32.charAt((buffer >> (bits - 5)) & 31));
            }
        }
        return text.toString();
    }

    /**
     * The step that a code belongs to.
     *
     * @param after the last step whose code was taken
     * @return empty if the code is wrong, too old, or was taken before
     */
    OptionalLong step(String secret, String code, Instant now, long after) {
        String digits = code.replaceAll("\\s", "");
        long current = now.getEpochSecond() / STEP_SECONDS;
        for (long step = current - SKEW; step <= current + SKEW; step++) {
            if (step > after && code(secret, step).equals(digits)) {
                return OptionalLong.of(step);
            }
        }
        return OptionalLong.empty();
    }

    /** The code of a step. */
    String code(String secret, long step) {
        try {
            return generator.generateOneTimePasswordString(
                    new SecretKeySpec(decode(secret), generator.getAlgorithm()), step, Locale.ROOT);
        } catch (InvalidKeyException e) {
            throw new IllegalStateException("every secret of ours is a key", e);
        }
    }

    private static byte[] decode(String secret) {
        byte[] bytes = new byte[secret.length() * 5 / 8];
        int buffer = 0;
        int bits = 0;
        int length = 0;
        for (int i = 0; i < secret.length(); i++) {
            buffer = (buffer << 5) | BASE32.indexOf(secret.charAt(i));
            bits += 5;
            if (bits >= 8) {
                bits -= 8;
                bytes[length++] = (byte) (buffer >> bits);
            }
        }
        return bytes;
    }
}
