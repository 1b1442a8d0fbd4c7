package oriel.hypervisor.device.serial;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import oriel.hypervisor.device.chipset.RecordingLine;
import oriel.hypervisor.device.chipset.Snapshots;

class Serial16550Test {
    private static final int BASE = Serial16550.COM1;

    private final StringBuilder sent = new StringBuilder();
    private final RecordingLine irq = new RecordingLine();
    private final Serial16550 uart = new Serial16550("serial.0", BASE, irq, b -> sent.append((char) b));

    private int read(int register) {
        return uart.readPort(BASE + register, 1);
    }

    private void write(int register, int value) {
        uart.writePort(BASE + register, 1, value);
    }

    private void receive(String text) {
        uart.receive(text.getBytes(StandardCharsets.ISO_8859_1), 0, text.length());
    }

    @Test
    void sendsAtOnce() {
        for (char c : "boot\n".toCharArray()) {
            assertThat(read(5) & 0x60).isEqualTo(0x60);
            write(0, c);
        }
        assertThat(sent.toString()).isEqualTo("boot\n");
    }

    @Test
    void divisorLatchHidesData() {
        write(3, 0x83);
        write(0, 1);
        write(1, 0);
        assertThat(read(0)).isEqualTo(1);
        write(3, 0x03);
        write(0, 'x');
        assertThat(sent.toString()).isEqualTo("x");
    }

    @Test
    void identifiesAsA16550A() {
        write(2, 1);
        assertThat(read(2) & 0xC0).isEqualTo(0xC0);
        write(2, 0);
        assertThat(read(2) & 0xC0).isZero();
        write(1, 0xFF);
        assertThat(read(1)).isEqualTo(0x0F);
        write(7, 0xA5);
        assertThat(read(7)).isEqualTo(0xA5);
    }

    @Test
    void emptyTransmitterInterruptsWhenEnabledAndOnceACharacter() {
        write(4, 8);
        write(1, 2);
        assertThat(irq.asserted()).isTrue();
        assertThat(read(2)).isEqualTo(2);
        assertThat(irq.asserted()).isFalse();
        write(0, 'a');
        assertThat(irq.asserted()).isTrue();
    }

    @Test
    void out2GatesTheInterrupt() {
        write(1, 2);
        assertThat(irq.asserted()).isFalse();
        write(4, 8);
        assertThat(irq.asserted()).isTrue();
    }

    @Test
    void receivesWithInterruptAndFifo() {
        write(4, 8);
        write(2, 0x81); // trigger at 8
        write(1, 1);
        receive("hi");
        assertThat(irq.asserted()).isTrue();
        assertThat(read(2)).isEqualTo(0xCC);
        assertThat(read(5) & 1).isEqualTo(1);
        assertThat(read(0)).isEqualTo('h');
        assertThat(read(0)).isEqualTo('i');
        assertThat(read(5) & 1).isZero();
        assertThat(irq.asserted()).isFalse();
        receive("12345678");
        assertThat(read(2)).isEqualTo(0xC4);
    }

    @Test
    void inputIsBounded() {
        byte[] flood = new byte[100_000];
        assertThat(uart.receive(flood, 0, flood.length)).isEqualTo(1 << 16);
        assertThat(uart.receive(flood, 0, flood.length)).isZero();
    }

    @Test
    void loopbackReturnsDataAndModemLines() {
        write(4, 0x1A);
        assertThat(read(6) & 0xF0).isEqualTo(0x90); // RTS gives CTS, OUT2 gives DCD: what Linux probes for
        write(0, 0x5A);
        assertThat(read(0)).isEqualTo(0x5A);
        assertThat(sent.toString()).isEmpty();
    }

    @Test
    void terminalIsAlwaysThere() {
        assertThat(read(6) & 0xF0).isEqualTo(0xB0);
    }

    @Test
    void everyAccessIsSurvived() {
        java.util.Random random = new java.util.Random(11);
        for (int i = 0; i < 100_000; i++) {
            uart.writePort(BASE + random.nextInt(8), 1 << random.nextInt(3), random.nextInt());
            uart.readPort(BASE + random.nextInt(8), 1 << random.nextInt(3));
            if (random.nextInt(10) == 0) {
                receive("abc");
            }
        }
    }

    @Test
    void stateSurvivesASnapshot() {
        write(4, 8);
        write(2, 1);
        write(1, 1);
        receive("waiting");
        byte[] state = Snapshots.save(uart);
        Serial16550 copy = new Serial16550("serial.0", BASE, irq, b -> {});
        Snapshots.load(copy, state);
        assertThat(Snapshots.save(copy)).isEqualTo(state);
        assertThat(copy.readPort(BASE, 1)).isEqualTo('w');
    }
}
