package oriel.it.conformance;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import oriel.it.guest.HostCommand;
import oriel.it.guest.TestCache;

/** The folder {@code tests/tcg} of Debian's source package qemu, fetched once by apt into the cache of the tests. */
final class QemuSource {
    private QemuSource() {}

    /** The folder; the test is skipped, visibly, where it can't be had. */
    static Path testsTcg() throws IOException, InterruptedException {
        Path folder = TestCache.folder("qemu-source");
        Path tests = folder.resolve("tcg");
        if (!Files.isDirectory(tests)) {
            assumeTrue(HostCommand.exists("apt-get"), "no apt-get to fetch Debian's source package qemu with");
            try {
                HostCommand.run(folder, List.of("sh", "-euc", FETCH));
            } catch (IOException e) {
                assumeTrue(false, "Debian's source package qemu can't be fetched: " + e.getMessage());
            }
        }
        return tests;
    }

    /** With lists of its own, as hosts seldom have Debian's sources among theirs. */
    private static final String FETCH = """
            mkdir -p lists/partial
            . /etc/os-release
            echo "deb-src http://deb.debian.org/debian $VERSION_CODENAME main" > sources.list
            apt() {
              apt-get -o Dir::Etc::sourcelist="$PWD/sources.list" -o Dir::Etc::sourceparts=/dev/null \
                -o Dir::State::lists="$PWD/lists" "$@"
            }
            apt update
            apt source --download-only qemu
            mkdir -p unpacked
            tar -x -f qemu_*.orig.tar.* -C unpacked --strip-components=2 --wildcards '*/tests/tcg'
            mv unpacked/tcg tcg
            rm -rf qemu_* lists sources.list unpacked
            """;
}
