package oriel.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import oriel.broker.access.Caller;
import oriel.broker.audit.AuditEntry;
import oriel.broker.image.Images;
import oriel.broker.image.VersionState;
import oriel.broker.machine.Lifecycle;
import oriel.broker.machine.Machine;
import oriel.broker.pool.Pools;
import oriel.broker.problem.Reason;
import oriel.broker.problem.RefusedException;
import oriel.broker.session.Connected;
import oriel.broker.session.Desktop;
import oriel.broker.session.Desktop.State;
import oriel.broker.session.EndReason;
import oriel.hypervisor.host.HostException;
import oriel.hypervisor.host.PowerState;

/** What goes wrong on hosts and in guests. */
class HostFaultsTest {
    @Test
    void aFailedStepIsTriedAgain() {
        AtomicInteger failures = new AtomicInteger(3);
        try (Fixture f = new Fixture(
                1,
                0,
                host -> host.script = call -> {
                    if (failures.getAndDecrement() > 0) {
                        throw new HostException(HostException.Reason.FAILED, "the disk is slow today");
                    }
                })) {
            Caller ann = f.newUser("ann");
            f.connectUntilReady(ann);
            assertThat(failures.get()).isNegative();
        }
    }

    @Test
    void whoGotABadMachineGetsAnotherOne() {
        try (Fixture f = new Fixture(2, 0)) {
            f.host.script = call -> {
                if (call.machine().equals("demo-1") && call.what().equals("start")) {
                    throw new HostException(HostException.Reason.FAILED, "this one never starts");
                }
            };
            Caller ann = f.newUser("ann");
            f.connect(ann);
            Connected.Ready ready = f.connectUntilReady(ann);
            assertThat(ready.session().machineName()).isEqualTo("demo-2");
            f.awaitSettled();
            Machine bad = f.machine("demo-1");
            assertThat(bad.sessionId()).isNull();
            assertThat(bad.tainted())
                    .as("it was refreshed before anybody else may have it")
                    .isFalse();
            assertThat(bad.generation()).isEqualTo(2);
        }
    }

    @Test
    void aBrokenImageIsSaidAndNotTriedForEver() {
        try (Fixture f = new Fixture(
                1,
                0,
                host -> host.script = call -> {
                    if (call.what().equals("create")) {
                        throw new HostException(HostException.Reason.IMAGE, "disk.raw is not a disk");
                    }
                })) {
            Caller ann = f.newUser("ann");
            try {
                f.connect(ann);
            } catch (RefusedException e) {
                assertThat(e.reason()).as("it has failed already").isEqualTo(Reason.NOT_READY);
            }
            Desktop failed = f.awaitState(ann, State.FAILED);
            assertThat(failed.problem().detail()).contains("disk.raw is not a disk");
            assertThat(f.host.calls)
                    .filteredOn(call -> call.what().equals("create"))
                    .hasSize(1);
            assertThatThrownBy(() -> f.connect(ann))
                    .isInstanceOfSatisfying(
                            RefusedException.class, e -> assertThat(e.reason()).isEqualTo(Reason.NOT_READY));

            f.host.script = call -> {};
            f.broker.sessions().restart(failed.sessionId(), ann);
            f.connectUntilReady(ann);
        }
    }

    @Test
    void manyErrorsRestrainAPoolUntilItIsEnabledAgain() {
        try (Fixture f = new Fixture(
                3,
                3,
                host -> host.script = call -> {
                    throw new HostException(HostException.Reason.FAILED, "no luck");
                })) {
            await().until(() -> f.pool().state() == Pools.PoolState.RESTRAINED);
            f.host.script = call -> {};
            f.broker
                    .pools()
                    .change(
                            "demo",
                            new Pools.PoolChange(null, null, null, null, null, null, null, null, null, true),
                            null,
                            "test",
                            "");
            assertThat(f.pool().state()).isEqualTo(Pools.PoolState.ACTIVE);
        }
    }

