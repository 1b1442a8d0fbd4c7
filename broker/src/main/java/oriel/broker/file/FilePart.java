package oriel.broker.file;

import java.util.Base64;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import oriel.broker.problem.Check;
import oriel.broker.problem.RefusedException;

/**
 * A part of a file that is handed over; parts come one after the other.
 *
 * @param id the same for all parts of a file
 * @param name as the browser gave it
 * @param size of the whole file in bytes
 * @param offset where this part goes
 * @param data its bytes in base64
 */
public record FilePart(@Nullable UUID id, String name, long size, long offset, String data) {
    /** Of a whole file, in bytes. */
    static final long MOST = 64L << 20;

    /** Of a part, in bytes. */
    static final int MOST_PART = 256 << 10;

    /** Checks sizes; that the data is what it says is checked when it is read. */
    public FilePart {
        Check.present("id", id);
        Check.present("name", name);
        Check.present("data", data);
        if (name.length() > 1000) {
            throw RefusedException.field("name", "has more than 1000 characters");
        }
        if (size < 0 || size > MOST) {
            throw RefusedException.field("size", "must be " + (MOST >> 20) + " MiB at most");
        }
        if (offset < 0 || offset > size) {
            throw RefusedException.field("offset", "must lie within the file");
        }
        if (data.length() > (MOST_PART + 2) / 3 * 4) {
            throw RefusedException.field("data", "has more than " + (MOST_PART >> 10) + " KiB");
        }
    }

    /** How many bytes it has. */
    int length() {
        try {
            int length = Base64.getDecoder().decode(data).length;
            if (offset + length > size || (length == 0 && size > 0)) {
                throw RefusedException.field("data", "must lie within the file");
            }
            return length;
        } catch (IllegalArgumentException e) {
            throw RefusedException.field("data", "is no base64");
        }
    }
}
