package oriel.hypervisor.device.chipset;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class Pic8259Test {
    private final Pic8259 pic = new Pic8259();

    @BeforeEach
    void initialise() {
        write(0x20, 0x11, 0x21, 0x30, 0x21, 0x04, 0x21, 0x01);
        write(0xA0, 0x11, 0xA1, 0x38, 0xA1, 0x02, 0xA1, 0x01);
        write(0x21, 0, 0xA1, 0);
    }

    private void write(int... portsAndValues) {
        for (int i = 0; i < portsAndValues.length; i += 2) {
            pic.writePort(portsAndValues[i], 1, portsAndValues[i + 1]);
        }
    }

    private void edge(int irq) {
        pic.set(irq, true);
        pic.set(irq, false);
    }

    @Test
    void deliversByPriorityAndWaitsForEndOfInterrupt() {
        edge(4);
        edge(1);
        assertThat(pic.acknowledge()).isEqualTo(0x31);
        assertThat(pic.pending()).isFalse(); // 4 is below 1, which is in service
        edge(0);
        assertThat(pic.acknowledge()).isEqualTo(0x30);
        write(0x20, 0x20, 0x20, 0x20);
        assertThat(pic.acknowledge()).isEqualTo(0x34);
    }

    @Test
    void slaveGoesThroughTheCascade() {
        edge(12);
        assertThat(pic.pending()).isTrue();
        assertThat(pic.acknowledge()).isEqualTo(0x3C);
        write(0x20, 0x0B);
        assertThat(pic.readPort(0x20, 1)).isEqualTo(0x04);
        edge(14);
        assertThat(pic.pending()).isFalse();
        write(0xA0, 0x64, 0x20, 0x62); // specific end of interrupt: slave 4, master 2
        assertThat(pic.acknowledge()).isEqualTo(0x3E);
    }

    @Test
    void secondSlaveRequestSurvivesTheFirstsAcknowledge() {
        edge(12);
        edge(8);
        assertThat(pic.acknowledge()).isEqualTo(0x38);
        write(0xA0, 0x20, 0x20, 0x20);
        assertThat(pic.pending()).isTrue();
        assertThat(pic.acknowledge()).isEqualTo(0x3C);
    }

    @Test
    void maskedRequestWaits() {
        write(0x21, 0x10);
        edge(4);
        assertThat(pic.pending()).isFalse();
        write(0x21, 0);
        assertThat(pic.acknowledge()).isEqualTo(0x34);
    }

    @Test
    void maskedSlaveRequestTakesTheCascadeBack() {
        edge(12);
        write(0xA1, 0x10);
        assertThat(pic.pending()).isFalse();
    }

    @Test
    void nothingPendingGivesTheSpuriousVector() {
        assertThat(pic.acknowledge()).isEqualTo(0x37);
        write(0x20, 0x0B);
        assertThat(pic.readPort(0x20, 1)).isZero();
    }

    @Test
    void levelTriggeredInputInterruptsAgainWhileAsserted() {
        write(0x4D1, 0x02); // 9
        pic.set(9, true);
        assertThat(pic.acknowledge()).isEqualTo(0x39);
        write(0xA0, 0x20, 0x20, 0x20);
        assertThat(pic.pending()).isTrue();
        pic.set(9, false);
        assertThat(pic.pending()).isFalse();
    }

    @Test
    void elcrRefusesInputsThatMustBeEdges() {
        write(0x4D0, 0xFF, 0x4D1, 0xFF);
        assertThat(pic.readPort(0x4D0, 2)).isEqualTo(0xDEF8);
    }

    @Test
    void automaticEndOfInterruptLeavesNothingInService() {
        write(0x20, 0x11, 0x21, 0x30, 0x21, 0x04, 0x21, 0x03, 0x21, 0);
        edge(3);
        edge(5);
        assertThat(pic.acknowledge()).isEqualTo(0x33);
        assertThat(pic.acknowledge()).isEqualTo(0x35);
    }

    @Test
    void specialMaskModeLetsLowerPrioritiesThrough() {
        edge(1);
        pic.acknowledge();
        edge(4);
        write(0x21, 0x02, 0x20, 0x68);
        assertThat(pic.acknowledge()).isEqualTo(0x34);
    }

    @Test
    void rotationMovesTheServedInputToTheEnd() {
        edge(1);
        pic.acknowledge();
        write(0x20, 0xA0); // rotate on non-specific end of interrupt
        edge(1);
        edge(2 + 1);
        assertThat(pic.acknowledge()).isEqualTo(0x33);
    }

    @Test
    void pollAcknowledges() {
        edge(5);
        write(0x20, 0x0C);
        assertThat(pic.readPort(0x20, 1)).isEqualTo(0x85);
        assertThat(pic.pending()).isFalse();
    }

    @Test
    void stateSurvivesASnapshot() {
        edge(4);
        pic.acknowledge();
        edge(12);
        write(0x21, 0x01);
        Pic8259 copy = new Pic8259();
        Snapshots.load(copy, Snapshots.save(pic));
        assertThat(copy.readPort(0x21, 1)).isEqualTo(1);
        assertThat(copy.pending()).isTrue(); // cascade is above 4
        assertThat(copy.acknowledge()).isEqualTo(0x3C);
    }
}
