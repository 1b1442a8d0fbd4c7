package oriel.hypervisor.device.chipset;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import oriel.hypervisor.bus.InterruptLine;

class InterruptRouterTest {
    private final Pic8259 pic = new Pic8259();
    private final IoApic ioApic = new IoApic(new ApicBus());
    private final InterruptRouter router = new InterruptRouter(pic, ioApic);

    private boolean requested(int irq) {
        pic.writePort(0x20, 1, 0x0A);
        pic.writePort(0xA0, 1, 0x0A);
        return (pic.readPort(irq < 8 ? 0x20 : 0xA0, 1) >> (irq & 7) & 1) != 0;
    }

    /** Whether an IOAPIC input is asserted, seen by turning it into a level interrupt. */
    private boolean asserted(int pin) {
        ioApic.writeMmio(0, 4, 0x10 + 2 * pin);
        ioApic.writeMmio(0x10, 4, 0x8040);
        boolean remoteIrr = (ioApic.readMmio(0x10, 4) & 0x4000) != 0;
        ioApic.writeMmio(0x10, 4, 0x10000);
        return remoteIrr;
    }

    @Test
    void isaInterruptReachesBothControllers() {
        router.line(4).set(true);
        assertThat(requested(4)).isTrue();
        assertThat(asserted(4)).isTrue();
    }

    @Test
    void timerIsAtPin2() {
        router.line(0).set(true);
        assertThat(requested(0)).isTrue();
        assertThat(asserted(2)).isTrue();
        assertThat(asserted(0)).isFalse();
    }

    @Test
    void sharedLinesAreAWiredOr() {
        InterruptLine one = router.line(9);
        InterruptLine other = router.line(9);
        one.set(true);
        other.set(true);
        router.gsi(9).set(true);
        one.set(false);
        other.set(false);
        assertThat(asserted(9)).isTrue();
        router.gsi(9).set(false);
        assertThat(asserted(9)).isFalse();
    }

    @Test
    void impossibleInterruptsAreRefused() {
        assertThatThrownBy(() -> router.line(2)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> router.line(16)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> router.gsi(24)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void snapshotKeepsWhoAsserts() {
        InterruptLine one = router.line(9);
        router.line(9).set(true);
        byte[] routes = Snapshots.save(router);
        router.reset();
        Snapshots.load(router, routes);
        one.set(true);
        one.set(false);
        assertThat(asserted(9)).isTrue();
    }
}
