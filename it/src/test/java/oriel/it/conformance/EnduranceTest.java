package oriel.it.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import oriel.it.guest.ScriptGuest;

/**
 * Debian's kernel and busybox at work for a minute of the guest's time, or for {@code -Doriel.endurance.seconds}: each
 * round computes what the JVM has computed too, and its result must be that, every time.
 */
@Tag("slow")
class EnduranceTest {
    private static final int SECONDS = Integer.getInteger("oriel.endurance.seconds", 60);
    private static final int NUMBERS = 60_000;
    private static final int LEAST_ROUNDS = 3;

    @Test
    void everyChecksumIsRight() throws Exception {
        List<String> numbers = new ArrayList<>(
                IntStream.rangeClosed(1, NUMBERS).mapToObj(Integer::toString).toList());
        String inOrder = sha256(numbers);
        Collections.sort(numbers); // as bytes: LC_ALL=C
        String sorted = sha256(numbers);
        long sum = IntStream.rangeClosed(1, NUMBERS)
                .mapToLong(i -> (long) i * i % 9973)
                .sum();
        String script = """
                export LC_ALL=C
                cd /tmp; busybox seq 1 %1$d >numbers; round=0; wrong=0
                expect() { [ "$2" = "$3" ] || { wrong=$((wrong + 1)); echo "@@ wrong in round $round: $1: $2, not $3"; }; }
                sum() { busybox sha256sum | busybox cut -c1-64; }
                while [ $(busybox cut -d. -f1 /proc/uptime) -lt %2$d ] || [ $round -lt %3$d ]; do
                  round=$((round + 1))
                  expect sha256 $(sum <numbers) %4$s
                  expect gzip $(busybox gzip -c numbers | busybox gunzip -c | sum) %4$s
                  expect bzip2 $(busybox bzip2 -c numbers | busybox bunzip2 -c | sum) %4$s
                  expect sort $(busybox sort numbers | sum) %5$s
                  expect reverse $(busybox sort -rn numbers | busybox sort -n | sum) %4$s
                  expect awk $(busybox awk '{ s += ($1 * $1) %% 9973 } END { printf "%%d", s }' numbers) %6$d
                  busybox cp numbers copy; expect copy $(sum <copy) %4$s; busybox rm copy
                done
                echo "@@ $round rounds, $wrong wrong"
                """.formatted(NUMBERS, SECONDS, LEAST_ROUNDS, inOrder, sorted, sum);
        String said = ScriptGuest.run(
                ScriptGuest.initrd(script, Map.of()),
                1,
                Duration.ofSeconds(SECONDS).plusMinutes(5));
        List<String> report = said.lines()
                .filter(line -> line.startsWith("@@ ") && !line.contains("script done"))
                .toList();
        System.out.println(String.join("\n", report));
        assertThat(report).hasSize(1);
        assertThat(report.getFirst()).matches("@@ \\d+ rounds, 0 wrong");
        assertThat(said).doesNotContain("Oops", "segfault", "BUG:", "general protection");
    }

    private static String sha256(List<String> lines) throws Exception {
        byte[] content = (String.join("\n", lines) + "\n").getBytes(StandardCharsets.US_ASCII);
        byte[] digest = MessageDigest.getInstance("SHA-256").digest(content);
        return "%064x".formatted(new BigInteger(1, digest));
    }
}
