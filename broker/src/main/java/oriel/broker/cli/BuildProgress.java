package oriel.broker.cli;

import java.io.PrintWriter;
import java.util.Locale;
import java.util.function.LongSupplier;
import oriel.broker.image.RecipeBuild;

/** Shows how far a build is: one line that changes in a terminal, a line every ten percent in a log. */
final class BuildProgress implements RecipeBuild.Progress, AutoCloseable {
    private final PrintWriter out;
    private final boolean terminal;
    private final LongSupplier nanos;
    private final long start;
    private int shown = -10;

    BuildProgress(PrintWriter out, boolean terminal, LongSupplier nanos) {
        this.out = out;
        this.terminal = terminal;
        this.nanos = nanos;
        this.start = nanos.getAsLong();
    }

    @Override
    public void at(int percent, String text) {
        long seconds = (nanos.getAsLong() - start) / 1_000_000_000;
        if (terminal) {
            out.printf(Locale.ROOT, "\r  %3d %%  %-44.44s %4d s", percent, text, seconds);
        } else if (percent >= shown + 10 || percent == 100) {
            shown = percent;
            out.printf(Locale.ROOT, "  %3d %%  %s (%d s)%n", percent, text, seconds);
        }
        out.flush();
    }

    @Override
    public void close() {
        if (terminal) {
            out.println();
            out.flush();
        }
    }
}
