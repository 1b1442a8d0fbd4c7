package oriel.hypervisor.machine;

import java.util.Optional;
import java.util.concurrent.Executor;
import oriel.hypervisor.device.virtio.VirtioBalloon;
import oriel.hypervisor.device.virtio.VirtioBalloon.Statistic;

/**
 * The balloon of a machine, from any thread.
 *
 * @param device confined to the machine's thread
 * @param machine runs tasks there; drops them when the machine is over
 */
record PostedBalloon(VirtioBalloon device, Executor machine) implements MemoryBalloon {
    @Override
    public void target(long bytes) {
        machine.execute(() -> device.target(bytes));
    }

    @Override
    public long ballooned() {
        return device.ballooned();
    }

    @Override
    public Optional<Usage> usage() {
        machine.execute(device::refreshStatistics);
        if (device.statistic(Statistic.TOTAL) <= 0) {
            return Optional.empty();
        }
        return Optional.of(new Usage(
                device.statistic(Statistic.TOTAL),
                device.statistic(Statistic.FREE),
                device.statistic(Statistic.AVAILABLE),
                device.statistic(Statistic.MAJOR_FAULTS)));
    }
}
