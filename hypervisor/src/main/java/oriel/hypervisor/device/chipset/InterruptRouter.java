package oriel.hypervisor.device.chipset;

import java.util.Arrays;
import oriel.hypervisor.bus.Device;
import oriel.hypervisor.bus.InterruptLine;
import oriel.hypervisor.bus.StateReader;
import oriel.hypervisor.bus.StateWriter;

/**
 * The board's interrupt wiring: ISA interrupts 0–15 reach both the 8259 pair and the I/O APIC (0 at pin 2, as the MADT
 * says), global system interrupts 16–23 the I/O APIC only. Every line handed out is one input of a wired OR, so that
 * devices may share an interrupt.
 *
 * <p>Lines are numbered as they are handed out: a machine must take them in the same order each time for its saved state
 * to fit.
 */
public final class InterruptRouter implements Device {
    private static final int ISA = 16;

    private final Pic8259 pic;
    private final IoApic ioApic;

    /** For each global system interrupt: how many lines there are, and a bit for each that is asserted. */
    private final int[] lines = new int[IoApic.PINS];

    private final long[] asserted = new long[IoApic.PINS];

    /** Between these controllers. */
    public InterruptRouter(Pic8259 pic, IoApic ioApic) {
        this.pic = pic;
        this.ioApic = ioApic;
    }

    /** The global system interrupt of a PCI function's pin; the DSDT's _PRT is made from it. */
    public static int pciGsi(int slot, int pin) {
        return ISA + (slot + pin & 7);
    }

    /**
     * A line of an ISA interrupt.
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
     * A line of a global system interrupt. 0–15 are the same wires as the ISA interrupts.
     *
     * @param gsi 0–23
     */
    public InterruptLine gsi(int gsi) {
        if (gsi < 0 || gsi >= IoApic.PINS) {
            throw new IllegalArgumentException("no global system interrupt " + gsi);
        }
        return gsi == 2 ? line(0) : newLine(gsi);
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
