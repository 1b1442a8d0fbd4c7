package oriel.hypervisor.guest;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import oriel.hypervisor.device.chipset.FakeMachineClock;
import oriel.hypervisor.device.virtio.GuestPortUser;
import oriel.hypervisor.guest.GuestAgentException.Reason;
import oriel.hypervisor.json.JsonValue;

class QemuGuestAgentTest {
    private static final Duration SECOND = Duration.ofSeconds(1);

    private final FakeMachineClock clock = new FakeMachineClock();
    private final QemuGuestAgent agent = new QemuGuestAgent(Runnable::run, clock, new Random(7));
    private final List<Boolean> changes = new ArrayList<>();
    private final GuestPortUser guest = new GuestPortUser(agent.port());

    @AfterEach
    void close() {
        guest.close();
    }

    private List<JsonValue.ObjectValue> commands() {
        return new String(guest.read(), ISO_8859_1)
                .replace("\u00FF", "")
                .lines()
                .map(line -> JsonValue.parse(line).asObject())
                .toList();
    }

    private static String name(JsonValue.ObjectValue command) {
        return command.members().get("execute").asString();
    }

    private void answer(String json) {
        guest.write((json + "\n").getBytes(UTF_8));
    }

    private void synchronise(JsonValue.ObjectValue command) {
        assertThat(name(command)).isEqualTo("guest-sync-delimited");
        long id = command.members()
                .get("arguments")
                .asObject()
                .members()
                .get("id")
                .asLong();
        guest.write(("\u00FF{\"return\": " + id + "}\n").getBytes(ISO_8859_1));
    }

    private void start() {
        agent.addListener(changes::add);
        guest.open(true);
        synchronise(commands().getFirst());
        assertThat(agent.ready()).isTrue();
    }

    private static Reason failure(Future<?> future) {
        assertThat(future.isDone()).isTrue();
        try {
            future.get();
            throw new AssertionError("it worked");
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        } catch (ExecutionException e) {
            assertThat(e.getCause()).isInstanceOf(GuestAgentException.class);
            return ((GuestAgentException) e.getCause()).reason();
        }
    }

    @Test
    void withoutAnAgentEveryRequestFailsAtOnce() {
        assertThat(failure(agent.ping(SECOND))).isEqualTo(Reason.ABSENT);
        assertThat(agent.ready()).isFalse();
    }

    @Test
    void isReadyWhenTheGuestHasRepeatedTheNumber() {
        agent.addListener(changes::add);
        guest.open(true);
        JsonValue.ObjectValue sync = commands().getFirst();
        answer("{\"return\": 5}");
        answer("half of an old ans");
        assertThat(agent.ready()).isFalse();
        synchronise(sync);
        assertThat(changes).containsExactly(true);
        guest.open(false);
        assertThat(changes).containsExactly(true, false);
    }

    @Test
    void requestsGoOneAtATime() {
        start();
        CompletableFuture<Void> ping = agent.ping(SECOND);
        CompletableFuture<Integer> freeze = agent.freezeFileSystems(SECOND);
        assertThat(commands()).extracting(QemuGuestAgentTest::name).containsExactly("guest-ping");
        answer("{\"return\": {}}");
        assertThat(ping).isCompleted();
        assertThat(commands()).extracting(QemuGuestAgentTest::name).containsExactly("guest-fsfreeze-freeze");
        answer("{\"return\": 2}");
        assertThat(freeze).isCompletedWithValue(2);
    }

    @Test
    void anAnswerThatComesTooLateIsNobodysElse() {
        start();
        CompletableFuture<Integer> thaw = agent.thawFileSystems(SECOND);
        commands();
        clock.advance(SECOND.toNanos());
        assertThat(failure(thaw)).isEqualTo(Reason.TIMEOUT);
        JsonValue.ObjectValue sync = commands().getFirst();
        CompletableFuture<Void> ping = agent.ping(SECOND);
        answer("{\"return\": 1}");
        assertThat(ping).isNotDone();
        synchronise(sync);
        assertThat(commands()).extracting(QemuGuestAgentTest::name).containsExactly("guest-ping");
        answer("{\"return\": {}}");
        assertThat(ping).isCompleted();
        assertThat(changes).containsExactly(true, false, true);
        assertThat(clock.idle()).isTrue();
    }

    @Test
    void refusalsSayWhy() {
        start();
        CompletableFuture<Void> set = agent.setTime(Instant.ofEpochSecond(3), SECOND);
        assertThat(commands().getFirst())
                .hasToString("{\"execute\":\"guest-set-time\",\"arguments\":{\"time\":3000000000}}");
        answer("{\"error\": {\"class\": \"GenericError\", \"desc\": \"hwclock failed\"}}");
        assertThat(failure(set)).isEqualTo(Reason.REFUSED);
        assertThat(set.exceptionNow()).hasMessageContaining("hwclock failed");
    }