    @Test
    void aGuestThatIsShutDownByItsUserLogsOff() {
        try (Fixture f = new Fixture(1, 0)) {
            Caller ann = f.newUser("ann");
            Connected.Ready ready = f.connectUntilReady(ann);
            f.host.goOff("demo-1", null);
            f.awaitState(ann, State.NONE);
            assertThat(f.broker.sessions().get(ready.session().id()).endReason())
                    .isEqualTo(EndReason.LOGOFF);
            f.awaitSettled();
            assertThat(f.machine("demo-1").generation()).isEqualTo(2);
        }
    }

    @Test
    void aMachineThatCrashesStaysItsUsersWhoMayRestartIt() {
        try (Fixture f = new Fixture(1, 0)) {
            Caller ann = f.newUser("ann");
            Connected.Ready ready = f.connectUntilReady(ann);
            f.host.leaveTrace("demo-1", "draft");
            f.host.goOff("demo-1", "triple fault at 0x1000");
            Desktop failed = f.awaitState(ann, State.FAILED);
            assertThat(failed.problem().detail()).contains("triple fault");
            f.broker.sessions().restart(ready.session().id(), ann);
            Connected.Ready again = f.connectUntilReady(ann);
            assertThat(again.session().id()).isEqualTo(ready.session().id());
            assertThat(f.host.traces("demo-1")).containsExactly("draft");
        }
    }

    @Test
    void aSpareThatCrashesIsMadeAnew() {
        try (Fixture f = new Fixture(1, 1)) {
            f.awaitSettled();
            f.host.goOff("demo-1", "out of memory");
            await().until(() ->
                    f.machine("demo-1").generation() == 2 && f.machine("demo-1").ready());
        }
    }

    @Test
    void aGuestThatNeverComesUpIsGivenUp() {
        try (Fixture f = new Fixture(1, 1, host -> host.readyByHand = true)) {
            await().until(() -> f.machine("demo-1").power() == PowerState.ON);
            f.awaitSettled();
            f.clock.skip(Duration.ofMinutes(11));
            f.broker.controller().round();
            await().until(() -> f.machine("demo-1").generation() == 2);

            await().until(() -> f.machine("demo-1").power() == PowerState.ON);
            f.awaitSettled();
            Caller ann = f.newUser("ann");
            f.connect(ann);
            f.clock.skip(Duration.ofMinutes(11));
            f.broker.controller().round();
            assertThat(f.awaitState(ann, State.FAILED).problem().detail()).contains("did not appear");
        }
    }

    @Test
    void lostEventsAreMadeUpForByLooking() {
        try (Fixture f = new Fixture(1, 0, host -> {
            host.silent = true;
            host.readyByHand = true;
        })) {
            Caller ann = f.newUser("ann");
            f.connect(ann);
            f.awaitSettled();
            f.host.allReady();
            await().until(() -> {
                f.broker.controller().round();
                return f.desktop(ann).state() == State.READY;
            });
        }
    }

    @Test
    void aMachineWhoseFilesAreGoneIsMadeAnew() {
        try (Fixture f = new Fixture(1, 1)) {
            f.awaitSettled();
            f.host.lose("demo-1");
            f.broker.controller().round();
            await().until(() -> f.machine("demo-1").ready());
            assertThat(f.machine("demo-1").generation()).isEqualTo(2);

            Caller ann = f.newUser("ann");
            Connected.Ready ready = f.connectUntilReady(ann);
            f.host.lose("demo-1");
            f.broker.controller().round();
            assertThat(f.broker.sessions().get(ready.session().id()).endReason())
                    .isEqualTo(EndReason.MACHINE_LOST);
            f.awaitSettled();
            assertThat(f.machine("demo-1").tainted()).isFalse();
        }
    }

