package oriel.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import oriel.broker.audit.AuditRecord;
import oriel.broker.display.Tickets;
import oriel.broker.pool.PoolPolicy;
import oriel.broker.pool.Pools;
import oriel.broker.session.Desktop;
import tools.jackson.databind.JsonNode;

/** Desktops in native VNC viewers: who may, by which password, and until when. */
class NativeViewerTest {
    private Fixture f;
    private InetSocketAddress address;
    private Http ann;
    private String session;

    @BeforeEach
    void start() {
        f = new Fixture(2, 1);
        serve(new BrokerConfig.NativeViewerPort(InetSocketAddress.createUnresolved("127.0.0.1", 0), null));
        allow(PoolPolicy.NativeViewers.ON);
        f.user("ann");
        address = f.listen();
        ann = new Http(address).signedIn("ann", Fixture.PASSWORD);
        session = connected(ann);
    }

    @AfterEach
    void stop() {
        f.close();
    }

    private void serve(BrokerConfig.NativeViewerPort port) {
        f.config = f.config.servingNativeViewers(port);
        f.killAndRestart();
        f.awaitSettled();
    }

    private void allow(PoolPolicy.NativeViewers viewers) {
        change(PoolPolicy.changes().nativeViewers(viewers).build());
    }

    private void change(PoolPolicy policy) {
        f.broker
                .pools()
                .change(
                        "demo",
                        new Pools.PoolChange(null, null, null, null, null, null, null, null, null, null, policy),
                        null,
                        "test",
                        "");
    }

    private static String connected(Http user) {
        return await().until(
                        () -> Http.json(user.post("/api/v1/desktops/demo/connect", null)),
                        json -> json.path("state").asString().equals("READY"))
                .path("sessionId")
                .asString();
    }

    private JsonNode access(Map<String, String> wish) {
        return Http.json(ann.post("/api/v1/sessions/" + session + "/native-viewer", wish));
    }

    private JsonNode access() {
        return access(Map.of());
    }

    private List<String> audited(AuditRecord.Outcome outcome) {
        return f.broker
                .store()
                .call(tx -> tx.list(
                        String.class,
                        "select concat(actor, ' ', action, ' ', target, ': ', detail) from AuditRecord where outcome = ?1",
                        outcome));
    }

    @Test
    void aUserWorksInAViewerAndTheBrowsersDisplayIsTakenOver() throws Exception {
        DisplayClient browser =
                new DisplayClient(ann, Http.json(ann.post("/api/v1/sessions/" + session + "/ticket", null)));
        f.awaitState(f.signIn("ann"), Desktop.State.CONNECTED);
        JsonNode access = access();
        assertThat(access.path("username").asString()).isEqualTo("ann");
        assertThat(access.path("host").asString()).isEqualTo("127.0.0.1");
        assertThat(access.path("fingerprint").asString()).matches("([0-9A-F]{2}:){31}[0-9A-F]{2}");
        assertThat(access.path("connectionFile").asString())
                .startsWith("TigerVNC Configuration file Version 1.0\n")
                .contains("ServerName=127.0.0.1::" + access.path("port").asInt() + "\n");
        try (VncClient viewer = VncClient.open(access)) {
            assertThat(viewer.refusal()).isEmpty();
            assertThat(viewer.begin()).isEqualTo("Debian desktop");
            assertThat(browser.closedWith()).as("opened elsewhere").isEqualTo(4003);
            viewer.press('x');
            await().until(() -> f.host.keys.size() == 1);
            assertThat(f.desktop(f.signIn("ann")).state()).isEqualTo(Desktop.State.CONNECTED);
        }
        f.awaitState(f.signIn("ann"), Desktop.State.DISCONNECTED);
        assertThat(audited(AuditRecord.Outcome.OK))
                .anyMatch(line -> line.startsWith("ann session.connect ") && line.endsWith(", in a VNC viewer"))
                .anyMatch(line ->
                        line.startsWith("ann session.ticket ") && line.endsWith("for a VNC viewer, to control"));
    }

    @Test
    void aViewerThatMayOnlySeeTouchesNothing() throws Exception {
        try (VncClient seeing = VncClient.open(access(Map.of("right", "view")))) {
            seeing.begin();
            seeing.press('x');
            f.awaitState(f.signIn("ann"), Desktop.State.CONNECTED);
            try (VncClient controlling = VncClient.open(access())) {
                controlling.begin();
                seeing.awaitEnd();
                controlling.press('y');
                await().until(() -> !f.host.keys.isEmpty());
                assertThat(f.host.keys)
                        .as("only the key of who may control arrives")
                        .hasSize(1);
            }
        }
    }

    @Test
    void aPasswordIsGoodOnceForAMinuteUnderItsUsersNameAndAtThisDoorOnly() throws Exception {
        JsonNode used = access();
        try (VncClient viewer = VncClient.open(used)) {
            viewer.begin();
        }
        assertRefused(used, "ann", used.path("password").asString(), "was used");
        JsonNode late = access();
        f.clock.skip(Tickets.LIFE.plusSeconds(1));
        assertRefused(late, "ann", late.path("password").asString(), "expired");
        JsonNode fresh = access();
        String password = fresh.path("password").asString();
        assertRefused(fresh, "bob", password, "user name");
        assertRefused(fresh, "", password, "user name");
        assertThat(f.broker.tickets().redeem(password))
                .as("it opens no browser's display")
                .isEmpty();
        String ticket = Http.json(ann.post("/api/v1/sessions/" + session + "/ticket", null))
                .path("ticket")
                .asString();
        assertThat(f.broker.tickets().redeemForNativeViewer("ann", ticket))
                .as("nor the other way round")
                .isEmpty();
        try (VncClient viewer = new VncClient(fresh, " Ann ", password)) {
            assertThat(viewer.refusal()).as("mistakes before don't use it up").isEmpty();
        }
        assertThat(audited(AuditRecord.Outcome.REFUSED))
                .anyMatch(line -> line.startsWith("bob session.connect : in a VNC viewer: "));
    }

