package oriel.hypervisor.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import oriel.hypervisor.display.DisplaySize;
import oriel.hypervisor.host.HostCapacity.Promise;
import oriel.hypervisor.host.HostException.Reason;
import oriel.hypervisor.schedule.CpuPolicy;

class HostCapacityTest {
    private final HostCapacity capacity = new HostCapacity(8, 2, 1000);

    private void assertRefused(Promise needs, Promise given, String... says) {
        assertThatThrownBy(() -> capacity.admit("host", "vm", needs, given))
                .isInstanceOfSatisfying(
                        HostException.class, e -> assertThat(e.reason()).isEqualTo(Reason.CAPACITY))
                .hasMessageContainingAll(says);
    }

    @Test
    void refusesWhatItHasNotAndSaysWhatToDo() {
        Promise given = new Promise(6, 100, 900);
        assertThatCode(() -> capacity.admit("host", "vm", new Promise(2, 80, 100), given))
                .doesNotThrowAnyException();
        assertRefused(new Promise(1, 0, 101), given, "900 of 1000 MiB", "host.memory-overcommit-percent");
        assertRefused(new Promise(3, 0, 1), given, "6 of 8 virtual CPUs", "host.vcpus-per-core");
        assertRefused(new Promise(1, 81, 1), given, "100 of 180 %", "reserve less");
        assertThat(capacity.missingMib(new Promise(1, 0, 150), given)).isEqualTo(50);
    }

    @Test
    void aForkCountsForLessAndAReservationIsNeverLent() {
        RunSpec normal = run(ResourcePolicy.NORMAL);
        assertThat(MachineRun.promise(normal, false, 0).memoryMib()).isEqualTo(512);
        assertThat(MachineRun.promise(normal, true, 0).memoryMib()).isEqualTo(128);
        assertThat(MachineRun.promise(normal, false, 200).memoryMib()).isEqualTo(312);
        RunSpec reserved = run(new ResourcePolicy(new CpuPolicy(1000, OptionalInt.empty(), 25), 400));
        assertThat(MachineRun.promise(reserved, true, 0)).isEqualTo(new Promise(2, 25, 400));
        assertThat(MachineRun.promise(reserved, false, 200).memoryMib()).isEqualTo(400);
    }

    private static RunSpec run(ResourcePolicy resources) {
        return new RunSpec(
                512,
                2,
                new BootSpec(Path.of("kernel"), Path.of("initrd"), ""),
                new DisplaySize(640, 480),
                Optional.empty(),
                resources);
    }
}
