package oriel.broker.file;

import java.text.Normalizer;
import java.util.regex.Pattern;

/** Makes a name that a browser gave harmless in a guest: no path, no control or invisible characters, not hidden. */
final class FileName {
    private static final int LONGEST = 120;
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
        if (name.length() > LONGEST) {
            int dot = name.lastIndexOf('.');
            String ending = dot > 0 && name.length() - dot <= 12 ? name.substring(dot) : "";
            name = name.substring(0, LONGEST - ending.length()).strip() + ending;
        }
        return name.isEmpty() ? "file" : name;
    }
}
