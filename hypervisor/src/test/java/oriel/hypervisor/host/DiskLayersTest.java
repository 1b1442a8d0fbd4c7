package oriel.hypervisor.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DiskLayersTest {
    @Test
    void keepsWhatTheMachineOrASnapshotNeeds() {
        DiskLayers layers = DiskLayers.FIRST.on(0).on(1).on(0); // head 3 on 0; 2 on 1 on 0
        assertThat(layers.head()).isEqualTo(3);
        assertThat(layers.prune(Set.of()).parents()).containsOnlyKeys(0, 3);
        assertThat(layers.prune(Set.of(1)).parents()).containsOnlyKeys(0, 1, 3);
        assertThat(layers.prune(Set.of(2)).parents()).containsOnlyKeys(0, 1, 2, 3);
    }

    @Test
    void findsTheNearestSnapshotBelow() {
        DiskLayers layers = DiskLayers.FIRST.on(0).on(1);
        assertThat(layers.nearestBelow(2, Set.of(0, 2))).isEqualTo(Optional.of(0));
        assertThat(layers.nearestBelow(0, Set.of(0, 1, 2))).isEmpty();
    }

    @Test
    void readsWhatItWrote() {
        DiskLayers layers = DiskLayers.FIRST.on(0).on(0);
        assertThat(DiskLayers.parse(2, layers.text())).isEqualTo(layers);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "0", "0:x", "0:-1 1", "5:-1"})
    void refusesNonsense(String text) {
        assertThatThrownBy(() -> DiskLayers.parse(0, text)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void loopEndsNothing() {
        DiskLayers loop = DiskLayers.parse(0, "0:1 1:0");
        assertThat(loop.nearestBelow(0, Set.of(7))).isEmpty();
        assertThat(loop.prune(Set.of(1)).parents()).hasSize(2);
    }
}
