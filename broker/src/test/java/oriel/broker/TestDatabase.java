package oriel.broker;

import java.util.UUID;
import oriel.broker.store.StoreConfig;

/** A new, empty database for each test: H2 in memory, or what the profile {@code postgres} provides. */
final class TestDatabase {
    private TestDatabase() {}

    static StoreConfig fresh() {
        return switch (System.getProperty("oriel.test.database", "h2")) {
            case "h2" ->
                new StoreConfig(
                        "jdbc:h2:mem:" + UUID.randomUUID() + ";DB_CLOSE_DELAY=-1;LOCK_TIMEOUT=10000", "oriel", "", 10);
            case "postgres" -> PostgresServer.freshDatabase();
            default -> throw new IllegalArgumentException("oriel.test.database is h2 or postgres");
        };
    }
}
