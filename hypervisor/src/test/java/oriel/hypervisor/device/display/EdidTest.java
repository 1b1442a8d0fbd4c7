package oriel.hypervisor.device.display;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import oriel.hypervisor.display.DisplaySize;

class EdidTest {
    @Test
    void blocksSumToZeroAndPreferTheSize() {
        for (DisplaySize size : new DisplaySize[] {
            new DisplaySize(640, 480),
            new DisplaySize(1280, 800),
            new DisplaySize(2560, 1600),
            new DisplaySize(4095, 4095)
        }) {
            byte[] edid = Edid.of(size);
            int sum = 0;
            for (byte b : edid) {
                sum += b;
            }
            assertThat(sum & 0xFF).isZero();
            assertThat((edid[56] & 0xFF) | (edid[58] & 0xF0) << 4).isEqualTo(size.width());
            assertThat((edid[59] & 0xFF) | (edid[61] & 0xF0) << 4).isEqualTo(size.height());
        }
    }

    @Test
    void theRefreshRateIsSixtyHertz() {
        byte[] edid = Edid.of(new DisplaySize(1920, 1080));
        long clock = ((edid[54] & 0xFF) | (edid[55] & 0xFF) << 8) * 10_000L;
        assertThat(clock / ((1920 + 160.0) * (1080 + 40))).isBetween(59.5, 60.1);
    }
}
