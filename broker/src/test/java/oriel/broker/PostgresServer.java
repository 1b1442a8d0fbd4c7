package oriel.broker;

import java.util.UUID;
import oriel.broker.store.StoreConfig;

/**
 * The PostgreSQL of the profile {@code postgres}. Reached by reflection: without the profile the library is not on the
 * class path, and the suite compiles the same.
 */
final class PostgresServer {
    private static final Object SERVER = start();

    private PostgresServer() {}

    private static Object start() {
        try {
            Class<?> type = Class.forName("io.zonky.test.db.postgres.embedded.EmbeddedPostgres");
            return type.getMethod("start").invoke(null);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("run with -P postgres", e);
        }
    }

    static synchronized StoreConfig freshDatabase() {
        String name = "t" + UUID.randomUUID().toString().replace("-", "");
        try {
            int port = (int) SERVER.getClass().getMethod("getPort").invoke(SERVER);
            String url = "jdbc:postgresql://127.0.0.1:" + port + "/";
            try (var connection = java.sql.DriverManager.getConnection(url + "postgres", "postgres", "postgres");
                    var statement = connection.createStatement()) {
                statement.execute("create database " + name);
            }
            return new StoreConfig(url + name, "postgres", "postgres", 10);
        } catch (ReflectiveOperationException | java.sql.SQLException e) {
            throw new IllegalStateException(e);
        }
    }
}
