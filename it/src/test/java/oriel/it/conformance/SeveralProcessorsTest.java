package oriel.it.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import oriel.it.guest.ScriptGuest;

/** Debian's kernel on two processors: both work, and the kernel finds nothing wrong with them. */
@Tag("guest")
class SeveralProcessorsTest {
    @Test
    void kernelUsesBoth() throws Exception {
        String script = """
                busybox grep -e ^processor -e ^apicid -e ^siblings /proc/cpuinfo
                for cpu in 0 1; do
                  busybox taskset -c $cpu busybox sh -c \
                    'i=0; while [ $i -lt 300 ]; do i=$((i+1)); done; busybox cut -d " " -f 39 /proc/self/stat >/tmp/on-'$cpu &
                done
                wait
                echo "ran on $(busybox cat /tmp/on-0) and $(busybox cat /tmp/on-1)"
                busybox dmesg | busybox grep -e 'Firmware Bug' -e 'Brought up'
                """;
        String said = ScriptGuest.run(ScriptGuest.initrd(script, Map.of()), 2, Duration.ofMinutes(4));
        assertThat(said).contains("Brought up 1 node, 2 CPUs", "ran on 0 and 1");
        assertThat(said.lines().filter(line -> line.startsWith("apicid")).map(line -> line.replaceAll("\\D", "")))
                .containsExactly("0", "1");
        assertThat(said).doesNotContain("Firmware Bug");
    }
}
