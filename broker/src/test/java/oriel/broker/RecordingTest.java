package oriel.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.function.BiConsumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import oriel.broker.access.Caller;
import oriel.broker.access.Reach;
import oriel.broker.access.Role;
import oriel.broker.display.Tickets;
import oriel.broker.pool.PoolPolicy;
import oriel.broker.pool.Pools;
import oriel.broker.recording.RecordingView;
import oriel.broker.recording.Recordings;
import oriel.broker.recording.Retention;
import oriel.broker.session.Connected;
import oriel.displayd.recording.RecordingEnd;
import oriel.displayd.recording.RecordingSettings;

/** Sessions that a pool's policy has recorded: begun, ended, kept, shown and deleted. */
class RecordingTest {
    /** A recorder that writes some bytes at once, and ends when it is told to. */
    private static final class Recorder implements Recordings.Starter {
        BiConsumer<RecordingEnd, String> onEnd = (why, detail) -> {};
        int begun;

        @Override
        public AutoCloseable start(RecordingSettings settings, BiConsumer<RecordingEnd, String> told)
                throws IOException {
            Files.write(settings.file(), new byte[1000]);
            begun++;
            onEnd = told;
            return () -> told.accept(RecordingEnd.CLOSED, "");
        }
    }

    private static void recordAll(Fixture f) {
        PoolPolicy policy =
                PoolPolicy.changes().recording(PoolPolicy.Recording.ALL).build();
        f.broker
                .pools()
                .change(
                        "demo",
                        new Pools.PoolChange(null, null, null, null, null, null, null, null, null, null, policy),
                        null,
                        "test",
                        "");
    }

    private static Tickets.Redeemed shown(Fixture f, Caller user) {
        Connected.Ready ready = f.connectUntilReady(user);
        return f.broker.tickets().redeem(ready.ticket().ticket()).orElseThrow();
    }

    private static List<RecordingView> all(Fixture f) {
        return f.broker
                .recordings()
                .list(
                        f.clock.instant().plus(Duration.ofDays(1)),
                        new UUID(0, 0),
                        100,
                        new Recordings.Filter(null, "", "", Reach.EVERYTHING));
    }

    private static List<String> audited(Fixture f) {
        return f.broker.store().call(tx -> tx.list(String.class, "select action from AuditRecord"));
    }

    private static List<Path> files(Fixture f) throws IOException {
        Path folder = f.directory.resolve("recordings");
        if (!Files.isDirectory(folder)) {
            return List.of();
        }
        try (Stream<Path> files = Files.list(folder)) {
            return files.toList();
        }
    }

    @Test
    void nothingIsRecordedUnlessThePolicySaysSo() throws IOException {
        try (Fixture f = new Fixture(1, 1)) {
            Caller ann = f.newUser("ann");
            Recorder recorder = new Recorder();
            assertThat(f.desktop(ann).recorded()).isFalse();
            assertThat(f.broker.recordings().begin(shown(f, ann), new Object(), recorder))
                    .isTrue();
            assertThat(recorder.begun).isZero();
            assertThat(files(f)).isEmpty();
        }
    }

    @Test
    void aSessionIsOneRecordingHoweverOftenItIsOpened() {
        try (Fixture f = new Fixture(1, 1)) {
            recordAll(f);
            Caller ann = f.newUser("ann");
            assertThat(f.desktop(ann).recorded()).as("told before connecting").isTrue();
            Recorder recorder = new Recorder();
            Object display = new Object();
            Tickets.Redeemed grant = shown(f, ann);
            assertThat(f.broker.recordings().begin(grant, display, recorder)).isTrue();
            assertThat(f.broker.recordings().begin(shown(f, ann), display, recorder))
                    .isTrue();
            assertThat(recorder.begun).isEqualTo(1);
            assertThat(all(f)).singleElement().satisfies(recording -> {
                assertThat(recording.username()).isEqualTo("ann");
                assertThat(recording.ended()).isNull();
            });
            f.broker.sessions().logOff(grant.sessionId(), ann);
            await().until(() -> all(f).getFirst().ended() != null);
            assertThat(all(f).getFirst().bytes()).isEqualTo(1000);
            assertThat(all(f).getFirst().endReason()).isEqualTo("CLOSED");
        }
    }

    @Test
    void anotherRunOfTheMachineAndAFullFileAreAnotherPart() {
        try (Fixture f = new Fixture(1, 1)) {
            recordAll(f);
            Caller ann = f.newUser("ann");
            Recorder recorder = new Recorder();
            Tickets.Redeemed grant = shown(f, ann);
            f.broker.recordings().begin(grant, new Object(), recorder);
            BiConsumer<RecordingEnd, String> first = recorder.onEnd;
            // The new display may be opened before anybody has heard that the old one is gone.
            f.broker.recordings().begin(grant, new Object(), recorder);
            first.accept(RecordingEnd.MACHINE_STOPPED, "");
            await().until(() -> all(f).stream()
                            .filter(recording -> recording.ended() != null)
                            .count()
                    == 1);
            assertThat(all(f)).hasSize(2);
            recorder.onEnd.accept(RecordingEnd.TOO_LONG, "");
            await().until(() -> all(f).size() == 3);
        }
    }