    private static void assertRefused(JsonNode access, String user, String password, String why) throws Exception {
        try (VncClient viewer = new VncClient(access, user, password)) {
            assertThat(viewer.refusal()).contains(why);
        }
    }

    @Test
    void whoTriesPasswordsWaitsLongerAndLonger() throws Exception {
        JsonNode access = access();
        for (int i = 0; i < 5; i++) {
            assertRefused(access, "ann", "wrong", "wrong");
        }
        assertRefused(access, "ann", access.path("password").asString(), "Try again in 15 seconds");
        f.clock.skip(Duration.ofSeconds(16));
        assertRefused(access, "ann", "wrong", "wrong");
        assertRefused(access, "ann", access.path("password").asString(), "Try again in 30 seconds");
        assertThat(audited(AuditRecord.Outcome.REFUSED))
                .as("who is locked out fills no trail")
                .hasSize(6);
        f.clock.skip(Duration.ofSeconds(31));
        try (VncClient viewer = VncClient.open(access())) {
            assertThat(viewer.refusal()).isEmpty();
        }
        assertRefused(access, "ann", "wrong", "wrong");
    }

    @Test
    void theViewerGoesWithThePoolsPolicyTheSessionAndTheSignIn() throws Exception {
        JsonNode spare = access();
        try (VncClient viewer = VncClient.open(access())) {
            viewer.begin();
            f.awaitState(f.signIn("ann"), Desktop.State.CONNECTED);
            allow(PoolPolicy.NativeViewers.OFF);
            viewer.awaitEnd();
        }
        assertRefused(spare, "ann", spare.path("password").asString(), "not shown in VNC viewers");
        assertThat(Http.reason(ann.post("/api/v1/sessions/" + session + "/native-viewer", Map.of())))
                .isEqualTo("FORBIDDEN");
        assertThat(f.desktop(f.signIn("ann")).nativeViewers()).isFalse();

        allow(PoolPolicy.NativeViewers.ON);
        assertThat(f.desktop(f.signIn("ann")).nativeViewers()).isTrue();
        try (VncClient viewer = VncClient.open(access())) {
            viewer.begin();
            f.awaitState(f.signIn("ann"), Desktop.State.CONNECTED);
            ann.post("/api/v1/sessions/" + session + "/logoff", null);
            viewer.awaitEnd();
        }
        f.awaitSettled();
        session = connected(ann);
        try (VncClient viewer = VncClient.open(access())) {
            viewer.begin();
            f.awaitState(f.signIn("ann"), Desktop.State.CONNECTED);
            ann.post("/api/v1/logout", null);
            viewer.awaitEnd();
        }
    }

    @Test
    void aRecordedSessionIsRecordedThereAndSaysSo() throws Exception {
        change(PoolPolicy.changes().recording(PoolPolicy.Recording.ALL).build());
        try (VncClient viewer = VncClient.open(access())) {
            assertThat(viewer.begin()).isEqualTo("Debian desktop (recorded)");
            assertThat(audited(AuditRecord.Outcome.OK)).anyMatch(line -> line.contains("recording.start"));
        }
    }

    @Test
    void theViewersSwitchDoesWhatThePortalsMenuDoes() throws Exception {
        try (VncClient viewer = VncClient.open(access())) {
            viewer.begin();
            viewer.awaitSwitch();
            f.awaitState(f.signIn("ann"), Desktop.State.CONNECTED);
            viewer.useSwitch(3);
            await().untilAsserted(() -> assertThat(audited(AuditRecord.Outcome.OK))
                    .anyMatch(line -> line.startsWith("ann session.restart ")));
            f.awaitSettled();
        }
        session = connected(ann);
        try (VncClient viewer = VncClient.open(access())) {
            viewer.begin();
            viewer.awaitSwitch();
            f.awaitState(f.signIn("ann"), Desktop.State.CONNECTED);
            viewer.useSwitch(2);
            viewer.awaitEnd();
        }
        assertThat(audited(AuditRecord.Outcome.OK)).anyMatch(line -> line.startsWith("ann session.logoff "));
    }

    @Test
    void nobodyElseGetsThePassword() {
        f.user("bob");
        Http bob = new Http(address).signedIn("bob", Fixture.PASSWORD);
        assertThat(Http.reason(bob.post("/api/v1/sessions/" + session + "/native-viewer", Map.of())))
                .isEqualTo("NOT_FOUND");
    }

    @Test
    void withoutAPortThereIsNothingToOffer() throws IOException {
        f.config = f.config.servingNativeViewers(null);
        f.killAndRestart();
        Http again = new Http(f.listen()).signedIn("ann", Fixture.PASSWORD);
        assertThat(f.broker.nativeViewers()).isEmpty();
        assertThat(f.desktop(f.signIn("ann")).nativeViewers()).isFalse();
        assertThat(Http.reason(again.post("/api/v1/sessions/" + session + "/native-viewer", Map.of())))
                .isEqualTo("FORBIDDEN");
    }
}
