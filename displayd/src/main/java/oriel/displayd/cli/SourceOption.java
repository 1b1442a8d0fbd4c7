package oriel.displayd.cli;

import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import oriel.hypervisor.display.DisplaySize;

/**
 * The value of {@code --source}.
 *
 * @param file raw frames
 * @param size of each
 * @param framesPerSecond 1–240, or 0 to step as standard input says
 */
record SourceOption(Path file, DisplaySize size, int framesPerSecond) {
    static final String FORM = "raw:FILE,size=WxH[,fps=N]";
    static final int DEFAULT_FPS = 30;

    private static final Pattern SYNTAX =
            Pattern.compile("raw:(.+?),size=([0-9]{1,5})x([0-9]{1,5})(?:,fps=([0-9]{1,3}))?");

    /**
     * Reads it.
     *
     * @throws IllegalArgumentException with what is wrong
     */
    static SourceOption parse(String text) {
        Matcher matcher = SYNTAX.matcher(text);
        if (!matcher.matches()) {
            throw new IllegalArgumentException("'" + text + "' is not of the form " + FORM);
        }
        int fps = matcher.group(4) == null ? DEFAULT_FPS : Integer.parseInt(matcher.group(4));
        if (fps > 240) {
            throw new IllegalArgumentException("fps=" + fps + " is not within 0–240");
        }
        DisplaySize size = new DisplaySize(Integer.parseInt(matcher.group(2)), Integer.parseInt(matcher.group(3)));
        return new SourceOption(Path.of(matcher.group(1)), size, fps);
    }
}