    @Test
    void whatCannotBeRecordedIsNotShown() {
        try (Fixture f = new Fixture(1, 1)) {
            recordAll(f);
            Tickets.Redeemed grant = shown(f, f.newUser("ann"));
            assertThat(f.broker.recordings().begin(grant, new Object(), (settings, onEnd) -> {
                        throw new IOException("no space");
                    }))
                    .isFalse();
            assertThat(all(f)).isEmpty();
            assertThat(audited(f)).contains("recording.fail");
        }
    }

    @Test
    void whatADeadBrokerLeftIsEndedAndCanBeSeen() {
        try (Fixture f = new Fixture(1, 1)) {
            recordAll(f);
            f.broker.recordings().begin(shown(f, f.newUser("ann")), new Object(), new Recorder());
            f.killAndRestart();
            assertThat(all(f).getFirst().endReason()).isEqualTo("INTERRUPTED");
            assertThat(all(f).getFirst().bytes()).isEqualTo(1000);
        }
    }

    @Test
    void theOldAndTheTooManyGo() throws Exception {
        try (Fixture f = new Fixture(1, 1)) {
            f.config = f.config.keepingRecordings(
                    new Retention(f.directory.resolve("recordings"), Duration.ofDays(2), 2500));
            f.killAndRestart();
            recordAll(f);
            Tickets.Redeemed grant = shown(f, f.newUser("ann"));
            for (int part = 0; part < 3; part++) {
                Recorder recorder = new Recorder();
                f.broker.recordings().begin(grant, new Object(), recorder);
                recorder.onEnd.accept(RecordingEnd.MACHINE_STOPPED, "");
                f.clock.skip(Duration.ofSeconds(1));
            }
            await().until(() -> all(f).size() == 3 && all(f).stream().allMatch(part -> part.ended() != null));
            f.broker.recordings().sweep();
            assertThat(all(f)).as("2500 bytes hold two").hasSize(2);
            assertThat(files(f)).hasSize(2);
            f.clock.skip(Duration.ofDays(3));
            f.broker.recordings().sweep();
            assertThat(all(f)).isEmpty();
            assertThat(files(f)).isEmpty();
        }
    }

    @Test
    void anAuditorPlaysItAnAdministratorDeletesItAndBothAreOnRecord() throws Exception {
        try (Fixture f = new Fixture(1, 1)) {
            recordAll(f);
            Caller ann = f.newUser("ann");
            Recorder recorder = new Recorder();
            f.broker.recordings().begin(shown(f, ann), new Object(), recorder);
            String path = "/api/v1/recordings/" + all(f).getFirst().id();
            f.user("eve", Role.AUDITOR);
            f.user("root", Role.ADMIN);
            var address = f.listen();
            Http eve = new Http(address).signedIn("eve", Fixture.PASSWORD);
            assertThat(Http.reason(eve.get(path + "/content"))).isEqualTo("NOT_READY");
            recorder.onEnd.accept(RecordingEnd.CLOSED, "");
            await().until(() -> all(f).getFirst().ended() != null);
            assertThat(eve.get(path + "/content").body()).hasSize(1000);
            assertThat(eve.get(path + "/content?offset=900&length=500").body()).hasSize(100);
            assertThat(Http.json(eve.get("/api/v1/recordings?user=ann"))
                            .path("items")
                            .size())
                    .isEqualTo(1);
            assertThat(Http.reason(eve.call("DELETE", path, null))).isEqualTo("FORBIDDEN");
            Http user = new Http(address).signedIn("ann", Fixture.PASSWORD);
            assertThat(Http.reason(user.get(path))).isEqualTo("FORBIDDEN");
            Http root = new Http(address).signedIn("root", Fixture.PASSWORD);
            assertThat(root.call("DELETE", path, null).statusCode()).isEqualTo(204);
            assertThat(files(f)).isEmpty();
            assertThat(audited(f)).contains("recording.start", "recording.delete");
            assertThat(audited(f).stream().filter("recording.play"::equals)).hasSize(1);
        }
    }

    /** Through the display daemon, as a browser would: what is in the file is a recording that can be read. */
    @Test
    void aRealDisplayIsRecordedIntoAFileThatCanBePlayed() throws Exception {
        try (Fixture f = new Fixture(1, 1)) {
            recordAll(f);
            f.user("ann");
            var address = f.listen();
            Http ann = new Http(address).signedIn("ann", Fixture.PASSWORD);
            var ready = await().until(
                            () -> Http.json(ann.post("/api/v1/desktops/demo/connect", null)),
                            json -> json.path("state").asString().equals("READY"));
            DisplayClient display = new DisplayClient(ann, ready);
            await().until(() -> all(f).size() == 1);
            ann.post("/api/v1/sessions/" + ready.path("sessionId").asString() + "/logoff", null);
            display.closedWith();
            await().until(() -> all(f).getFirst().ended() != null);
            byte[] beginning = Files.readAllBytes(files(f).getFirst());
            assertThat(new String(beginning, 0, 8, java.nio.charset.StandardCharsets.US_ASCII))
                    .isEqualTo("OrielRec");
        }
    }
}
