package oriel.it.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import oriel.it.guest.CpioArchive;
import oriel.it.guest.GuestProgram;
import oriel.it.guest.StockKernel;
import oriel.it.guest.TestCache;

/**
 * What both machines boot: Debian's kernel and {@code cpu-guest.c} as its first program.
 *
 * @param kernel a vmlinuz
 * @param initrd with the program and busybox
 * @param commandLine of the kernel
 */
record CpuGuest(Path kernel, Path initrd, String commandLine) {
    static final int MEMORY_MIB = 512;
    private static final Path BUSYBOX = Path.of("/bin/busybox");

    /**
     * Builds it.
     *
     * @param seconds that each section runs, about
     * @param sections names; none for all
     */
    static CpuGuest build(double seconds, List<String> sections) throws IOException, InterruptedException {
        Path program = GuestProgram.build(CpuGuest.class, "cpu-guest.c");
        byte[] archive = new CpioArchive()
                .folder("bin")
                .executable("bin/busybox", Files.readAllBytes(BUSYBOX))
                .executable("init", Files.readAllBytes(program))
                .finish();
        String commandLine = "%s -- %s %s".formatted(StockKernel.COMMAND_LINE, seconds, String.join(" ", sections));
        Path initrd = TestCache.folder("guest-programs").resolve("cpu-guest.cpio");
        Files.write(initrd, archive);
        return new CpuGuest(StockKernel.find(), initrd, commandLine.strip());
    }
}