    @Test
    void whatBelongsToOthersIsNeverTouched() {
        try (Fixture f = new Fixture(2, 2, host -> {
            host.plant("stranger", "somebody-else");
            host.plant("demo-1", "somebody-else");
        })) {
            await().until(() -> f.machine("demo-2").ready());
            await().until(() -> f.machine("demo-1").lifecycle() == Lifecycle.ERROR);
            f.broker.controller().round();
            f.broker.controller().round();
            assertThat(f.host.has("stranger")).isTrue();
            assertThat(f.host.list())
                    .filteredOn(status -> status.name().equals("demo-1"))
                    .allSatisfy(status -> assertThat(status.owner()).isEqualTo("somebody-else"));
            assertThat(f.machine("demo-1").failure()).contains("belongs to");
        }
    }

    @Test
    void anOrphanOfOursIsDestroyed() {
        try (Fixture f = new Fixture(1, 1)) {
            f.awaitSettled();
            String owner = f.host.list().getFirst().owner();
            f.host.plant("demo-77", owner);
            f.broker.controller().round();
            assertThat(f.host.has("demo-77")).as("seen once is not enough").isTrue();
            f.broker.controller().round();
            assertThat(f.host.has("demo-77")).isFalse();
            assertThat(f.host.has("demo-1")).isTrue();
        }
    }

    @Test
    void aNewImageVersionReachesFreeMachinesButNoSession() throws Exception {
        try (Fixture f = new Fixture(3, 2)) {
            f.awaitSettled();
            Caller ann = f.newUser("ann");
            Connected.Ready ready = f.connectUntilReady(ann);
            f.awaitSettled();
            Path second = Files.createDirectories(f.directory.resolve("images/second"));
            for (String file : new String[] {"disk.qcow2", "vmlinuz", "initrd.img"}) {
                Files.writeString(second.resolve(file), file);
            }
            Files.writeString(second.resolve("image.properties"), "command_line=quiet\n");
            f.broker
                    .images()
                    .register(
                            new Images.Registration("debian-desktop", null, "second", "newer"), AuditEntry.SYSTEM, "");
            f.broker
                    .pools()
                    .change(
                            "demo",
                            new Pools.PoolChange(null, null, 2, null, null, null, null, null, null, null),
                            null,
                            "test",
                            "");
            await().until(() -> f.machines().stream()
                    .filter(m -> m.sessionId() == null && m.generation() > 0)
                    .allMatch(m -> m.imageVersion() == 2));
            Machine anns = f.machine(ready.session().machineName());
            assertThat(anns.imageVersion()).isEqualTo(1);
            assertThat(anns.lifecycle()).isEqualTo(Lifecycle.IN_SESSION);
            f.broker.sessions().logOff(ready.session().id(), ann);
            await().until(() -> f.machine(anns.name()).imageVersion() == 2);
        }
    }

    @Test
    void anImageBuiltAgainInTheSamePlaceIsAnotherVersionAndTheFirstStaysWhole() throws Exception {
        try (Fixture f = new Fixture(1, 1)) {
            f.awaitSettled();
            f.broker.bootstrapPool();
            assertThat(f.pool().imageVersion())
                    .as("the same files are the same version")
                    .isEqualTo(1);
            Files.writeString(f.directory.resolve("images/debian-desktop/disk.raw"), "built again");
            f.broker.bootstrapPool();
            assertThat(f.pool().imageVersion()).as("nobody has pushed it").isEqualTo(1);
            assertThat(f.broker.images().get("debian-desktop").versions())
                    .extracting(Images.VersionView::state)
                    .containsExactly(VersionState.READY, VersionState.READY);
            assertThat(f.directory.resolve("images/debian-desktop/versions/1/disk.raw"))
                    .as("what machines lie on")
                    .hasContent("disk.raw");
            assertThat(f.directory.resolve("images/debian-desktop/versions/2/disk.raw"))
                    .hasContent("built again");
        }
    }

    @Test
    void aDeletedPoolLeavesNothing() {
        try (Fixture f = new Fixture(2, 2)) {
            f.awaitSettled();
            f.broker.pools().delete("demo", "test", "");
            await().until(() -> !f.broker.pools().exists("demo"));
            assertThat(f.host.list()).isEmpty();
            assertThat(f.machines()).isEmpty();
        }
    }
}
