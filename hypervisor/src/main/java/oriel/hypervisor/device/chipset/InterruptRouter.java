package oriel.hypervisor.device.chipset;

import java.util.Arrays;
import oriel.hypervisor.bus.Device;
import oriel.hypervisor.bus.InterruptLine;
import oriel.hypervisor.bus.StateReader;
import oriel.hypervisor.bus.StateWriter;

/**
 * The board's interrupt wiring: ISA interrupts 0–15 reach both the 8259 pair and the I/O APIC (0 at pin 2, as the MADT
 * says), global system interrupts 16–23 the I/O APIC only. An interrupt is a wired OR of the one line that {@link #gsi}
 * gives and the lines that {@link #line} hands out, a new one to each device.
 *
 * <p>Lines are numbered as they are handed out: a machine must take them in the same order each time for its saved state
 * to fit. Load this before the devices that drive it.
 */
public final class InterruptRouter implements Device {
    private static final int ISA = 16;

    private final Pic8259 pic;
    private final IoApic ioApic;

    /** For each global system interrupt: how many lines there are, and a bit for each that is asserted. */
    private final int[] lines = new int[IoApic.PINS];

    private final long[] asserted = new long[IoApic.PINS];
    private final InterruptLine[] global = new InterruptLine[IoApic.PINS];

    /** Between these controllers. */
    public InterruptRouter(Pic8259 pic, IoApic ioApic) {
        this.pic = pic;
        this.ioApic = ioApic;
        for (int gsi = 0; gsi < IoApic.PINS; gsi++) {
            global[gsi] = newLine(gsi == 2 ? 0 : gsi);
        }
    }

    /**
     * A new line of an ISA interrupt.
     *
     * @param irq 0–15, not 2
     */
    public InterruptLine line(int irq) {
        if (irq < 0 || irq >= ISA || irq == 2) {
            throw new IllegalArgumentException("no ISA interrupt " + irq);
        }
        return newLine(irq);
    }

    /**
     * The line of a global system interrupt, the same one each time: for PCI, which combines its functions itself. 0–15
     * are the same wires as the ISA interrupts.
     *
     * @param gsi 0–23
     */
    public InterruptLine gsi(int gsi) {
        if (gsi < 0 || gsi >= IoApic.PINS) {
            throw new IllegalArgumentException("no global system interrupt " + gsi);
        }
        return global[gsi];
    }

    private InterruptLine newLine(int number) {
        if (lines[number] == 64) {
            throw new IllegalArgumentException("too many devices share interrupt " + number);
        }
        long bit = 1L << lines[number]++;
        return on -> {
            long before = asserted[number];
            asserted[number] = on ? before | bit : before & ~bit;
            if ((before != 0) != (asserted[number] != 0)) {
                drive(number, on);
            }
        };
    }

    private void drive(int number, boolean on) {
        if (number < ISA) {
            pic.set(number, on);
        }
        ioApic.set(number == 0 ? 2 : number, on);
    }

    @Override
    public String name() {
        return "interrupt-router";
    }

    @Override
    public void reset() {
        Arrays.fill(asserted, 0);
    }

    @Override
    public void save(StateWriter out) {
        out.version(1);
        for (long bits : asserted) {
            out.i64(bits);
        }
    }

    @Override
    public void load(StateReader in) {
        in.version(1);
        for (int i = 0; i < asserted.length; i++) {
            asserted[i] = in.i64();
        }
    }
}