    @Test
    void runsAProgramToItsEnd() {
        start();
        CompletableFuture<GuestCommandResult> run =
                agent.execute(GuestCommand.of("/bin/sh", "-c", "exit 3"), Duration.ofSeconds(10));
        assertThat(commands().getFirst())
                .hasToString(
                        "{\"execute\":\"guest-exec\",\"arguments\":{\"path\":\"/bin/sh\",\"arg\":[\"-c\",\"exit 3\"],"
                                + "\"capture-output\":true}}");
        answer("{\"return\": {\"pid\": 812}}");
        clock.advance(Duration.ofMillis(20).toNanos());
        assertThat(commands().getFirst())
                .hasToString("{\"execute\":\"guest-exec-status\",\"arguments\":{\"pid\":812}}");
        answer("{\"return\": {\"exited\": false}}");
        assertThat(run).isNotDone();
        clock.advance(Duration.ofMillis(40).toNanos());
        commands();
        answer("{\"return\": {\"exited\": true, \"exitcode\": 3, \"out-data\": \"aGk=\", \"err-truncated\": true}}");
        assertThat(run).isCompletedWithValue(new GuestCommandResult(3, "hi", "", true));
    }

    @Test
    void givesUpAProgramThatRunsOn() {
        start();
        CompletableFuture<GuestCommandResult> run = agent.execute(GuestCommand.of("/bin/sleep", "9"), SECOND);
        commands();
        answer("{\"return\": {\"pid\": 1}}");
        for (int i = 0; i < 20 && !run.isDone(); i++) {
            clock.advance(Duration.ofMillis(500).toNanos());
            if (!commands().isEmpty()) {
                answer("{\"return\": {\"exited\": false}}");
            }
        }
        assertThat(failure(run)).isEqualTo(Reason.TIMEOUT);
        assertThat(clock.idle()).isTrue();
    }

    @Test
    void readsInterfaces() {
        start();
        CompletableFuture<List<GuestInterface>> interfaces = agent.networkInterfaces(SECOND);
        commands();
        answer(
                "{\"return\": [{\"name\": \"eth0\", \"hardware-address\": \"52:54:00:00:00:01\", \"ip-addresses\": "
                        + "[{\"ip-address-type\": \"ipv4\", \"ip-address\": \"10.0.0.7\", \"prefix\": 24}]}, {\"name\": \"lo\"}]}");
        assertThat(interfaces)
                .isCompletedWithValue(List.of(
                        new GuestInterface("eth0", "52:54:00:00:00:01", List.of("10.0.0.7/24")),
                        new GuestInterface("lo", "", List.of())));
    }

    @Test
    void nonsenseIsTheGuestsFault() {
        start();
        CompletableFuture<List<GuestInterface>> interfaces = agent.networkInterfaces(SECOND);
        answer("{\"return\": [7]}");
        assertThat(failure(interfaces)).isEqualTo(Reason.NONSENSE);
        CompletableFuture<Void> ping = agent.ping(SECOND);
        answer("no JSON");
        assertThat(failure(ping)).isEqualTo(Reason.NONSENSE);
        CompletableFuture<GuestCommandResult> run = agent.execute(GuestCommand.of("/x"), SECOND);
        answer("{\"return\": {\"pid\": 1}}");
        clock.advance(Duration.ofMillis(20).toNanos());
        answer("{\"return\": {\"exited\": true, \"out-data\": \"!\"}}");
        assertThat(failure(run)).isEqualTo(Reason.NONSENSE);
    }

    @Test
    void tooManyRequestsAreRefused() {
        start();
        List<CompletableFuture<Void>> pings = new ArrayList<>();
        for (int i = 0; i < 66; i++) {
            pings.add(agent.ping(SECOND));
        }
        assertThat(failure(pings.getLast())).isEqualTo(Reason.BUSY);
        assertThat(pings.get(64)).isNotDone();
    }

    @Test
    void shutdownHasNoAnswer() {
        start();
        assertThat(agent.shutdown(GuestAgent.Shutdown.POWER_OFF, SECOND)).isCompleted();
        assertThat(commands())
                .extracting(QemuGuestAgentTest::name)
                .containsExactly("guest-shutdown", "guest-sync-delimited");
    }

    @Test
    void theEndOfTheMachineFailsWhatWaits() {
        start();
        CompletableFuture<Void> ping = agent.ping(SECOND);
        CompletableFuture<Void> second = agent.ping(SECOND);
        CompletableFuture<GuestCommandResult> run = agent.execute(GuestCommand.of("/x"), SECOND);
        agent.close();
        assertThat(List.of(ping, second, run))
                .extracting(QemuGuestAgentTest::failure)
                .containsOnly(Reason.ABSENT);
        assertThat(failure(agent.ping(SECOND))).isEqualTo(Reason.ABSENT);
    }

    @Test
    void afterALoadBothSidesFindEachOtherAgain() {
        start();
        CompletableFuture<Void> lost = agent.ping(SECOND);
        commands();
        guest.saveAndLoad();
        assertThat(failure(lost)).isEqualTo(Reason.ABSENT);
        answer("{\"return\": {}}");
        assertThat(agent.ready()).isFalse();
        synchronise(commands().getFirst());
        assertThat(agent.ready()).isTrue();
    }

    @Test
    void aGuestThatSendsGarbageWithoutEndCostsLittle() {
        start();
        Random random = new Random(3);
        CompletableFuture<Void> ping = agent.ping(SECOND);
        for (int i = 0; i < 200; i++) {
            byte[] garbage = new byte[60_000];
            random.nextBytes(garbage);
            guest.write(garbage);
        }
        for (int i = 0; i < 200; i++) {
            guest.write("x".repeat(60_000).getBytes(UTF_8)); // one line of 12 MB
        }
        clock.advance(SECOND.toNanos());
        assertThat(failure(ping)).isIn(Reason.TIMEOUT, Reason.NONSENSE);
        guest.open(false);
        guest.open(true);
        guest.read();
        assertThat(agent.ready()).isFalse();
    }
}
