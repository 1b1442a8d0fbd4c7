package oriel.it.bench.display;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/** A process's CPU time from Linux's scheduler: nanoseconds, where {@code /proc/PID/stat} has hundredths of a second. */
final class ProcessCpu {
    private ProcessCpu() {}

    static long nanos(long pid) throws IOException {
        long sum = 0;
        try (DirectoryStream<Path> tasks = Files.newDirectoryStream(Path.of("/proc/" + pid + "/task"))) {
            for (Path task : tasks) {
                try {
                    String text = Files.readString(task.resolve("schedstat"));
                    sum += Long.parseLong(text.substring(0, text.indexOf(' ')));
                } catch (NoSuchFileException e) {
                    // A thread that ended in between: short-lived ones cost next to nothing.
                }
            }
        }
        return sum;
    }
}
