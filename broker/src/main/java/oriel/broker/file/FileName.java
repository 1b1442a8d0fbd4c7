package oriel.broker.file;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.text.Normalizer;
import java.util.regex.Pattern;

/** Makes a name that a browser gave harmless in a guest: no path, no control or invisible characters, not hidden. */
final class FileName {
    /** In bytes of UTF-8: file systems have 255, and a number may come behind the name. */
    private static final int LONGEST = 200;

    private static final int LONGEST_ENDING = 24;
    private static final Pattern PATH = Pattern.compile("^.*[/\\\\]", Pattern.DOTALL);
    /** Control, format (such as changes of direction, which make another ending look), unassigned and private. */
    private static final Pattern INVISIBLE = Pattern.compile("[\\p{Cc}\\p{Cf}\\p{Cn}\\p{Co}\\p{Cs}\\p{Zl}\\p{Zp}]");

    private static final Pattern LEADING = Pattern.compile("^[.\\-\\s]+");

    private FileName() {}

    static String harmless(String given) {
        String name = Normalizer.normalize(given, Normalizer.Form.NFC);
        name = PATH.matcher(name).replaceFirst("");
        name = INVISIBLE.matcher(name).replaceAll("");
        name = LEADING.matcher(name).replaceFirst("").strip();
        int dot = name.lastIndexOf('.');
        String ending = dot > 0 && bytes(name.substring(dot)) <= LONGEST_ENDING ? name.substring(dot) : "";
        String stem = name.substring(0, name.length() - ending.length());
        if (bytes(name) > LONGEST) {
            name = shortened(stem, LONGEST - bytes(ending)).strip() + ending;
        }
        return name.isEmpty() ? "file" : name;
    }

    private static int bytes(String text) {
        return text.getBytes(UTF_8).length;
    }

    /** By whole characters. */
    private static String shortened(String text, int most) {
        int end = 0;
        for (int size = 0; end < text.length(); ) {
            int next = text.offsetByCodePoints(end, 1);
            size += bytes(text.substring(end, next));
            if (size > most) {
                break;
            }
            end = next;
        }
        return text.substring(0, end);
    }
}
