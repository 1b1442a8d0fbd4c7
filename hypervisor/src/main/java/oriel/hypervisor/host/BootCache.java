package oriel.hypervisor.host;

import java.io.IOException;
import oriel.hypervisor.firmware.Boot;
import oriel.hypervisor.firmware.FirmwareException;
import oriel.hypervisor.firmware.Initrd;
import oriel.hypervisor.firmware.LinuxKernel;

/**
 * Unpacked kernels and initial RAM disks, kept while there is memory for them: unpacking a kernel costs two seconds, and
 * the machines of a pool all boot the same. Thread-safe.
 */
final class BootCache {
    private final FileCache<LinuxKernel> kernels = new FileCache<>(LinuxKernel::read);
    private final FileCache<Initrd> initrds = new FileCache<>(Initrd::read);

    /**
     * What a machine boots, as its files are now.
     *
     * @throws FirmwareException if they can't be read
     */
    Boot.Kernel get(BootSpec spec, String machine) {
        try {
            return new Boot.Kernel(
                    kernels.get(spec.kernel()),
                    initrds.get(spec.initrd()),
                    spec.commandLine() + " oriel.hostname=" + machine);
        } catch (IOException e) {
            throw new FirmwareException(
                    "what machine %s boots can't be read: %s".formatted(machine, e.getMessage()), e);
        }
    }
}
