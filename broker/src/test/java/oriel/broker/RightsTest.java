package oriel.broker;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import oriel.broker.access.Right;
import oriel.broker.access.Role;
import oriel.broker.access.Scope;
import oriel.broker.machine.Agent;
import oriel.broker.machine.Lifecycle;
import oriel.broker.operation.OperationKind;
import oriel.broker.operation.OperationState;
import oriel.broker.pool.Pools;
import oriel.broker.problem.Reason;
import oriel.broker.role.RoleGrant;
import oriel.broker.role.Roles;
import oriel.broker.session.Desktop;
import oriel.broker.session.EndReason;
import oriel.broker.session.SessionState;
import oriel.broker.shadow.ShadowState;
import oriel.broker.web.Access;
import oriel.broker.web.Route;
import oriel.hypervisor.host.PowerState;
import tools.jackson.databind.JsonNode;
import tools.jackson.dataformat.yaml.YAMLMapper;

/** The API's contract says which right each operation needs; the server must do exactly that. */
class RightsTest {
    private static final Set<String> METHODS = Set.of("get", "post", "put", "patch", "delete");

    private record Operation(String method, String path, String right, String scope, String ownerRight) {}

    private static JsonNode contract() {
        try (InputStream in = RightsTest.class.getResourceAsStream("/oriel/broker/openapi.yaml")) {
            return new YAMLMapper().readTree(in);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private static List<Operation> operations() {
        List<Operation> operations = new ArrayList<>();
        contract()
                .path("paths")
                .forEachEntry((path, item) -> item.forEachEntry((method, operation) -> {
                    if (METHODS.contains(method)) {
                        operations.add(new Operation(
                                method.toUpperCase(Locale.ROOT),
                                path,
                                operation.path("x-oriel-right").asString("missing"),
                                operation.path("x-oriel-scope").asString(""),
                                operation.path("x-oriel-owner-right").asString("")));
                    }
                }));
        return operations;
    }

    @Test
    void theContractNamesEveryRightRoleAndReason() {
        JsonNode schemas = contract().path("components").path("schemas");
        assertThat(values(schemas.path("Right")))
                .containsExactlyInAnyOrderElementsOf(
                        List.of(Right.values()).stream().map(Right::wireName).toList());
        assertThat(values(schemas.path("Role")))
                .containsExactlyInAnyOrderElementsOf(
                        List.of(Role.values()).stream().map(Role::wireName).toList());
        assertThat(values(schemas.path("Reason")))
                .containsExactlyInAnyOrderElementsOf(
                        List.of(Reason.values()).stream().map(Reason::name).toList());
        Map.<String, Enum<?>[]>of(
                        "DesktopState", Desktop.State.values(),
                        "DesktopAction", Desktop.Action.values(),
                        "SessionState", SessionState.values(),
                        "EndReason", EndReason.values(),
                        "ShadowState", ShadowState.values(),
                        "Lifecycle", Lifecycle.values(),
                        "Power", PowerState.values(),
                        "Agent", Agent.values(),
                        "OperationKind", OperationKind.values(),
                        "OperationState", OperationState.values())
                .forEach((schema, constants) -> assertThat(values(schemas.path(schema)))
                        .as(schema)
                        .containsExactlyInAnyOrderElementsOf(java.util.stream.Stream.of(constants)
                                .map(Enum::name)
                                .toList()));
    }

    private static List<String> values(JsonNode schema) {
        List<String> values = new ArrayList<>();
        schema.path("enum").forEach(value -> values.add(value.asString()));
        return values;
    }

    @Test
    void routesAndContractSayTheSame() {
        try (Fixture f = new Fixture(0, 0)) {
            Map<String, Operation> documented = operations().stream()
                    .filter(operation -> !operation.path().startsWith("/health")
                            && !operation.path().equals("/api/v1/about")
                            && !operation.path().equals("/api/v1/openapi.yaml"))
                    .collect(Collectors.toMap(o -> o.method() + " " + o.path(), o -> o));
            Map<String, Access> served = new HashMap<>();
            f.broker
                    .resources()
                    .forEach(resource -> resource.routes()
                            .forEach((Route route) -> served.put(route.method() + " " + route.path(), route.access())));
            assertThat(served.keySet()).isEqualTo(documented.keySet());
            documented.forEach((key, operation) -> assertThat(right(served.get(key)))
                    .as(key)
                    .isEqualTo(operation.right()
                            + (operation.scope().isEmpty() ? "" : " at " + operation.scope())
                            + (operation.ownerRight().isEmpty() ? "" : " or own " + operation.ownerRight())));
        }
    }

    private static String right(Access access) {
        return switch (access) {
            case Access.Public ignored -> "public";
            case Access.Notice ignored -> "public";
            case Access.Self ignored -> "self";
            case Access.Needs needs -> at(needs.right(), needs.where());
            case Access.NeedsOrOwns needs ->
                needs.right() == null
                        ? needs.ownerRight().wireName()
                        : at(needs.right(), needs.where()) + " or own "
                                + needs.ownerRight().wireName();
        };
    }

    private static String at(Right right, Access.Where where) {
        return right == Right.DESKTOP_USE ? right.wireName() : right.wireName() + " at " + where.wireName();
    }

    /** Every operation as every role: asks for things that don't exist, so that nothing but the right decides. */
    @Test
    void everyRoleGetsWhatItsRightsSayAndNothingElse() {
        try (Fixture f = new Fixture(0, 0)) {
            var address = f.listen();
            for (Role role : Role.values()) {
                f.user("a-" + role.wireName(), role);
            }
            for (Operation operation : operations()) {
                if (operation.path().equals("/api/v1/events")
                        || operation.path().endsWith("/logout")) {
                    continue; // a stream, and the end of the sign-in: have tests of their own
                }
                String path = operation
                        .path()
                        .replace("{poolId}", "nothing")
                        .replace("{machineName}", "nothing")
                        .replace("{imageName}", "nothing")
                        .replace("{userId}", "nobody")
                        .replace("{hostName}", "nothing")
                        .replace("{version}", "1")
                        .replaceAll("\\{[a-zA-Z]+Id\\}", "00000000-0000-4000-8000-000000000000");
                HttpResponse<String> anonymous = ask(new Http(address), operation, path);
                if (operation.path().endsWith("openapi.yaml")) {
                    assertThat(anonymous.statusCode()).isEqualTo(200);
                } else if (operation.right().equals("public")) {
                    assertThat(Http.reason(anonymous).equals("NOT_SIGNED_IN"))
                            .as("%s", operation)
                            .isFalse();
                } else {
                    assertThat(anonymous.statusCode()).as("%s", operation).isEqualTo(401);
                    assertThat(Http.reason(anonymous)).isEqualTo("NOT_SIGNED_IN");
                }
            }
            for (Role role : Role.values()) {
                Http http = new Http(address).signedIn("a-" + role.wireName(), Fixture.PASSWORD);
                Set<String> rights = role.rights().stream().map(Right::wireName).collect(Collectors.toSet());
                for (Operation operation : operations()) {
                    if (operation.path().equals("/api/v1/events")
                            || operation.path().endsWith("/logout")
                            || operation.path().endsWith("openapi.yaml")) {
                        continue;
                    }
                    String path = operation
                            .path()
                            .replace("{poolId}", "nothing")
                            .replace("{machineName}", "nothing")
                            .replace("{imageName}", "nothing")
                            .replace("{userId}", "nobody")
                            .replace("{hostName}", "nothing")
                            .replace("{version}", "1")
                            .replaceAll("\\{[a-zA-Z]+Id\\}", "00000000-0000-4000-8000-000000000000");
                    HttpResponse<String> response = ask(http, operation, path);
                    boolean allowed = operation.right().equals("public")
                            || operation.right().equals("self")
                            || rights.contains(operation.right());
                    String as = role + " " + operation + " " + response.body();
                    assertThat(response.statusCode()).as(as).isNotIn(500, 405);
                    if (allowed) {
                        assertThat(Http.reason(response)).as(as).isNotEqualTo("FORBIDDEN");
                    } else if (rights.contains(operation.ownerRight())) {
                        assertThat(Http.reason(response)).as(as).isEqualTo("NOT_FOUND");
                    } else {
                        assertThat(Http.reason(response)).as(as).isEqualTo("FORBIDDEN");
                        assertThat(response.statusCode()).isEqualTo(403);
                    }
                }
            }
        }
    }

    /** Promise 9: every role that holds in one pool, on every operation, with an object of that pool and of another. */
    @Test
    void aRoleInOnePoolReachesThatPoolAndNoOther() {
        try (Fixture f = new Fixture(1, 0)) {
            var address = f.listen();
            f.broker
                    .pools()
                    .create(
                            new Pools.NewPool(
                                    "other", null, null, "debian-desktop", null, 1, 0, 128, null, null, null, null),
                            "test",
                            "");
            org.awaitility.Awaitility.await().until(() -> f.machines().size() == 2);
            for (Role role : Role.values()) {
                String name = "s-" + role.wireName();
                f.user(name);
                f.broker
                        .roles()
                        .give(
                                new Roles.NewGrant(RoleGrant.Subject.USER, name, role, Scope.Kind.POOL, "demo"),
                                "test",
                                "");
                Http http = new Http(address).signedIn(name, Fixture.PASSWORD);
                Set<String> rights = role.rights().stream().map(Right::wireName).collect(Collectors.toSet());
                for (Operation operation : operations()) {
                    if (operation.scope().isEmpty()
                            || !Set.of("pool", "machine").contains(operation.scope())) {
                        if (rights.contains(operation.right())
                                && operation.scope().equals("everything")
                                && !operation.right().equals("desktop.use")) {
                            assertThat(Http.reason(ask(http, operation, filled(operation, "nothing"))))
                                    .as(role + " " + operation)
                                    .isEqualTo("FORBIDDEN");
                        }
                        continue;
                    }
                    String other = Http.reason(ask(http, operation, filled(operation, "other")));
                    boolean allowed = rights.contains(operation.right());
                    assertThat(other)
                            .as(role + " elsewhere " + operation)
                            .isEqualTo(allowed || !operation.ownerRight().isEmpty() ? "NOT_FOUND" : "FORBIDDEN");
                    if (allowed && !operation.method().equals("DELETE")) {
                        assertThat(Http.reason(ask(http, operation, filled(operation, "demo"))))
                                .as(role + " at home " + operation)
                                .isNotIn("FORBIDDEN", "NOT_SIGNED_IN", "INTERNAL");
                    }
                }
            }
        }
    }

    private static String filled(Operation operation, String pool) {
        return operation
                .path()
                .replace("{poolId}", pool)
                .replace("{machineName}", pool + "-1")
                .replace("{imageName}", "nothing")
                .replace("{userId}", "nobody")
                .replace("{hostName}", "nothing")
                .replace("{version}", "1")
                .replaceAll("\\{[a-zA-Z]+Id\\}", "00000000-0000-4000-8000-000000000000");
    }

    private static HttpResponse<String> ask(Http http, Operation operation, String path) {
        return http.call(operation.method(), path, operation.method().equals("GET") ? null : "{}");
    }
}
