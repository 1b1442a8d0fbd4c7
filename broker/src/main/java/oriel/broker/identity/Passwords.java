package oriel.broker.identity;

import com.password4j.Argon2Function;
import com.password4j.Password;
import com.password4j.types.Argon2;
import java.security.SecureRandom;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import oriel.broker.problem.Reason;
import oriel.broker.problem.RefusedException;

/**
 * Hashes, checks and makes passwords. Argon2id (RFC 9106) with OWASP's second recommended set: 19 MiB, two passes, one
 * lane. Thread-safe; at most {@link #PARALLEL} hashes are computed at a time, so that sign-ins cannot exhaust memory.
 */
public final class Passwords {
    /** Fewest characters of a password. */
    public static final int SHORTEST = 10;
    /** Most characters of a password. */
    public static final int LONGEST = 256;

    private static final int MEMORY_KIB = 19 * 1024;
    private static final int PASSES = 2;
    private static final int LANES = 1;
    private static final int HASH_BYTES = 32;
    private static final int SALT_BYTES = 16;
    private static final int IDLE_SECONDS = 10;
    /** So many at a time; more would only take memory. */
    private static final int PARALLEL = Math.clamp(Runtime.getRuntime().availableProcessors(), 1, 8);

    private static final Set<String> EASY = Set.of(
            "password12", "password123", "passwordpassword", "1234567890", "0123456789", "qwertyuiop", "qwertzuiop");

    private final Argon2Function argon2;
    private final SecureRandom random = new SecureRandom();
    private final Secrets secrets = new Secrets();
    /**
     * Threads of the system's, not virtual ones: hashing never yields, and those who hold a database connection on
     * virtual threads must get on meanwhile, or a log-on storm starves itself. The system shares the cores among both.
     */
    private final ExecutorService hashing = hashing();

    private final String nobody;

    /** With the strength of production. */
    public Passwords() {
        this(MEMORY_KIB, PASSES);
    }

    /** With another strength, for tests. */
    Passwords(int memoryKib, int passes) {
        this.argon2 = Argon2Function.getInstance(memoryKib, passes, LANES, HASH_BYTES, Argon2.ID);
        this.nobody = hash(generate());
    }

    /** The hash to keep, with its salt and parameters. */
    public String hash(String password) {
        byte[] salt = new byte[SALT_BYTES];
        random.nextBytes(salt);
        return bounded(() -> Password.hash(password).addSalt(salt).with(argon2).getResult());
    }

    /** Whether a password fits a hash; takes as long without a hash (no such user) as with one. */
    boolean fits(String password, @Nullable String hash) {
        String against = hash == null ? nobody : hash;
        boolean fits =
                bounded(() -> Password.check(password, against).with(Argon2Function.getInstanceFromHash(against)));
        return fits && hash != null;
    }

    /** A new password of 100 bits, in groups that can be typed. */
    public String generate() {
        return secrets.typed(4);
    }

    /**
     * Checks a password that somebody has chosen.
     *
     * @throws RefusedException {@link Reason#WEAK_PASSWORD}
     */
    void accept(String password, String username) {
        String lower = password.toLowerCase(Locale.ROOT);
        if (password.length() < SHORTEST) {
            throw new RefusedException(Reason.WEAK_PASSWORD, "A password needs at least " + SHORTEST + " characters.");
        }
        if (password.length() > LONGEST) {
            throw new RefusedException(Reason.WEAK_PASSWORD, "A password has at most " + LONGEST + " characters.");
        }
        if ((username.length() > 3 && lower.contains(username))
                || EASY.contains(lower)
                || lower.chars().distinct().count() < 5) {
            throw new RefusedException(
                    Reason.WEAK_PASSWORD, "The password is too easy to guess. A few words in a row are a good one.");
        }
    }

    private static ExecutorService hashing() {
        ThreadPoolExecutor threads = new ThreadPoolExecutor(
                PARALLEL,
                PARALLEL,
                IDLE_SECONDS,
                TimeUnit.SECONDS,
                new LinkedBlockingQueue<>(),
                Thread.ofPlatform().daemon().name("password-", 0).factory());
        threads.allowCoreThreadTimeOut(true);
        return threads;
    }

    private <T> T bounded(Supplier<T> work) {
        return CompletableFuture.supplyAsync(work, hashing).join();
    }
}
