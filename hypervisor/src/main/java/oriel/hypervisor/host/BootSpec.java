package oriel.hypervisor.host;

import java.nio.file.Path;

/**
 * Direct boot of a Linux kernel.
 *
 * @param kernel bzImage or vmlinux
 * @param initrd initial RAM disk
 * @param commandLine kernel command line
 */
public record BootSpec(Path kernel, Path initrd, String commandLine) {}
