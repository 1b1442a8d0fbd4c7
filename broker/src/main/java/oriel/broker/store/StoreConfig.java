package oriel.broker.store;

import java.nio.file.Path;

/**
 * Where the database is.
 *
 * @param url JDBC URL of H2 or PostgreSQL
 * @param user database user
 * @param password its password; may be empty
 * @param connections most connections at a time
 */
public record StoreConfig(String url, String user, String password, int connections) {
    /**
     * The embedded database in a file.
     *
     * <p>{@code WRITE_DELAY=0}: H2 otherwise keeps commits in memory for half a second, and an intent must be on disk
     * before its effect.
     */
    public static StoreConfig embedded(Path file) {
        return new StoreConfig(
                "jdbc:h2:file:" + file.toAbsolutePath()
                        + ";WRITE_DELAY=0;DB_CLOSE_ON_EXIT=FALSE;LOCK_TIMEOUT=10000;DB_CLOSE_DELAY=0",
                "oriel",
                "",
                10);
    }

    /** Whether other brokers may have it open as well; H2's file belongs to one process. */
    public boolean shared() {
        return !url.startsWith("jdbc:h2:file:");
    }

    @Override
    public String toString() {
        return "StoreConfig[" + url + ", " + user + "]";
    }
}
