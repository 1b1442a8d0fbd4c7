package oriel.displayd.viewer;

import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import oriel.displayd.encode.JpegSettings;
import oriel.displayd.encode.Subsampling;
import oriel.displayd.rfb.Encodings;

/**
 * What a client said it can do (RFC 6143 §7.5.2).
 *
 * @param encoding the one of ours, without loss, that it likes best
 * @param jpeg how it wants photographs, or null if exact
 * @param choosesSubsampling whether it named a subsampling of its own
 * @param compression zlib level 1–9
 * @param all everything it named
 */
record ClientCapabilities(
        int encoding, @Nullable JpegSettings jpeg, boolean choosesSubsampling, int compression, Set<Integer> all) {
    /** What RFC 6143 lets us assume of a client that said nothing. */
    static final ClientCapabilities NONE = new ClientCapabilities(Encodings.RAW, null, false, 1, Set.of());

    private static final Set<Integer> OURS = Set.of(
            Encodings.RAW,
            Encodings.RRE,
            Encodings.HEXTILE,
            Encodings.ZLIB,
            Encodings.TIGHT,
            Encodings.TIGHT_PNG,
            Encodings.ZRLE);

    /** Higher levels cost a multiple of the time for a few per cent. */
    private static final int MAX_COMPRESSION = 6;
    /** For a client that takes JPEG rectangles and says nothing of quality. */
    private static final int DEFAULT_QUALITY_LEVEL = 6;

    static ClientCapabilities of(List<Integer> encodings) {
        int encoding = encodings.stream().filter(OURS::contains).findFirst().orElse(Encodings.RAW);
        int compression = level(encodings, Encodings.COMPRESSION_LEVEL_0, 10);
        int subsampling = level(encodings, Encodings.SUBSAMPLING_1X, 6);
        return new ClientCapabilities(
                encoding,
                jpeg(encodings, encoding, subsampling),
                subsampling >= 0,
                Math.clamp(compression, 1, MAX_COMPRESSION),
                Set.copyOf(encodings));
    }

    private static @Nullable JpegSettings jpeg(List<Integer> encodings, int encoding, int subsampling) {
        int fine = level(encodings, Encodings.FINE_QUALITY_0, 101);
        int coarse = level(encodings, Encodings.QUALITY_LEVEL_0, 10);
        boolean inTight = isTight(encoding) && (fine >= 0 || coarse >= 0);
        if (!inTight && !encodings.contains(Encodings.JPEG)) {
            return null;
        }
        JpegSettings settings = JpegSettings.ofLevel(coarse >= 0 ? coarse : DEFAULT_QUALITY_LEVEL);
        if (fine >= 0) {
            settings = new JpegSettings(Math.max(1, fine), settings.subsampling());
        }
        return switch (subsampling) {
            case 0 -> settings.with(Subsampling.NONE);
            case 2 -> settings.with(Subsampling.HALF);
            case 3 -> settings.with(Subsampling.GREY);
            // 8X and 16X are beyond what most decoders are tested with: the nearest common one.
            case 1, 4, 5 -> settings.with(Subsampling.QUARTER);
            default -> settings;
        };
    }

    private static boolean isTight(int encoding) {
        return encoding == Encodings.TIGHT || encoding == Encodings.TIGHT_PNG;
    }

    /** How many steps above {@code zero} the first encoding of a range of {@code count} is, or −1 if there is none. */
    private static int level(List<Integer> encodings, int zero, int count) {
        return encodings.stream()
                .filter(e -> e >= zero && e < zero + count)
                .findFirst()
                .map(e -> e - zero)
                .orElse(-1);
    }

    /** The encoding that carries JPEG streams, where {@link #jpeg} isn't null. */
    int jpegEncoding() {
        return isTight(encoding) ? encoding : Encodings.JPEG;
    }

    boolean has(int encoding) {
        return all.contains(encoding);
    }

    boolean resizable() {
        return has(Encodings.EXTENDED_DESKTOP_SIZE) || has(Encodings.DESKTOP_SIZE);
    }
}
