package oriel.hypervisor.machine;

import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import oriel.hypervisor.bus.StateException;
import oriel.hypervisor.cpu.kvm.HostLimits;
import oriel.hypervisor.cpu.kvm.KvmHost;
import oriel.hypervisor.firmware.FirmwareException;

/** Which back end runs a machine's processors. Stateless. */
final class AcceleratorChoice {
    private static final Logger LOG = LoggerFactory.getLogger(AcceleratorChoice.class);

    private AcceleratorChoice() {}

    /**
     * Makes {@link Accelerator#AUTO} one of the others, and checks that it is possible.
     *
     * @param saved what the machine goes on from, or null
     * @throws FirmwareException if the back end that was asked for can't be had
     * @throws StateException if what was saved can't go on with it
     */
    static Accelerator choose(MachineConfig config, @Nullable SavedMachine saved) {
        Accelerator chosen = switch (config.accelerator()) {
            case EMULATED -> Accelerator.EMULATED;
            case KVM -> Accelerator.KVM;
            case AUTO -> automatic(config, saved);
        };
        String obstacle = saved == null ? "" : limits(chosen, config).obstacleFor(saved.limits());
        if (saved != null && !obstacle.isEmpty()) {
            throw new StateException("%s can't go on here: %s".formatted(saved.folder(), obstacle));
        }
        if (chosen == Accelerator.KVM) {
            requirePossible(config, saved == null);
        }
        return chosen;
    }

    private static HostLimits limits(Accelerator accelerator, MachineConfig config) {
        return accelerator == Accelerator.EMULATED ? HostLimits.NONE : host().limits(config.cpuModel());
    }

    private static KvmHost host() {
        return switch (KvmHost.look()) {
            case KvmHost.Finding.Usable(KvmHost host) -> host;
            case KvmHost.Finding.Unusable(String reason) -> throw new FirmwareException(reason);
        };
    }

    /**
     * KVM only where it is faster, and where a model means what it means everywhere: a machine that was saved here can
     * then go on under emulation, and the other way.
     */
    private static Accelerator automatic(MachineConfig config, @Nullable SavedMachine saved) {
        if (config.instructionTime().isPresent()) {
            return Accelerator.EMULATED; // only our own processor counts
        }
        Optional<KvmHost> host = KvmHost.fastHost();
        if (host.isEmpty()) {
            LOG.debug("machine {}: emulated, {}", config.name(), KvmHost.look());
            return Accelerator.EMULATED;
        }
        HostLimits limits = host.get().limits(config.cpuModel());
        HostLimits needed = saved == null ? HostLimits.NONE : saved.limits();
        if (!limits.obstacleFor(needed).isEmpty()) {
            LOG.info(
                    "machine {}: emulated, as this host's KVM can't run processor {}: {}; --cpu x86-64-v2 may do",
                    config.name(),
                    config.cpuModel().name(),
                    limits.format());
            return Accelerator.EMULATED;
        }
        return Accelerator.KVM;
    }

    private static void requirePossible(MachineConfig config, boolean fresh) {
        if (config.instructionTime().isPresent()) {
            throw new FirmwareException("only the emulated processor counts instructions: use --accel emulated");
        }
        HostLimits limits = host().limits(config.cpuModel());
        if (fresh && !limits.equals(HostLimits.NONE)) {
            LOG.warn(
                    "machine {}: this host's KVM gives less than processor {} has: time stamps at {} kHz, without {}",
                    config.name(),
                    config.cpuModel().name(),
                    limits.tscKhz(),
                    limits.missing());
        }
    }
}
