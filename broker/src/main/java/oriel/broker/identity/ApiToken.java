package oriel.broker.identity;

import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import jakarta.persistence.Table;
import java.time.Instant;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import oriel.broker.access.Right;

/** A token with which a program acts for a user. The token itself is only with the program; here is its hash. */
@Entity
@Table(name = "api_token")
class ApiToken {
    @Id
    private UUID id;

    private UUID accountId;
    private String name;
    private String tokenHash;
    /** Names of rights in the API's contract, separated by blanks: no right is ever renamed silently. */
    private String rights;

    private Instant created;
    private Instant expires;
    private @Nullable Instant lastUsed;
    private @Nullable String lastAddress;

    @SuppressWarnings("NullAway.Init")
    protected ApiToken() {}

    ApiToken(UUID accountId, String name, String tokenHash, Set<Right> rights, Instant created, Instant expires) {
        this.id = UUID.randomUUID();
        this.accountId = accountId;
        this.name = name;
        this.tokenHash = tokenHash;
        this.rights = rights.stream().map(Right::wireName).sorted().collect(Collectors.joining(" "));
        this.created = created;
        this.expires = expires;
    }

    UUID id() {
        return id;
    }

    UUID accountId() {
        return accountId;
    }

    String name() {
        return name;
    }

    String tokenHash() {
        return tokenHash;
    }

    Set<Right> rights() {
        Set<String> names = Set.copyOf(Arrays.asList(rights.split(" ")));
        Set<Right> all = EnumSet.allOf(Right.class);
        all.removeIf(right -> !names.contains(right.wireName()));
        return all;
    }

    Instant created() {
        return created;
    }

    Instant expires() {
        return expires;
    }

    @Nullable
    Instant lastUsed() {
        return lastUsed;
    }

    @Nullable
    String lastAddress() {
        return lastAddress;
    }
}
