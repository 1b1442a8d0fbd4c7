package oriel.hypervisor.cpu.kvm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import oriel.hypervisor.cpu.emulated.CpuFeature;
import oriel.hypervisor.cpu.emulated.CpuModel;

/** What needs no KVM. */
class HostLimitsTest {
    @Test
    void guestGoesOnOnlyWhereNothingIsMissingThatItUses() {
        HostLimits little = new HostLimits(Set.of("SMEP", "SMAP"), HostLimits.TSC_KHZ);
        HostLimits less = new HostLimits(Set.of("SMEP", "SMAP", "AES"), HostLimits.TSC_KHZ);
        assertThat(less.obstacleFor(little)).contains("AES").doesNotContain("SMEP");
        assertThat(little.obstacleFor(less)).isEmpty();
        assertThat(HostLimits.NONE.obstacleFor(less)).isEmpty();
        assertThat(little.obstacleFor(HostLimits.NONE)).contains("SMAP, SMEP");
        assertThat(HostLimits.NONE.obstacleFor(new HostLimits(Set.of(), 2_596_146)))
                .contains("2596146 kHz");
    }

    @Test
    void limitsAreReadAsTheyWereWritten() {
        for (HostLimits limits : List.of(HostLimits.NONE, new HostLimits(Set.of("SMEP", "AES"), 2_596_146))) {
            assertThat(HostLimits.parse(limits.format())).isEqualTo(limits);
        }
        assertThatThrownBy(() -> HostLimits.parse("fast")).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void modelIsOfferedAsFarAsTheHostGoes() {
        CpuModel model = CpuModel.orielV2();
        List<Kvm.SupportedLeaf> all = List.of(
                new Kvm.SupportedLeaf(1, 0, 0, 0, -1, -1),
                new Kvm.SupportedLeaf(7, 0, 0, -1, -1, -1),
                new Kvm.SupportedLeaf(0x8000_0001, 0, 0, 0, -1, -1),
                new Kvm.SupportedLeaf(0x8000_0007, 0, 0, 0, 0, -1));
        assertThat(new CpuidOffer(model, all, true, HostLimits.TSC_KHZ).missing())
                .isEmpty();
        assertThat(new CpuidOffer(model, all, false, HostLimits.TSC_KHZ).missing())
                .containsExactly("CPUID.1.ECX.24");
        assertThat(new CpuidOffer(model, all.subList(0, 1), true, HostLimits.TSC_KHZ).missing())
                .contains(CpuFeature.SMEP.name(), CpuFeature.RDTSCP.name())
                .doesNotContain(CpuFeature.AES.name(), CpuFeature.FSRM.name(), CpuFeature.ERMS.name());
    }

    @Test
    void ratioOfTheTimeStampsIsNearAndFitsLinuxsArithmetic() {
        assertThat(TscRatio.of(1_000_000)).isEqualTo(new TscRatio(1, 1));
        for (int khz : new int[] {800_000, 1_700_003, 2_596_146, 3_599_997, 4_200_001, 5_700_123}) {
            TscRatio ratio = TscRatio.of(khz);
            assertThat(1_000_000L * ratio.numerator()).isLessThan(1L << 32);
            double rate = 1e6 * ratio.numerator() / ratio.denominator();
            assertThat(Math.abs(rate - khz) / khz).as(khz + " as " + ratio).isLessThan(2e-6);
        }
    }
}
