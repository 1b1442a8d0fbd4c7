package oriel.broker.audit;

import static org.assertj.core.api.Assertions.assertThat;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class AuditDetailTest {
    /** As requests are: public. */
    public record Change(
            @Nullable Integer size,
            @Nullable Integer warm,
            @Nullable String name) {}

    @Test
    void namesWhatWasGivenAndLeavesOutWhatWasNot() {
        assertThat(AuditDetail.of(new Change(5, null, "demo"))).isEqualTo("size=5, name=demo");
        assertThat(AuditDetail.of(new Change(null, null, null))).isEmpty();
    }
}
