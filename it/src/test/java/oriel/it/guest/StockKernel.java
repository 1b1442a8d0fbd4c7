package oriel.it.guest;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Debian's own kernel: the golden image's where it has been built, else from Debian's package. */
public final class StockKernel {
    /** What every stock kernel is told here: no self-tests, no mitigations, and a console that can be read. */
    public static final String COMMAND_LINE =
            "console=ttyS0 quiet panic=-1 tsc=reliable no_timer_check mitigations=off cryptomgr.notests nokaslr";

    private StockKernel() {}

    /**
     * A vmlinuz file.
     *
     * @throws IOException if there is none and Debian's package can't be had
     */
    public static Path find() throws IOException, InterruptedException {
        String data = System.getProperty("oriel.data");
        if (data != null && !data.isEmpty()) {
            Path golden = Path.of(data, "images", "debian-desktop", "vmlinuz");
            if (Files.exists(golden)) {
                return golden;
            }
        }
        Path folder = TestCache.folder("kernel");
        Path kernel = folder.resolve("vmlinuz");
        if (!Files.exists(kernel)) {
            HostCommand.run(folder, List.of("sh", "-euc", """
                    rm -f *.deb
                    name=$(apt-cache depends linux-image-amd64 | sed -n 's/.*Depends: \\(linux-image-[0-9].*\\)/\\1/p')
                    apt-get download "$name"
                    dpkg-deb --fsys-tarfile *.deb | tar -x --strip-components=2 --wildcards './boot/vmlinuz-*'
                    rm -f *.deb
                    mv vmlinuz-* vmlinuz
                    """));
        }
        return kernel;
    }
}
