package oriel.displayd.viewer;

import java.util.List;
import java.util.Set;
import oriel.displayd.rfb.Encodings;

/**
 * What a client said it can do (RFC 6143 §7.5.2).
 *
 * @param encoding the one of ours that it likes best
 * @param quality JPEG quality level 0–9, −1 if it wants none
 * @param compression zlib level 1–9
 * @param all everything it named
 */
record ClientCapabilities(int encoding, int quality, int compression, Set<Integer> all) {
    /** What RFC 6143 lets us assume of a client that said nothing. */
    static final ClientCapabilities NONE = new ClientCapabilities(Encodings.RAW, -1, 1, Set.of());

    private static final Set<Integer> OURS =
            Set.of(Encodings.RAW, Encodings.RRE, Encodings.HEXTILE, Encodings.ZLIB, Encodings.TIGHT, Encodings.ZRLE);

    /** Higher levels cost a multiple of the time for a few per cent. */
    private static final int MAX_COMPRESSION = 6;

    static ClientCapabilities of(List<Integer> encodings) {
        int encoding = encodings.stream().filter(OURS::contains).findFirst().orElse(Encodings.RAW);
        int quality = level(encodings, Encodings.QUALITY_LEVEL_0);
        int compression = level(encodings, Encodings.COMPRESSION_LEVEL_0);
        return new ClientCapabilities(
                encoding, quality, Math.clamp(compression, 1, MAX_COMPRESSION), Set.copyOf(encodings));
    }

    private static int level(List<Integer> encodings, int zero) {
        return encodings.stream()
                .filter(e -> e >= zero && e < zero + 10)
                .findFirst()
                .map(e -> e - zero)
                .orElse(-1);
    }

    boolean has(int encoding) {
        return all.contains(encoding);
    }

    boolean resizable() {
        return has(Encodings.EXTENDED_DESKTOP_SIZE) || has(Encodings.DESKTOP_SIZE);
    }
}
