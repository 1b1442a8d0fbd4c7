package oriel.displayd.viewer;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import oriel.displayd.encode.JpegSettings;
import oriel.displayd.encode.Subsampling;
import oriel.displayd.rfb.Encodings;

final class ClientCapabilitiesTest {
    private static ClientCapabilities of(Integer... encodings) {
        return ClientCapabilities.of(List.of(encodings));
    }

    @Test
    void theFirstThatWeSpeakIsUsed() {
        assertThat(of(99, Encodings.ZRLE, Encodings.TIGHT).encoding()).isEqualTo(Encodings.ZRLE);
        assertThat(of(Encodings.TIGHT_PNG, Encodings.RAW).encoding()).isEqualTo(Encodings.TIGHT_PNG);
        assertThat(of().encoding()).isEqualTo(Encodings.RAW);
    }

    @Test
    void withoutAQualityNothingIsLossy() {
        assertThat(of(Encodings.TIGHT).jpeg()).isNull();
        assertThat(of(Encodings.ZRLE, -26).jpeg()).as("ZRLE can't carry JPEG").isNull();
    }

    @Test
    void qualityLevelsAreTurboVncs() {
        assertThat(of(Encodings.TIGHT, -26).jpeg()).isEqualTo(new JpegSettings(79, Subsampling.NONE));
        assertThat(of(Encodings.TIGHT, -32).jpeg()).isEqualTo(new JpegSettings(15, Subsampling.QUARTER));
    }

    @Test
    void fineQualityAndSubsamplingOverrideTheLevel() {
        ClientCapabilities fine = of(Encodings.TIGHT, -26, -512 + 33, -766);
        assertThat(fine.jpeg()).isEqualTo(new JpegSettings(33, Subsampling.HALF));
        assertThat(fine.choosesSubsampling()).isTrue();
        assertThat(of(Encodings.TIGHT, -412, -765).jpeg()).isEqualTo(new JpegSettings(100, Subsampling.GREY));
    }

    @Test
    void jpegRectanglesGoWithAnyEncoding() {
        ClientCapabilities both = of(Encodings.ZRLE, Encodings.JPEG);
        assertThat(both.encoding()).isEqualTo(Encodings.ZRLE);
        assertThat(both.jpeg()).isNotNull();
        assertThat(both.jpegEncoding()).isEqualTo(Encodings.JPEG);
        assertThat(of(Encodings.TIGHT, -26, Encodings.JPEG).jpegEncoding()).isEqualTo(Encodings.TIGHT);
    }

    @Test
    void aLaggingLineReducesQualityButNotBelowUse() {
        assertThat(new JpegSettings(79, Subsampling.NONE).reduced(0).quality()).isEqualTo(79);
        assertThat(new JpegSettings(79, Subsampling.NONE).reduced(2))
                .isEqualTo(new JpegSettings(55, Subsampling.QUARTER));
        assertThat(new JpegSettings(79, Subsampling.NONE).reduced(5).quality()).isEqualTo(25);
        assertThat(new JpegSettings(15, Subsampling.QUARTER).reduced(5).quality())
                .isEqualTo(15);
    }
}
